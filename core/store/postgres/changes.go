package postgres

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
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

// sendNotification tells the channel $1 that the process $2 has committed, if
// anybody but the session $3 listens. Listening sessions show by the names of
// their applications, which every role may see.
const sendNotification = "SELECT pg_catalog.pg_notify($1, $2) WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity a " +
	"WHERE a.datname = pg_catalog.current_database() AND pg_catalog.starts_with(a.application_name, $1) AND a.pid <> $3)"

// greeting begins the payload of who has begun to listen; a commit's is the
// sender alone.
const greeting = "+"

// wire carries notifications between processes.
type wire struct {
	store   *Store
	channel string // of this schema; databases do not hear each other anyway
	self    string // whose own notifications are passed over
	changes chan struct{}
	news    chan struct{} // holds a value while commits are untold
	running sync.WaitGroup

	mu        sync.Mutex // guards the fields below; never held across a round trip
	attending bool       // the listener was started, or is never to be
	listener  uint32     // the session that listens here, 0 when none does
	alone     bool       // nobody else listened when it was last asked, and nobody has greeted since
	greetings int        // heard so far, and changes of the listener: an older answer is out of date
	sent      int64      // notifications
	spared    int64      // notifications that nobody else would have heard
}

func newWire(s *Store) *wire {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(s.options.Schema)) // never fails
	return &wire{
		store: s, channel: fmt.Sprintf("tasker_core_%016x", hash.Sum64()), self: crand.Text(),
		changes: make(chan struct{}, 1), news: make(chan struct{}, 1),
	}
}

// start begins to tell, where that is wanted and possible. It comes before
// everything else.
func (w *wire) start() {
	o := w.store.options
	if !o.Listen || o.Pooler || o.Migrate == MigrateOnly {
		w.news, w.attending = nil, true // nobody would take from it
		return
	}
	// The store owns it: it ends when closing does, and Close waits.
	w.running.Go(w.tellUntilClosed)
}

// attend begins to listen, once.
func (w *wire) attend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.attending {
		return
	}
	w.attending = true
	w.running.Go(w.listenUntilClosed) // owned like the other
}

// join waits for both after closing has begun.
func (w *wire) join() {
	w.inattentive()
	w.running.Wait()
}

// inattentive keeps attend from starting anything any more.
func (w *wire) inattentive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attending = true
}

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
		if err := barrier.Run(w.store.options.Panicked, w.send); err != nil {
			w.store.options.Log.Warn("other processes were not notified and find out by polling", "error", err)
		}
		if !w.pause(tellPause) {
			return
		}
	}
}

// send notifies the others, unless it is known that there are none: whoever begins
// to listen greets, so a process that is alone says nothing until then.
func (w *wire) send() error {
	barrier.Point("store.tell")
	listener, greetings, alone := w.company()
	if alone {
		return nil
	}
	ctx, cancel := context.WithTimeout(w.store.closing, tellMax)
	defer cancel()
	return w.store.brief(ctx, func(ctx context.Context, q querier) error {
		tag, err := q.Exec(ctx, sendNotification, w.channel, w.self, int64(listener))
		if err == nil {
			w.learn(tag.RowsAffected() > 0, greetings)
		}
		return err
	})
}

// company is what is known of others who listen. Who is alone spares a
// notification.
func (w *wire) company() (listener uint32, greetings int, alone bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.alone {
		w.spared++
	}
	return w.listener, w.greetings, w.alone
}

// learn notes whether somebody else listened. That nobody did is believed unless
// somebody has greeted meanwhile or could not have been heard.
func (w *wire) learn(heard bool, greetings int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if heard {
		w.sent++
		return
	}
	w.spared++
	w.alone = w.greetings == greetings && w.listener != 0
}

// told returns how many notifications were sent and spared.
func (w *wire) told() (sent, spared int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent, w.spared
}

// hear takes a notification: of a commit or a greeting, from here or elsewhere.
func (w *wire) hear(payload string) {
	sender, greets := strings.CutPrefix(payload, greeting)
	if sender == w.self {
		return
	}
	w.welcome()
	if greets {
		offer(w.news) // a commit may have gone untold between its listening and our hearing of it
		return
	}
	offer(w.changes)
}

// welcome notes that somebody else is there.
func (w *wire) welcome() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.greetings, w.alone = w.greetings+1, false
}

// hearBy notes which session listens here, 0 when it broke: greetings were or
// will be missed.
func (w *wire) hearBy(session uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.greetings, w.alone, w.listener = w.greetings+1, false, session
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
		heard := false
		err := barrier.Run(w.store.options.Panicked, func() (err error) {
			heard, err = w.listen()
			return err
		})
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
	config := w.store.connection()
	config.RuntimeParams["application_name"] = w.channel + " " + w.store.options.ApplicationName
	conn, err := pgx.ConnectConfig(dialling, config)
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
	w.hearBy(conn.PgConn().PID())
	defer w.hearBy(0)
	if _, err := conn.Exec(dialling, sendNotification, w.channel, greeting+w.self, int64(conn.PgConn().PID())); err != nil {
		return false, err // a greeting, which others wait for who believe to be alone
	}
	offer(w.changes) // for what happened while nobody listened
	for {
		notification, err := conn.WaitForNotification(w.store.closing)
		if err != nil {
			return true, err
		}
		barrier.Point("store.listen")
		w.hear(notification.Payload)
	}
}
