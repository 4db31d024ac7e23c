package template

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// extensions are those of files that hold a template.
var extensions = []string{".yaml", ".yml", ".json"}

// File is the outcome of reading one file.
type File struct {
	// Path is the file's name within the directory.
	Path string
	// Template is nil when Err is not.
	Template *Template
	// Err is why the file holds no usable template, nil when it does.
	Err error
}

// Load reads every *.yaml, *.yml and *.json file of a directory, in name order
// and without descending, so that the good can be registered and the bad
// reported. Files that begin with a dot are passed over. Two files with the same
// namespace, name and version are both bad, since nobody can tell which is meant.
// The error is that of a directory that cannot be read.
func Load(dir fs.FS, environment string) ([]File, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, fileFault(err, ".", "the directory cannot be read")
	}
	var files []File
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") ||
			!slices.Contains(extensions, strings.ToLower(path.Ext(e.Name()))) {
			continue
		}
		f := File{Path: e.Name()}
		f.Template, f.Err = readFile(dir, e.Name(), environment)
		files = append(files, f)
	}
	refuseDoubles(files)
	return files, nil
}

// readFile parses one file. Its size is bounded before it is read.
func readFile(dir fs.FS, name, environment string) (*Template, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, fileFault(err, name, "the file cannot be opened")
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		return nil, fault.New(fault.InvalidRequest, "this is not a file").At(name)
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, fileFault(err, name, "the file cannot be read")
	}
	return Parse(text, Options{Environment: environment, Path: name})
}

// fileFault translates an error of the file system.
func fileFault(err error, name, what string) error {
	k := fault.InvalidRequest
	switch {
	case errors.Is(err, fs.ErrNotExist):
		k = fault.NotFound
	case errors.Is(err, fs.ErrPermission):
		k = fault.Permission
	}
	return fault.Wrap(k, err, "%s", what).At(name)
}

// refuseDoubles turns files that define one task type into failures that name
// each other.
func refuseDoubles(files []File) {
	type key struct{ namespace, name, version string }
	owners := map[key][]int{}
	for i, f := range files {
		if t := f.Template; t != nil {
			k := key{t.Namespace, t.Name, t.Version}
			owners[k] = append(owners[k], i)
		}
	}
	for k, same := range owners {
		if len(same) < 2 {
			continue
		}
		for _, i := range same {
			var others []string
			for _, j := range same {
				if j != i {
					others = append(others, files[j].Path)
				}
			}
			files[i].Template = nil
			files[i].Err = double(files[i].Path, others, fmt.Sprintf("%s/%s %s", k.namespace, k.name, k.version))
		}
	}
}

// double is the error of a file that defines what others define too.
func double(file string, others []string, what string) error {
	e := fault.New(fault.InvalidRequest, "%s is defined in %s and in %s", what, file, strings.Join(others, ", ")).
		At(file).Advise("remove all but one of the files, or give them different versions")
	e.Problems = []fault.Problem{{Path: "name", Message: e.Message}}
	return e
}
