package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// errLostRace is behind a unique violation that means: another writer was
// faster, look again. The transaction is repeated whole.
var errLostRace = errors.New("another writer stored the same row first")

// lostConnection is behind the failure of a transaction whose connection broke
// before the commit was sent: nothing of it can have been written.
type lostConnection struct{ err error }

// Error tells what broke.
func (l *lostConnection) Error() string { return "the connection broke: " + l.err.Error() }

// Unwrap returns what the network said.
func (l *lostConnection) Unwrap() error { return l.err }

// translate turns an error of the driver into one of ours, at the edge and
// nowhere else; an error that is ours already is returned as it is. The
// server's own text goes into the cause, for the log.
func translate(ctx context.Context, err error) error {
	var ours *fault.Error
	if err == nil || errors.As(err, &ours) {
		return err
	}
	var theirs *pgconn.PgError
	if errors.As(err, &theirs) {
		return codeFault(theirs, err)
	}
	var dialling *pgconn.ConnectError
	switch {
	case ctx.Err() != nil:
		return contextFault(ctx, err, "")
	case errors.As(err, &dialling): // before the next, since a dial has a deadline of its own
		return fault.Wrap(fault.Unavailable, err, "the database server cannot be reached").
			Advise("check host, port and network of database.url, and that the server runs")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return contextFault(ctx, err, "")
	case broken(err):
		return fault.Wrap(fault.Unavailable, &lostConnection{err}, "the connection to the database broke").
			Advise("repeat the call; nothing of it was written")
	}
	return fault.Wrap(fault.Internal, err, "the database driver failed")
}

// broken reports whether the connection is gone. The driver calls the use of a
// connection that it has closed safe to repeat, also when that is how it tells
// that the answer did not come; so this says nothing about what was sent.
func broken(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err)
}

// contextFault is the error of a call whose time was over or that was ended. A
// cause that is one of ours says why better than anything here.
func contextFault(ctx context.Context, err error, message string) *fault.Error {
	var cause *fault.Error
	if errors.As(context.Cause(ctx), &cause) {
		return fault.Wrap(cause.Kind, err, "%s", cause.Message).Advise("%s", cause.Remedy)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fault.Wrap(fault.Cancelled, err, "the call was interrupted")
	}
	if message == "" {
		message = "the deadline passed before the database was done"
	}
	return fault.Wrap(fault.Timeout, err, "%s", message).
		Advise("repeat the call with more time; nothing of it was written")
}

// commitFault is the error of a commit whose answer did not arrive. The server
// has it or has it not; repeating the call is safe, since leases are fenced by
// their epochs and tasks by their identities.
func commitFault(translated, err error) error {
	var theirs *pgconn.PgError
	if errors.As(err, &theirs) && !shutdown(theirs.Code) {
		return translated // the server answered: it was not committed
	}
	kind := fault.Timeout
	switch fault.KindOf(translated) {
	case fault.Unavailable:
		kind = fault.Unavailable
	case fault.Timeout, fault.Cancelled, fault.Closed:
	default:
		return translated // a defect, before anything was sent
	}
	return fault.Wrap(kind, err, "the answer to the commit did not arrive; it is unknown whether it took effect").
		Advise("repeat the call: it is safe with the same epochs and identities").With("outcome_unknown", true)
}

// class is a translation for all codes of SQLSTATE that begin alike.
type class struct {
	prefix  string
	kind    fault.Kind
	message string
	remedy  string
}

// classes are looked through in order; the first that fits counts.
var classes = []class{
	{"40001", fault.Unavailable, "concurrent transactions could not be settled", "repeat the call"},
	{"40P01", fault.Unavailable, "concurrent transactions blocked each other", "repeat the call"},
	{"55P03", fault.Conflict, "another transaction holds a lock for long", "repeat the call; look for a long transaction on the server if this stays"},
	{"57014", fault.Timeout, "the server ended a statement that ran too long", "repeat the call; nothing of it was written"},
	{"25006", fault.Unavailable, "the database is read-only", "connect to the primary: add target_session_attrs=read-write to database.url, or end the read-only mode"},
	{"25P03", fault.Unavailable, "the server ended a transaction that had been idle for long", "repeat the call; nothing of it was written"},
	{"42P01", fault.Unmigrated, "a table of ours is missing in the database", "run the operation schema_migrate, or open with migrate: auto"},
	{"42703", fault.IncompatibleSchema, "a table of ours lacks a column", "use the version of the library that this schema was made for, or migrate"},
	{"3F000", fault.Unmigrated, "the schema does not exist in the database", "create it, or name another with database.schema"},
	{"3D000", fault.Unavailable, "the database does not exist on the server", "create it, or name another in database.url"},
	{"28", fault.Permission, "the server refuses the role or its password", "check role and password of database.url, and the server's pg_hba.conf"},
	{"42501", fault.Permission, "the role may not do this in the database", "grant the role usage of the schema and all rights on the tables tasker_*"},
	{"53100", fault.LimitExceeded, "the disk of the database server is full", "free space on the server; nothing of this call was written"},
	{"53200", fault.LimitExceeded, "the database server is out of memory", "repeat the call; nothing of it was written"},
	{"53300", fault.Unavailable, "the server has no connection left", "repeat the call; raise max_connections on the server or lower database.max_connections"},
	{"53", fault.Unavailable, "the database server is short of a resource", "repeat the call"},
	{"57", fault.Unavailable, "the database server is shutting down, starting or was told to end this", "repeat the call"},
	{"58", fault.Unavailable, "the database server failed", "look at its log"},
	{"XX", fault.Unavailable, "the database server failed", "look at its log"},
	{"08", fault.Unavailable, "the connection to the database failed", "repeat the call"},
	{"23505", fault.Conflict, "another writer has stored the same row", ""},
	{"23503", fault.NotFound, "a row refers to another that does not exist", ""},
	{"23", fault.InvalidRequest, "a value is missing or breaks a rule of its column", ""},
	{"22", fault.InvalidRequest, "a value is longer than its column or not legal in it", ""},
	{"TC001", fault.IncompatibleSchema, "the tables in the schema are not those that are wanted", ""},
}

// codeFault translates an error of the server by its code.
func codeFault(theirs *pgconn.PgError, err error) *fault.Error {
	if theirs.Code == "08P01" && strings.Contains(theirs.Message, "startup parameter") {
		return fault.Wrap(fault.Unsupported, err, "a connection pooler lies between this process and the server").
			Advise("set database.pooler to true; migrate with the URL of the server itself")
	}
	if shutdown(theirs.Code) {
		err = &lostConnection{err}
	}
	for _, c := range classes {
		if strings.HasPrefix(theirs.Code, c.prefix) {
			translated := fault.Wrap(c.kind, err, "%s", c.message).With("sqlstate", theirs.Code)
			if theirs.Code == "TC001" {
				translated.Message = theirs.Message // a migration's own words
			}
			if c.remedy != "" {
				translated.Remedy = c.remedy
			}
			return translated
		}
	}
	return fault.Wrap(fault.Internal, err, "a statement failed").With("sqlstate", theirs.Code)
}

// shutdown reports whether the server has ended the connection by its own will.
func shutdown(code string) bool {
	return slices.Contains([]string{"57P01", "57P02", "57P05", "25P03"}, code)
}

// hasCode reports whether the server's error behind err has one of the codes.
func hasCode(err error, codes ...string) bool {
	var theirs *pgconn.PgError
	return errors.As(err, &theirs) && slices.Contains(codes, theirs.Code)
}

// violates reports whether err is a violation of the unique index.
func violates(err error, index string) bool {
	var theirs *pgconn.PgError
	return errors.As(err, &theirs) && theirs.Code == "23505" && (index == "" || theirs.ConstraintName == index)
}
