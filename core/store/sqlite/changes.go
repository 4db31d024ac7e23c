package sqlite

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
)

// How the watcher looks for commits of others. The operating system tells that
// the log was written, by us or by them, and that is before the commit is
// visible: after it come the wait for the disk and the index of the log. So the
// watcher looks again at growing pauses after the last notification. Looking at
// most once per pause keeps the cost of our own writes bounded, and so does not
// listening in the pause before a look, which makes up for all that came before: a
// commit of ours writes dozens of pages, the operating system makes one of equal
// notifications that wait, and each that is taken wakes threads beside the writer.
const (
	lookPause = 400 * time.Microsecond // from a notification to the first look
	lookLast  = 500 * time.Millisecond // the pause before the last look; a commit waits less for its disk
	pollSafe  = time.Second            // in case a notification got lost
	pollBlind = 20 * time.Millisecond  // where the operating system gives no notifications
	lookMax   = 500 * time.Millisecond // bound of one look
)

// watch starts the watcher. A database in memory has no others.
func (s *Store) watch() {
	if s.inMemory() || s.options.Migrate == MigrateOnly {
		return
	}
	poll := pollSafe
	notifier, err := fsnotify.NewWatcher()
	if err == nil {
		// The directory, since the log comes and goes.
		if err = notifier.Add(filepath.Dir(s.options.Path)); err != nil {
			_ = notifier.Close() // it watches nothing
			notifier = nil
		}
	}
	if err != nil {
		poll = pollBlind
		s.options.Log.Warn("no notifications of changed files; polling instead", "error", err, "interval", poll)
	}
	s.watching.Add(1)
	// The store owns the watcher: it ends when closing does, and Close waits.
	go func() {
		defer s.watching.Done()
		s.watchUntilClosed(notifier, poll)
	}()
}

// watchUntilClosed is the watcher's goroutine; Close joins it. A panic ends a
// round of watching, not the watcher.
func (s *Store) watchUntilClosed(notifier *fsnotify.Watcher, poll time.Duration) {
	if notifier != nil {
		defer drain(notifier)
	}
	for ended := false; !ended; {
		barrier.Do(s.options.Panicked, func() {
			s.watchRound(notifier, poll)
			ended = true
		})
	}
}

func (s *Store) watchRound(notifier *fsnotify.Watcher, poll time.Duration) {
	var events <-chan fsnotify.Event
	var problems <-chan error
	if notifier != nil {
		events, problems = notifier.Events, notifier.Errors
	}
	hearing := events // nil from a notification to the look that it asks for
	log := filepath.Base(s.options.Path + "-wal")
	pause := poll // to the next look
	next := time.NewTimer(pause)
	defer next.Stop()
	for {
		select {
		case <-s.closing:
			return
		case event, ok := <-hearing:
			if !ok {
				events, hearing = nil, nil
			} else if filepath.Base(event.Name) == log {
				hearing, pause = nil, lookPause
				next.Reset(pause)
			}
		case err := <-problems:
			// The queue of events overflowed; looking makes up for it.
			s.options.Log.Warn("notifications of changed files were lost", "error", err)
			pause = lookPause
			next.Reset(pause)
		case <-next.C:
			hearing = events
			s.look()
			if s.strangers.due() {
				s.foreignOpens()
			}
			if pause *= 2; pause > min(lookLast, poll) {
				pause = poll
			}
			next.Reset(pause)
		}
	}
}

// drain ends the notifier and waits for its goroutine, which closes Events last.
func drain(notifier *fsnotify.Watcher) {
	_ = notifier.Close() // it reports nothing that could be acted upon
	for range notifier.Events {
		continue
	}
}

// look asks the writing connection whether others have committed. That
// connection alone does not count our own commits. If it is busy, its
// transaction has asked at its beginning, and a later look asks again.
func (s *Store) look() {
	select {
	case writer := <-s.writer:
		defer func() { s.writer <- writer }()
		if s.lookWith(writer) {
			s.notify()
		}
	default:
	}
}

func (s *Store) lookWith(writer *session) (changed bool) {
	if writer == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookMax)
	defer cancel()
	barrier.Point("store.watch")
	err := patiently(ctx, func() (err error) {
		changed, err = writer.sawChange()
		return err
	})
	if err != nil {
		s.options.Log.Warn("cannot see whether the database has changed", "error", err)
	}
	return changed
}

// notify leaves a value for whoever waits on Changes; one is enough.
func (s *Store) notify() {
	select {
	case s.changes <- struct{}{}:
	default:
	}
}

// dataVersion answers another number after another connection has committed.
const dataVersion = "PRAGMA data_version"

// sawChange reports whether others have committed since the last time it was
// asked. The first answer is false.
func (s *session) sawChange() (bool, error) {
	statement, err := s.statement(dataVersion)
	if err != nil {
		return false, err
	}
	var version int64
	if err := statement.QueryRowContext(context.Background()).Scan(&version); err != nil {
		return false, err
	}
	before := s.version
	s.version = version
	return before != 0 && before != version, nil
}
