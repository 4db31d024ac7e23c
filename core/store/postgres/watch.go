package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// triggersVersion is the migration that makes the triggers.
const triggersVersion = 5

// watchTrust is how long it is believed that the triggers which note foreign
// changes are there: about as long as a sweep may take to find such a change.
const watchTrust = time.Second

// watch knows whether changes of foreign writers make a task dirty. Somebody may
// drop or disable a trigger at any time, so it asks the catalogue now and then.
type watch struct {
	mu    sync.Mutex // guards the fields below; never held across a round trip
	whole bool       // every trigger was there …
	asked time.Time  // … at this local instant; zero: never asked
}

// due reports whether the catalogue is to be asked.
func (w *watch) due() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked.IsZero() || time.Since(w.asked) > watchTrust
}

// note keeps the catalogue's answer.
func (w *watch) note(whole bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.whole, w.asked = whole, time.Now()
}

// holds is the last answer.
func (w *watch) holds() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.whole
}

// lookAtTriggers asks the catalogue, if that is due, along with what else the
// transaction asks.
func (t *tx) lookAtTriggers(ctx context.Context) error {
	if !t.store.watch.due() {
		return nil
	}
	return t.ask(ctx, t.store.statements["GraphStampsWatched"], func(rows pgx.Rows) error {
		var whole bool
		err := rows.Scan(&whole)
		if err == nil {
			t.store.watch.note(whole)
		}
		return err
	})
}
