package telemetry_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSlogRecordsComeIntoTheLog(t *testing.T) {
	t.Parallel()
	log := open(t, 10)
	logger := slog.New(log.Handler(func() time.Time { return moment().Time }))
	logger.Debug("below the level")
	logger.With("file", "a.db").WithGroup("disk").With("full", true).Warn("slow", "error", errors.New("busy"), "took", 3*time.Second, "count", 2)
	logger.Error("plain")
	records, _ := log.Poll(0, 10)
	require.Len(t, records, 2)
	require.Equal(t, map[string]any{"file": "a.db", "disk.full": true, "disk.error": "busy", "disk.took": "3s", "disk.count": int64(2)}, records[0].Fields)
	require.Equal(t, "warn", records[0].Level)
	require.Equal(t, moment(), records[0].At)
	require.Equal(t, "error", records[1].Level)
}
