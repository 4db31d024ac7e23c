package template_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/template"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestADirectoryGivesTheGoodAndTheBad(t *testing.T) {
	t.Parallel()
	files, err := template.Load(fstest.MapFS{
		"b.yml":           file("name: b\nstep_templates: [{name: x}]"),
		"a.yaml":          file("name: a\nstep_templates: [{name: x}]\nenvironments: {test: {version: \"2.0.0\"}}"),
		"c.json":          file(`{"name":"c","step_templates":[{"name":"x"}]}`),
		"d.json":          file("name: yaml\nstep_templates: [{name: x}]"),
		"e.YAML":          file("name: e"),
		"notes.md":        file("# no template"),
		".hidden.yaml":    file("name: hidden"),
		"sub/nested.yaml": file("name: nested\nstep_templates: [{name: x}]"),
	}, "test")
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Path)
	}
	require.Equal(t, []string{"a.yaml", "b.yml", "c.json", "d.json", "e.YAML"}, names)
	require.Equal(t, "2.0.0", files[0].Template.Version)
	require.NoError(t, files[1].Err)
	require.Equal(t, "c", files[2].Template.Name)
	require.ErrorContains(t, files[3].Err, "invalid_request at d.json: the text is not JSON")
	require.ErrorContains(t, files[4].Err, `the required key "step_templates" is missing`)
	require.Nil(t, files[4].Template)
}

func TestFilesThatDefineTheSameTypeNameEachOther(t *testing.T) {
	t.Parallel()
	const text = "name: a\nnamespace: n\nstep_templates: [{name: x}]"
	files, err := template.Load(fstest.MapFS{
		"one.yaml": file(text), "two.yaml": file(text), "other.yaml": file(text + "\nversion: \"1.0.0\""),
	}, "")
	require.NoError(t, err)
	require.ErrorContains(t, files[0].Err, "n/a 0.1.0 is defined in one.yaml and in two.yaml")
	require.NoError(t, files[1].Err)
	require.ErrorContains(t, files[2].Err, "n/a 0.1.0 is defined in two.yaml and in one.yaml")
	require.Nil(t, files[2].Template)
}

func TestAMissingDirectoryIsNotFound(t *testing.T) {
	t.Parallel()
	_, err := template.Load(os.DirFS(filepath.Join(t.TempDir(), "none")), "")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func TestWhatCannotBeReadIsReportedForItsFile(t *testing.T) {
	t.Parallel()
	files, err := template.Load(broken{fstest.MapFS{"a.yaml": file("name: a")}}, "")
	require.NoError(t, err)
	require.Equal(t, fault.Permission, fault.KindOf(files[0].Err))
	require.ErrorContains(t, files[0].Err, "a.yaml")
}

func TestLinksAreFollowedAndOtherThingsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "real"), []byte("name: a\nstep_templates: [{name: x}]"), 0o600))
	require.NoError(t, os.Symlink("real", filepath.Join(dir, "a.yaml")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	require.NoError(t, os.Symlink("sub", filepath.Join(dir, "b.yaml")))
	files, err := template.Load(os.DirFS(dir), "")
	require.NoError(t, err)
	require.NoError(t, files[0].Err)
	require.ErrorContains(t, files[1].Err, "not a file")
}

// broken lists its files but lets none be opened.
type broken struct{ fstest.MapFS }

func (b broken) Open(name string) (fs.File, error) {
	if name == "." {
		return b.MapFS.Open(name)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}
