package store

import "context"

// impatience is the key of the mark that Impatient leaves.
type impatience struct{}

// Impatient marks a context for a Write that carries the calls of several: when
// somebody else holds a lock for long, it shall fail with a Conflict instead of
// waiting until its deadline, so that the group can be halved and one foreign
// lock does not stall them all (design, section 6, group commit). A Write
// without the mark waits.
func Impatient(ctx context.Context) context.Context {
	return context.WithValue(ctx, impatience{}, true)
}

// IsImpatient reports whether the context has the mark. Stores ask it.
func IsImpatient(ctx context.Context) bool { return ctx.Value(impatience{}) != nil }
