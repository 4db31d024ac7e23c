package store

import (
	"context"
	"time"
)

// impatience is the key of the mark that Impatient leaves: how long at most.
type impatience struct{}

// Impatient marks a context for a Write that carries the calls of several: when
// somebody else holds a lock for long, it shall fail with a Conflict instead of
// waiting until its deadline, so that the group can be halved and one foreign
// lock does not stall them all (design, section 6, group commit). A Write
// without the mark waits. most bounds the wait for one lock; 0 leaves it to the
// store.
func Impatient(ctx context.Context, most time.Duration) context.Context {
	return context.WithValue(ctx, impatience{}, most)
}

// Impatience returns the bound of the mark, and whether there is one. Stores ask
// it.
func Impatience(ctx context.Context) (most time.Duration, marked bool) {
	most, marked = ctx.Value(impatience{}).(time.Duration)
	return most, marked
}
