package sqlite

import (
	"context"
	"errors"
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// translate turns an error of the driver into one of ours, at the edge and
// nowhere else; an error that is ours already is returned as it is. SQLite's
// own text goes into the cause, for the log.
func (s *Store) translate(ctx context.Context, err error) error {
	var ours *fault.Error
	if err == nil || errors.As(err, &ours) {
		return err
	}
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return contextFault(ctx, err)
	}
	var theirs sqlite3.Error
	if !errors.As(err, &theirs) {
		return fault.Wrap(fault.Internal, err, "the database driver failed").At(s.options.Path)
	}
	return s.codeFault(theirs)
}

// contextFault is the error of a call whose time was over.
func contextFault(ctx context.Context, err error) *fault.Error {
	if errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, context.Canceled) {
		return fault.Wrap(fault.Cancelled, err, "the call was interrupted")
	}
	return fault.Wrap(fault.Timeout, err, "the deadline passed before the database was done").
		Advise("repeat the call with more time; nothing of it was written")
}

// codeFault translates a result code of SQLite.
func (s *Store) codeFault(err sqlite3.Error) *fault.Error {
	path := s.options.Path
	switch err.Code {
	case sqlite3.ErrNotADB:
		return fault.Wrap(fault.IncompatibleSchema, err, "the file is not a SQLite database").At(path).
			Advise("name another path; the file was left as it is")
	case sqlite3.ErrFull:
		return s.fullFault(err)
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrAuth:
		return permissionFault(err, path)
	case sqlite3.ErrCantOpen:
		if !s.inMemory() && !writable(path) {
			return permissionFault(err, path)
		}
		return fault.Wrap(fault.Unavailable, err, "the database file cannot be opened").At(path).
			Advise("check that the path exists and that the process may open more files")
	case sqlite3.ErrIoErr:
		return s.ioFault(err)
	case sqlite3.ErrCorrupt, sqlite3.ErrFormat:
		return fault.Wrap(fault.Unavailable, err, "the database file is damaged").At(path).
			Advise("restore it from a backup, or recover what is left with the sqlite3 program's .recover")
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrProtocol:
		return fault.Wrap(fault.Unavailable, err, "the database is in use by another process").At(path).
			Advise("repeat the call")
	case sqlite3.ErrNomem:
		return fault.Wrap(fault.Unavailable, err, "the process is out of memory").At(path)
	case sqlite3.ErrTooBig:
		return fault.Wrap(fault.LimitExceeded, err, "a value is larger than the database can hold")
	case sqlite3.ErrConstraint:
		return constraintFault(err)
	case sqlite3.ErrError:
		// No code says so; only this text does.
		if strings.HasPrefix(err.Error(), "no such table: tasker_") {
			return fault.Wrap(fault.Unmigrated, err, "the database has lost tables of this library").At(path).
				Advise("run the operation schema_migrate")
		}
	}
	return fault.Wrap(fault.Internal, err, "a statement failed").At(path)
}

// fullFault tells the configured limit from a full disk.
func (s *Store) fullFault(err error) *fault.Error {
	if s.options.PageCountMax == 0 {
		return diskFault(err, s.options.Path)
	}
	return fault.Wrap(fault.LimitExceeded, err, "the database file has reached its greatest size").At(s.options.Path).
		Advise("raise max_page_count or delete what is no longer needed; nothing of this call was written").
		With("max_page_count", s.options.PageCountMax)
}

// ioFault tells a full or protected disk from a failing one.
func (s *Store) ioFault(err sqlite3.Error) *fault.Error {
	if err.SystemErrno != 0 {
		if known := fileFault(err.SystemErrno, s.options.Path); known.Kind != fault.Unavailable || known.Remedy != "" {
			known.Err = err
			return known
		}
	}
	return fault.Wrap(fault.Unavailable, err, "the disk failed while the database was read or written").At(s.options.Path).
		Advise("check the disk; what was committed before is safe")
}

// constraintFault is the error for a row that the schema refuses. A caller that
// expects one particular refusal has translated it before.
func constraintFault(err sqlite3.Error) *fault.Error {
	switch err.ExtendedCode {
	case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey:
		return fault.Wrap(fault.Conflict, err, "another writer has stored the same row")
	case sqlite3.ErrConstraintForeignKey:
		return fault.Wrap(fault.NotFound, err, "a row refers to another that does not exist")
	case sqlite3.ErrConstraintCheck, sqlite3.ErrConstraintNotNull:
		return fault.Wrap(fault.InvalidRequest, err, "a value is missing or longer than its column")
	}
	return fault.Wrap(fault.Internal, err, "a row breaks a rule of the schema")
}

// violates reports whether err is a refusal of the given kind.
func violates(err error, code sqlite3.ErrNoExtended) bool {
	var theirs sqlite3.Error
	return errors.As(err, &theirs) && theirs.ExtendedCode == code
}

// busy reports whether err means that somebody else has the lock: wait a little
// and try again.
func busy(err error) bool {
	var theirs sqlite3.Error
	return errors.As(err, &theirs) && (theirs.Code == sqlite3.ErrBusy || theirs.Code == sqlite3.ErrLocked)
}
