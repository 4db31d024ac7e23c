package telemetry_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func moment() workflow.Instant { return workflow.At(time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)) }

func open(t require.TestingT, capacity int) *telemetry.Log {
	log, err := telemetry.NewLog(capacity, telemetry.Info)
	require.NoError(t, err)
	return log
}

func TestARecordKeepsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	log := open(t, 3)
	log.Add(moment(), telemetry.Warn, "slow", map[string]any{"ms": 12})
	records, next := log.Poll(0, 10)
	require.Equal(t, []telemetry.Record{{ID: 1, At: moment(), Level: "warn", Message: "slow", Fields: map[string]any{"ms": 12}}}, records)
	require.EqualValues(t, 1, next)
}

func TestLevelsBelowTheLogAreNotKept(t *testing.T) {
	t.Parallel()
	for kept, level := range []string{telemetry.Error, telemetry.Warn, telemetry.Info, telemetry.Debug} {
		log, err := telemetry.NewLog(10, level)
		require.NoError(t, err)
		for _, l := range telemetry.Levels {
			log.Add(moment(), l, "text", nil)
		}
		log.Add(moment(), "notice", "an unknown level is kept", nil)
		records, _ := log.Poll(0, 10)
		require.Len(t, records, kept+2, level)
	}
}

func TestAnUnusableLogIsRefused(t *testing.T) {
	t.Parallel()
	_, err := telemetry.NewLog(10, "loud")
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	_, err = telemetry.NewLog(0, telemetry.Info)
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
}

func TestACursorFromElsewhereStartsFromTheOldest(t *testing.T) {
	t.Parallel()
	log := open(t, 2)
	for range 5 {
		log.Add(moment(), telemetry.Info, "text", nil)
	}
	for _, after := range []int64{-7, 900} {
		records, next := log.Poll(after, 10)
		require.Len(t, records, 2)
		require.EqualValues(t, 4, records[0].ID)
		require.EqualValues(t, 5, next)
	}
}

func TestAPollOfAnEmptyLogReturnsItsCursor(t *testing.T) {
	t.Parallel()
	log := open(t, 2)
	records, next := log.Poll(0, 10)
	require.Empty(t, records)
	require.Zero(t, next)
	log.Add(moment(), telemetry.Info, "text", nil)
	_, next = log.Poll(0, 10)
	records, again := log.Poll(next, 10)
	require.Empty(t, records)
	require.Equal(t, next, again)
}

// consistent says what is wrong with what a reader saw of a log, "" if nothing:
// every record is seen once, in order, or counted as dropped.
func consistent(seen []int64, added, dropped int64) string {
	last := int64(0)
	for _, id := range seen {
		if id <= last {
			return fmt.Sprintf("%d came after %d", id, last)
		}
		last = id
	}
	if int64(len(seen))+dropped != added {
		return fmt.Sprintf("%d seen and %d dropped of %d", len(seen), dropped, added)
	}
	return ""
}

func TestAReaderSeesEachRecordOnceOrItIsCountedAsDropped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := open(t, rapid.IntRange(1, 8).Draw(t, "capacity"))
		var seen []int64
		cursor, added := int64(0), int64(0)
		poll := func(limit int) {
			records, next := log.Poll(cursor, limit)
			cursor = next
			for _, record := range records {
				seen = append(seen, record.ID)
			}
		}
		for range rapid.IntRange(0, 40).Draw(t, "moves") {
			if rapid.Bool().Draw(t, "add") {
				added++
				log.Add(moment(), telemetry.Info, "text", nil)
			} else {
				poll(rapid.IntRange(0, 5).Draw(t, "limit"))
			}
		}
		poll(100)
		require.Empty(t, consistent(seen, added, log.Dropped()))
	})
}

func TestTheConsistencyCheckFindsLossAndRepetition(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, consistent([]int64{1, 3}, 3, 0))
	require.NotEmpty(t, consistent([]int64{1, 1}, 2, 0))
	require.Empty(t, consistent([]int64{1, 3}, 3, 1))
}

func TestLogsAndCountersTakeManyWriters(t *testing.T) {
	t.Parallel()
	log := open(t, 1000)
	var counter telemetry.Counter
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 100 {
				log.Add(moment(), telemetry.Info, "text", nil)
				counter.Add()
			}
		})
	}
	writers.Wait()
	records, next := log.Poll(0, 1000)
	require.Len(t, records, 800)
	require.EqualValues(t, 800, next)
	require.EqualValues(t, 800, counter.Value())
}
