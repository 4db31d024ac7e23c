package store

import (
	"context"
	"time"
)

// hosted is the key of the mark that Hosted leaves: how to sleep.
type hosted struct{}

// Hosted marks a context for a call that runs on a thread of the host, which
// keeps its signals waiting meanwhile. Whoever waits long for somebody else then
// does so by pause, which lets them in, and never on a channel.
func Hosted(ctx context.Context, pause func(time.Duration)) context.Context {
	return context.WithValue(ctx, hosted{}, pause)
}

// IsHosted reports whether there is such a mark.
func IsHosted(ctx context.Context) bool { return ctx.Value(hosted{}) != nil }

// HostedAs gives ctx the mark of another context, if there is one.
func HostedAs(ctx, other context.Context) context.Context {
	if pause, ok := other.Value(hosted{}).(func(time.Duration)); ok {
		return Hosted(ctx, pause)
	}
	return ctx
}

// Pause sleeps for a while, less when ctx ends or, with the mark, a signal comes, and
// returns the error of ctx.
func Pause(ctx context.Context, while time.Duration) error {
	if pause, ok := ctx.Value(hosted{}).(func(time.Duration)); ok {
		pause(while)
		return ctx.Err()
	}
	timer := time.NewTimer(while)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}
