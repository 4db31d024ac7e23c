package telemetry

import "sync/atomic"

// Counter counts events since it was made. The zero value is ready to use; it
// may be used concurrently and must not be copied.
type Counter struct {
	count atomic.Int64
}

// Add counts one more.
func (c *Counter) Add() { c.count.Add(1) }

// Value returns the count.
func (c *Counter) Value() int64 { return c.count.Load() }
