package postgres

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// How processes tell each other of commits. The notification is sent after the
// commit and by one sender, since inside a write transaction it takes a lock of
// the whole server (measured: 6.8k to 1.9k transactions a second at 16 clients).
// A burst of commits costs one per pause, and the last of them is always told.
const (
	tellPause    = 5 * time.Millisecond
	tellMax      = 2 * time.Second // bound of one notification
	reconnectMin = 100 * time.Millisecond
	reconnectMax = 10 * time.Second
)

// sendNotification tells the channel $1 that the process $2 has committed.
const sendNotification = "SELECT pg_catalog.pg_notify($1, $2)"

// wire carries notifications between processes.
type wire struct {
	store   *Store
	channel string // of this schema; databases do not hear each other anyway
	self    string // whose own notifications are passed over
	changes chan struct{}
	news    chan struct{} // holds a value while commits are untold
	running sync.WaitGroup
}

func newWire(s *Store) *wire {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(s.options.Schema)) // never fails
	return &wire{
		store: s, channel: fmt.Sprintf("tasker_core_%016x", hash.Sum64()), self: strconv.FormatUint(rand.Uint64(), 16),
		changes: make(chan struct{}, 1), news: make(chan struct{}, 1),
	}
}

// start begins to listen and to tell, where both are wanted and possible.
func (w *wire) start() {
	o := w.store.options
	if !o.Listen || o.Pooler || o.Migrate == MigrateOnly {
		w.news = nil // nobody would take from it
		return
	}
	// The store owns both: they end when closing does, and Close waits.
	w.running.Go(w.listenUntilClosed)
	w.running.Go(w.tellUntilClosed)
}

func (w *wire) join() { w.running.Wait() }

// tell notes that something was committed which others may wait for.
func (w *wire) tell() { offer(w.news) }

// offer leaves a value in a channel of one place; one is enough.
func offer(place chan struct{}) {
	select {
	case place <- struct{}{}:
	default:
	}
}

// tellUntilClosed is the sender's goroutine; Close joins it.
func (w *wire) tellUntilClosed() {
	for {
		select {
		case <-w.store.closing.Done():
			return
		case <-w.news:
		}
		if err := w.send(); err != nil {
			w.store.options.Log.Warn("other processes were not notified and find out by polling", "error", err)
		}
		if !w.pause(tellPause) {
			return
		}
	}
}

func (w *wire) send() error {
	ctx, cancel := context.WithTimeout(w.store.closing, tellMax)
	defer cancel()
	return w.store.brief(ctx, func(ctx context.Context, q querier) error {
		_, err := q.Exec(ctx, sendNotification, w.channel, w.self)
		return err
	})
}

// pause waits and reports whether the store is still open.
func (w *wire) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-w.store.closing.Done():
		return false
	case <-timer.C:
		return true
	}
}

// listenUntilClosed is the listener's goroutine; Close joins it. A lost
// connection is replaced after a random pause that grows.
func (w *wire) listenUntilClosed() {
	wait := reconnectMin
	for w.store.closing.Err() == nil {
		heard, err := w.listen()
		if w.store.closing.Err() != nil {
			return
		}
		w.store.options.Log.Warn("the connection for notifications broke; polling until there is another", "error", err)
		if heard {
			wait = reconnectMin
		}
		if !w.pause(wait/2 + rand.N(wait)) {
			return
		}
		wait = min(2*wait, reconnectMax)
	}
}

// listen opens a connection and passes on what it hears until it breaks. It
// reports whether it came to listening.
func (w *wire) listen() (heard bool, err error) {
	dialling, cancel := context.WithTimeout(w.store.closing, dialMax)
	defer cancel()
	conn, err := pgx.ConnectConfig(dialling, w.store.connection())
	if err != nil {
		return false, err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.Background(), rollbackMax)
		defer cancel()
		_ = conn.Close(closing) // whatever it says, it is of no use any more
	}()
	if _, err := conn.Exec(dialling, "LISTEN "+pgx.Identifier{w.channel}.Sanitize()); err != nil {
		return false, err
	}
	offer(w.changes) // for what happened while nobody listened
	for {
		notification, err := conn.WaitForNotification(w.store.closing)
		if err != nil {
			return true, err
		}
		if notification.Payload != w.self {
			offer(w.changes)
		}
	}
}
