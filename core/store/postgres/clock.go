package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// clockTrust is how long a reading of the database's clock is carried on by the
// local monotonic clock: drifts between machines stay far below a millisecond.
const clockTrust = 30 * time.Second

// readClock asks for the server's clock. It is what offsets are measured by and
// the only statement that reads it.
const readClock = "SELECT pg_catalog.clock_timestamp() AT TIME ZONE 'UTC'"

// clock tells the database's time without asking it every time, so that
// machines with wrong clocks agree.
type clock struct {
	store *Store

	mu      sync.Mutex // guards the fields below; never held across a round trip
	server  time.Time  // the database's clock …
	local   time.Time  // … at this local instant, with its monotonic reading
	reading bool       // somebody is measuring
}

func newClock(s *Store) *clock { return &clock{store: s} }

// Now is the database's clock; see store.Store. It asks the server at most once
// in half a minute; while one caller asks, the others go on with what is known.
func (s *Store) Now(ctx context.Context) (workflow.Instant, error) {
	if s.options.Clock != nil {
		return workflow.At(s.options.Clock()), nil
	}
	now, fresh := s.clock.estimate()
	if fresh {
		return workflow.At(now), nil
	}
	measured, err := s.clock.measure(ctx)
	if err != nil {
		return workflow.Instant{}, err
	}
	return workflow.At(measured), nil
}

// estimate returns the time by the last measurement and whether it is to be
// trusted. The first caller after it has aged is told to measure again.
func (c *clock) estimate() (now time.Time, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	age := time.Since(c.local)
	if c.server.IsZero() || (age > clockTrust && !c.reading) {
		c.reading = true
		return time.Time{}, false
	}
	return c.server.Add(age), true
}

// measure asks the server. Its answer belongs to the middle of the round trip,
// so the error is at most half of it.
func (c *clock) measure(ctx context.Context) (time.Time, error) {
	defer c.measured()
	var server time.Time
	var before, after time.Time
	err := c.store.brief(ctx, func(ctx context.Context, q querier) error {
		before = time.Now()
		err := q.QueryRow(ctx, readClock).Scan(&server)
		after = time.Now()
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.local = before.Add(after.Sub(before) / 2)
	c.server = server
	return c.server.Add(time.Since(c.local)), nil
}

// measured lets another caller measure.
func (c *clock) measured() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = false
}
