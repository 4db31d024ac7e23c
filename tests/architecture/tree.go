// Package architecture holds the rules of this repository that a machine can
// check: who may import whom, how long things may be, what must be documented
// and which lists must agree. Each rule is a function over a file tree, so that
// the tests can also give it a small bad tree which it must report.
package architecture

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// Module is the path under which packages of this repository import each other.
const Module = "github.com/tasker-systems/tasker-core-go"

// skipped are directories that hold nothing of ours to judge: products,
// installed packages, and the module that pins the linter.
var skipped = []string{".git", "build", "dist", "node_modules", "tools", "__pycache__", "testdata"}

// judged are the suffixes of the text files that are read; files without a
// suffix under these directories are scripts.
var (
	judged  = []string{".go", ".c", ".h", ".sql", ".py", ".sh", ".mk", ".yml", ".yaml", ".toml", ".md", ".map"}
	scripts = []string{"scripts", ".ci", ".githooks"}
)

// generated matches the banner by which Go's tools recognise generated files.
var generated = regexp.MustCompile(`(?m)^(//|#|--|/\*) ?Code generated .* DO NOT EDIT\.`)

// File is one parsed Go file.
type File struct {
	Path      string // from the root of the repository, with slashes
	Dir       string // its package, as the table names it
	AST       *ast.File
	Test      bool // ends in _test.go
	Generated bool
}

// Tree is a repository read once. It is not changed after Load and may be read
// concurrently.
type Tree struct {
	Text map[string]string // content of every judged file by path
	Go   []*File           // in the order of their paths
	Set  *token.FileSet
}

// Finding is one place that breaks a rule.
type Finding struct {
	Place   string // a path, with a line where one is known
	Message string
}

// String is the finding as one line.
func (f Finding) String() string { return f.Place + ": " + f.Message }

// Check is one rule.
type Check struct {
	Name string
	Run  func(*Tree) []Finding
}

// Load reads and parses the tree. A Go file that does not parse is an error.
func Load(files fs.FS) (*Tree, error) {
	tree := &Tree{Text: map[string]string{}, Set: token.NewFileSet()}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if slices.Contains(skipped, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		case !isJudged(name):
			return nil
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		tree.Text[name] = string(content)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("walk the tree: %w", err)
	}
	return tree, tree.parse()
}

func isJudged(name string) bool {
	if path.Ext(name) == "" || path.Base(name) == path.Ext(name) {
		return path.Base(name) == "Makefile" || slices.Contains(scripts, path.Dir(name))
	}
	return slices.Contains(judged, path.Ext(name))
}

// parse turns every Go text into syntax, with comments and resolved names.
func (t *Tree) parse() error {
	for _, name := range t.Paths(".go") {
		syntax, err := parser.ParseFile(t.Set, name, t.Text[name], parser.ParseComments)
		if err != nil {
			return fmt.Errorf("parse: %w", err)
		}
		t.Go = append(t.Go, &File{
			Path: name, Dir: path.Dir(name), AST: syntax,
			Test: strings.HasSuffix(name, "_test.go"), Generated: generated.MatchString(t.Text[name]),
		})
	}
	return nil
}

// Paths lists the files with one of the suffixes, sorted; all of them when no
// suffix is given.
func (t *Tree) Paths(suffixes ...string) []string {
	var paths []string
	for name := range t.Text {
		if len(suffixes) == 0 || slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) }) {
			paths = append(paths, name)
		}
	}
	sort.Strings(paths)
	return paths
}

// Source lists the Go files that are neither tests nor under tests/.
func (t *Tree) Source() []*File {
	var files []*File
	for _, file := range t.Go {
		if !file.Test && !inTests(file.Dir) {
			files = append(files, file)
		}
	}
	return files
}

// Packages groups Source by package.
func (t *Tree) Packages() map[string][]*File {
	packages := map[string][]*File{}
	for _, file := range t.Source() {
		packages[file.Dir] = append(packages[file.Dir], file)
	}
	return packages
}

// At places a finding at a node of a Go file.
func (t *Tree) At(node ast.Node, format string, args ...any) Finding {
	position := t.Set.Position(node.Pos())
	return Finding{
		Place:   fmt.Sprintf("%s:%d", position.Filename, position.Line),
		Message: fmt.Sprintf(format, args...),
	}
}

// lines is how many lines a node covers.
func (t *Tree) lines(node ast.Node) int {
	return t.Set.Position(node.End()).Line - t.Set.Position(node.Pos()).Line + 1
}

func inTests(dir string) bool { return dir == "tests" || strings.HasPrefix(dir, "tests/") }

func found(place, format string, args ...any) Finding {
	return Finding{Place: place, Message: fmt.Sprintf(format, args...)}
}

// keys lists the keys of a map in order, so that reports are stable.
func keys[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
