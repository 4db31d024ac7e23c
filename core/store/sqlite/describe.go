package sqlite

import (
	"context"
	"os"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/tasker-systems/tasker-core-go/core/store"
)

// Describe tells what this store is; see store.Store.
func (s *Store) Describe(ctx context.Context) (store.Description, error) {
	status, err := s.Status(ctx)
	if err != nil {
		return store.Description{}, err
	}
	version, _, _ := sqlite3.Version()
	journal := "wal"
	if s.inMemory() {
		journal = "memory"
	}
	return store.Description{
		Kind: "sqlite", ServerVersion: version, Location: s.options.Path, SizeBytes: s.size(), SchemaVersion: status.Current,
		Details: map[string]any{
			"journal_mode": journal, "synchronous": s.options.Synchronous, "max_page_count": s.options.PageCountMax,
			"readers": s.options.Readers, "readers_free": len(s.readers),
		},
		ForeignOpens: s.foreignOpens(),
	}, nil
}

// size is the room that the file and its log take; 0 for one in memory.
func (s *Store) size() (bytes int64) {
	if s.inMemory() {
		return 0
	}
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(s.options.Path + suffix); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}
