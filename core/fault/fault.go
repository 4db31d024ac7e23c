// Package fault is the one vocabulary of failure. Every error that leaves a
// package of the core is, or wraps, an *Error; callers ask for its Kind and
// never match text.
package fault

import (
	"errors"
	"fmt"
	"slices"
)

// Kind is the class of a failure. Each kind is one error code on the wire, one
// TASKER_E_ status in the C header and one exception class per language.
type Kind string

// The kinds, as in the operation table's error vocabulary.
const (
	InvalidRequest     Kind = "invalid_request"     // the request itself is wrong; repeating it cannot help
	NotFound           Kind = "not_found"           // a named or numbered thing does not exist
	Conflict           Kind = "conflict"            // a transition lost a race or is illegal from the present state
	Duplicate          Kind = "duplicate"           // the thing exists already and the caller asked for an error
	LeaseLost          Kind = "lease_lost"          // the caller no longer holds the step
	Unmigrated         Kind = "unmigrated"          // the database lacks our tables or some migration
	IncompatibleSchema Kind = "incompatible_schema" // the database is not ours, or newer than this library
	Unavailable        Kind = "unavailable"         // the database cannot be reached or cannot take the write now
	Timeout            Kind = "timeout"             // the deadline passed; the outcome of a write is unknown
	Cancelled          Kind = "cancelled"           // the caller interrupted the call
	LimitExceeded      Kind = "limit_exceeded"      // a stated limit of size, depth, count or space
	Closed             Kind = "closed"              // the handle was closed, or never was one of ours
	Forked             Kind = "forked"              // the process was forked, and what its parent had cannot be had here
	Unsupported        Kind = "unsupported"         // this store or platform cannot do it
	Permission         Kind = "permission"          // the operating system or the database refuses access
	Internal           Kind = "internal"            // a defect of ours; the full text is in the log
)

// Kinds lists every kind in the order of the C header's status codes.
var Kinds = []Kind{
	InvalidRequest, NotFound, Conflict, Duplicate, LeaseLost, Unmigrated, IncompatibleSchema, Unavailable,
	Timeout, Cancelled, LimitExceeded, Closed, Forked, Unsupported, Permission, Internal,
}

// retryable are the kinds after which the very same call can succeed.
var retryable = []Kind{Unavailable, Timeout, Cancelled}

// Problem is one of several things that are wrong with an input.
type Problem struct {
	Path       string `json:"path,omitempty"`       // JSON path such as step_templates[2].name
	Line       int    `json:"line,omitempty"`       // 1-based line in the text given, 0 when unknown
	Column     int    `json:"column,omitempty"`     // 1-based column in the text given, 0 when unknown
	Message    string `json:"message"`              // one sentence
	Suggestion string `json:"suggestion,omitempty"` // what was probably meant, or what to do
}

// Error is a failure with its place and its remedy. It is immutable once
// returned and may be read concurrently.
type Error struct {
	Kind     Kind
	Message  string         // what is wrong, in one sentence, safe to show to the host
	Path     string         // where: a JSON path, a file or a column; empty when there is no place
	Remedy   string         // what the reader can do about it; empty when nothing sensible can be said
	Problems []Problem      // all problems of an input that was checked as a whole
	Details  map[string]any // further facts: ids, present state, offsets, limits
	Err      error          // the cause, for the log only
}

// New returns an error of the given kind with a formatted message.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of the given kind that keeps its cause for the log.
func Wrap(kind Kind, err error, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: err}
}

// At returns the error with its place set.
func (e *Error) At(path string) *Error { e.Path = path; return e }

// Advise returns the error with its remedy set.
func (e *Error) Advise(format string, args ...any) *Error {
	e.Remedy = fmt.Sprintf(format, args...)
	return e
}

// With returns the error with one more detail.
func (e *Error) With(key string, value any) *Error {
	if e.Details == nil {
		e.Details = map[string]any{}
	}
	e.Details[key] = value
	return e
}

// Error is the text for the log: kind, place, message and cause.
func (e *Error) Error() string {
	text := string(e.Kind) + ": " + e.Message
	if e.Path != "" {
		text = string(e.Kind) + " at " + e.Path + ": " + e.Message
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of err, looking through wrapping; an error that is
// not ours is Internal, and nil has no kind.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var f *Error
	if errors.As(err, &f) {
		return f.Kind
	}
	return Internal
}

// Retryable reports whether repeating the same call can help; it looks through
// wrapping.
func Retryable(err error) bool { return slices.Contains(retryable, KindOf(err)) }
