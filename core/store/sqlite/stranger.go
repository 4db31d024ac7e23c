package sqlite

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/store"
)

// strangerPause is how often the watcher looks for strangers: others in this
// process who have a file of ours open, such as the host's own SQLite. Our locks
// are theirs, too, so it sees none and may cut the index of the log short under
// our eyes; when it closes a file, the kernel drops the locks of the whole process.
// Either can destroy the file. A look costs a few microseconds a descriptor.
const strangerPause = 10 * time.Second

// strangers remembers what the log was told of.
type strangers struct {
	mu     sync.Mutex // guards the fields below; never held across a look
	told   map[openFile]bool
	looked time.Time
}

// due reports whether the watcher is to look, and takes it that it does.
func (n *strangers) due() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if time.Since(n.looked) < strangerPause {
		return false
	}
	n.looked = time.Now()
	return true
}

// note takes in what was seen and returns what the log has not been told of.
func (n *strangers) note(seen map[openFile]string) (fresh []store.ForeignOpen) {
	n.mu.Lock()
	defer n.mu.Unlock()
	told := make(map[openFile]bool, len(seen))
	for opened, path := range seen {
		if told[opened] = true; !n.told[opened] {
			fresh = append(fresh, store.ForeignOpen{Path: path, Descriptor: opened.descriptor})
		}
	}
	n.told = told
	return fresh
}

// foreignOpens looks for strangers and tells the log of each once.
func (s *Store) foreignOpens() []store.ForeignOpen {
	var found []store.ForeignOpen
	seen := s.files.foreign()
	for opened, path := range seen {
		found = append(found, store.ForeignOpen{Path: path, Descriptor: opened.descriptor})
	}
	slices.SortFunc(found, func(a, b store.ForeignOpen) int { return cmp.Compare(a.Descriptor, b.Descriptor) })
	for _, foreign := range s.strangers.note(seen) {
		s.options.Log.LogAttrs(context.Background(), slog.LevelWarn, store.ForeignOpenMessage,
			slog.String("path", foreign.Path), slog.Int("descriptor", foreign.Descriptor), slog.String("remedy", store.ForeignOpenRemedy))
	}
	return found
}
