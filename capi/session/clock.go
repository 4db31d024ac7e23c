package session

import (
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// frozenClock stands still until it is told to move. It may be used
// concurrently.
type frozenClock struct {
	mu sync.Mutex // guards at
	at time.Time
}

func (c *frozenClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *frozenClock) advance(by time.Duration) (workflow.Instant, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
	return workflow.At(c.at), nil
}
