package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/mattn/go-sqlite3" // makes files that are not ours
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// fails opens the path and requires a complete error: kind, place and, unless
// nothing sensible can be said, a remedy.
func fails(t *testing.T, o sqlite.Options, kind fault.Kind, place string) *fault.Error {
	t.Helper()
	opened, err := sqlite.Open(t.Context(), o)
	if opened != nil {
		opened.Close()
	}
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, kind, f.Kind, f.Error())
	require.Equal(t, place, f.Path)
	require.NotEmpty(t, f.Message)
	require.NotContains(t, f.Message, "SQLITE")
	return f
}

func execRaw(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath())
	require.NoError(t, err)
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	require.NoError(t, db.Close())
}

func content(t *testing.T, path string) string {
	t.Helper()
	bytes, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(bytes)
}

func TestANewFileAndItsCompanionsAreForTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new.sqlite3")
	s := testdb.Open(t, path)
	addWorker(t, s)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), suffix)
	}
}

func TestAPathMayHaveAnyCharacter(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"with space", "100%", "what?x=1", "a#b", "é😀", "a&b=c;d", "file:x"} {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, testdb.Open(t, path).Close())
		require.FileExists(t, path)
	}
}

func TestAMissingDirectoryIsNamed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "missing")
	f := fails(t, sqlite.Options{Path: filepath.Join(dir, "x")}, fault.NotFound, dir)
	require.NotEmpty(t, f.Remedy)
}

func TestADirectoryInPlaceOfTheFileIsInvalid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NotEmpty(t, fails(t, sqlite.Options{Path: dir}, fault.InvalidRequest, dir).Remedy)
}

func TestAFileAmongTheDirectoriesOfThePathIsInvalid(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_ = fails(t, sqlite.Options{Path: filepath.Join(file, "x")}, fault.InvalidRequest, filepath.Join(file, "x"))
}

func TestADeviceInPlaceOfTheFileIsInvalid(t *testing.T) {
	t.Parallel()
	_ = fails(t, sqlite.Options{Path: "/dev/null"}, fault.InvalidRequest, "/dev/null")
}

func TestOptionsOutsideTheirSetsAreInvalid(t *testing.T) {
	t.Parallel()
	_ = fails(t, sqlite.Options{}, fault.InvalidRequest, "path")
	_ = fails(t, sqlite.Options{Path: "x", Migrate: "maybe"}, fault.InvalidRequest, "migrate")
	_ = fails(t, sqlite.Options{Path: "x", Synchronous: "sometimes"}, fault.InvalidRequest, "synchronous")
}

func TestAFileThatIsNotADatabaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes.txt")
	text := fmt.Sprintf("%04096d", 7)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	for _, migrate := range []string{sqlite.MigrateAuto, sqlite.MigrateCheck, sqlite.MigrateOnly} {
		require.NotEmpty(t, fails(t, sqlite.Options{Path: path, Migrate: migrate}, fault.IncompatibleSchema, path).Remedy)
	}
	require.Equal(t, text, content(t, path))
}

func TestADatabaseOfAnotherProgramIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"tables": "CREATE TABLE theirs (x)", "mark": "PRAGMA application_id = 42",
	} {
		path := filepath.Join(t.TempDir(), name)
		execRaw(t, path, statement)
		before := content(t, path)
		require.NotEmpty(t, fails(t, sqlite.Options{Path: path}, fault.IncompatibleSchema, path).Remedy)
		require.Equal(t, before, content(t, path))
	}
}

func TestANewerSchemaIsIncompatible(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	execRaw(t, path, "INSERT INTO tasker_core_migrations VALUES (99, 'later', '2030-01-01 00:00:00.000000', 'somebody')")
	for _, migrate := range []string{sqlite.MigrateAuto, sqlite.MigrateCheck} {
		f := fails(t, sqlite.Options{Path: path, Migrate: migrate}, fault.IncompatibleSchema, path)
		require.NotEmpty(t, f.Remedy)
		require.Equal(t, 99, f.Details["schema_version"])
	}
	s := testdb.Open(t, path, only)
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, 99, status.Current)
	_, err = s.Migrate(t.Context(), store.MigrationPlan{Direction: "up"})
	require.Equal(t, fault.IncompatibleSchema, fault.KindOf(err))
}

func only(o *sqlite.Options) { o.Migrate = sqlite.MigrateOnly }

func TestAnOlderSchemaIsUnmigratedUnderCheckAndMigratedUnderAuto(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	s := testdb.Open(t, path, only)
	to := 1
	_, err := s.Migrate(t.Context(), store.MigrationPlan{Direction: "down", To: &to})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	f := fails(t, sqlite.Options{Path: path, Migrate: sqlite.MigrateCheck}, fault.Unmigrated, path)
	require.NotEmpty(t, f.Remedy)
	addWorker(t, testdb.Open(t, path))
}

func TestCheckCreatesNoFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "absent")
	require.NotEmpty(t, fails(t, sqlite.Options{Path: path, Migrate: sqlite.MigrateCheck}, fault.Unmigrated, path).Remedy)
	require.NoFileExists(t, path)
}

func TestAHandleForTheSchemaDoesNothingElse(t *testing.T) {
	t.Parallel()
	s := testdb.Open(t, testdb.File(t), only)
	err := s.Write(t.Context(), func(store.Tx) error { return nil })
	require.Equal(t, fault.Unmigrated, fault.KindOf(err))
	err = s.Read(t.Context(), func(store.Reader) error { return nil })
	require.Equal(t, fault.Unmigrated, fault.KindOf(err))
}

func TestASchemaThatIsTakenAwayWhileOpenIsUnmigrated(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	s := testdb.Open(t, path)
	addWorker(t, s)
	_, err := testdb.Open(t, path, only).Migrate(t.Context(), store.MigrationPlan{Direction: "down"})
	require.NoError(t, err)
	err = s.Read(t.Context(), func(r store.Reader) error {
		_, err := r.WorkerList(t.Context())
		return err
	})
	require.Equal(t, fault.Unmigrated, fault.KindOf(err))
}

func TestADamagedFileIsSaidToBeDamaged(t *testing.T) {
	t.Parallel()
	path := testdb.File(t)
	damaged := []byte(content(t, path))
	for i := 110; i < len(damaged); i++ {
		damaged[i] = 0xA5
	}
	require.NoError(t, os.WriteFile(path, damaged, 0o600))
	f := fails(t, sqlite.Options{Path: path}, fault.Unavailable, path)
	require.Contains(t, f.Message, "damaged")
	require.NotEmpty(t, f.Remedy)
}

func TestAnOpeningThatIsCancelledSaysSo(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := sqlite.Open(over, sqlite.Options{Path: testdb.File(t)})
	require.Equal(t, fault.Cancelled, fault.KindOf(err))
}

func TestAReadOnlyDirectoryIsAMatterOfPermission(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() { require.NoError(t, os.Chmod(dir, 0o700)) })
	out := runUnprivileged(t, "open", filepath.Join(dir, "x"))
	require.Contains(t, out, "permission at "+filepath.Join(dir, "x"))
}

func TestAReadOnlyFileIsAMatterOfPermission(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string][2]os.FileMode{
		"file and directory": {0o555, 0o444}, "file alone": {0o777, 0o444}, "directory alone": {0o555, 0o666},
	} {
		path := testdb.File(t)
		require.NoError(t, os.Chmod(path, mode[1]))
		require.NoError(t, os.Chmod(filepath.Dir(path), mode[0]))
		t.Cleanup(func() { require.NoError(t, os.Chmod(filepath.Dir(path), 0o700)) })
		require.Contains(t, runUnprivileged(t, "open", path), "permission at "+path, name)
	}
}
