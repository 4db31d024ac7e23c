package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// connector opens connections without registering anything with database/sql.
type connector struct {
	driver *sqlite3.SQLiteDriver
	source string
	files  fileSet
}

// newConnector returns a connector for the options. The file must exist: SQLite
// would create it with the process's umask instead of mode 0600. The driver
// must not wait for locks itself; see begin.
func newConnector(o Options) *connector {
	parameters := url.Values{"_busy_timeout": {"0"}, "_foreign_keys": {"1"}, "_synchronous": {o.Synchronous}}
	source := Memory + "?" + parameters.Encode()
	if o.Path != Memory {
		parameters.Set("mode", "rw")
		source = "file:" + (&url.URL{Path: o.Path}).EscapedPath() + "?" + parameters.Encode()
	}
	return &connector{driver: &sqlite3.SQLiteDriver{}, source: source, files: fileSet(o.Path)}
}

// Connect opens one connection. Its settings make it read the file, which can
// be locked for a moment while another process opens it for the first time.
func (c *connector) Connect(ctx context.Context) (conn driver.Conn, err error) {
	err = patiently(ctx, func() error {
		return c.files.claim(func() error {
			conn, err = c.open()
			return err
		})
	})
	return conn, err
}

// open opens a connection and has it read the file, so that the log and its index
// are open, too, if there are any.
func (c *connector) open() (driver.Conn, error) {
	conn, err := c.driver.Open(c.source)
	if err != nil {
		return nil, err
	}
	if err := readOnce(conn); err != nil {
		_ = conn.Close() // the error that counts is the one before
		return nil, err
	}
	return conn, nil
}

func readOnce(conn driver.Conn) error {
	rows, err := conn.(driver.QueryerContext).QueryContext(context.Background(), "PRAGMA schema_version", nil)
	if err != nil {
		return err
	}
	err = rows.Next(make([]driver.Value, 1))
	_ = rows.Close() // it tells the error of the row again
	return err
}

// Driver returns the driver behind the connector.
func (c *connector) Driver() driver.Driver { return c.driver }

// prepareFile makes sure that there is a file to open, and says in words what
// stands in the way. An existing file is looked at but never opened here:
// closing it would drop the locks of every connection of this process to it.
// Its companions get the mode of the file from SQLite.
func prepareFile(o Options) error {
	if o.Path == Memory {
		return nil
	}
	info, err := os.Stat(o.Path)
	switch {
	case err == nil && info.IsDir():
		return fault.New(fault.InvalidRequest, "the path of the database is a directory").At(o.Path).
			Advise("name a file in it")
	case err == nil && !info.Mode().IsRegular():
		return fault.New(fault.InvalidRequest, "the path of the database is not a regular file").At(o.Path)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fileFault(err, o.Path)
	case o.Migrate == MigrateCheck:
		return fault.New(fault.Unmigrated, "the database file does not exist").At(o.Path).
			Advise("run the operation schema_migrate, or open with migrate: auto")
	}
	return createFile(o.Path)
}

// createFile creates the file for its owner alone.
func createFile(path string) error {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "the directory of the database does not exist").At(dir).
			Advise("create the directory, or name another path")
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was quicker; it creates the same file
	}
	if err != nil {
		return fileFault(err, path)
	}
	if err := file.Close(); err != nil {
		return fileFault(err, path)
	}
	return nil
}

// fileFault translates an error of the file system.
func fileFault(err error, path string) *fault.Error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return permissionFault(err, path)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return diskFault(err, path)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.ELOOP):
		return fault.Wrap(fault.InvalidRequest, err, "the path of the database cannot be a file").At(path)
	}
	return fault.Wrap(fault.Unavailable, err, "the database file cannot be used").At(path)
}

func permissionFault(err error, path string) *fault.Error {
	return fault.Wrap(fault.Permission, err, "this process may not write the database file or its directory").At(path).
		Advise("let the user of this process write the directory and the file, or name another path")
}

func diskFault(err error, path string) *fault.Error {
	return fault.Wrap(fault.Unavailable, err, "the disk of the database is full").At(path).
		Advise("free space on the file system of the database; what was committed is safe")
}

// writable reports whether this process may create files beside the database,
// which it must in order to write.
func writable(path string) bool {
	const mayWrite = 2
	return syscall.Access(filepath.Dir(path), mayWrite) == nil && syscall.Access(path, mayWrite) == nil
}
