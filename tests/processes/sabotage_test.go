package processes_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// tale is a ledger and a database that agree: step 1 ran at once, step 2 after
// it, at the second try since its first worker was killed.
func tale() ([]entry, map[int64]*fact) {
	row := func(id int64, key int, to workflow.State, metadata string) engine.TransitionInfo {
		return engine.TransitionInfo{ID: id, SortKey: key, ToState: to, Metadata: workflow.JSON(metadata)}
	}
	facts := map[int64]*fact{
		1: {Step: 1, Task: 7, Name: "first", State: workflow.Complete, History: []engine.TransitionInfo{
			row(10, 10, workflow.InProgress, `{}`), row(11, 20, workflow.Complete, `{"epoch": 10}`)}},
		2: {Step: 2, Task: 7, Name: "second", State: workflow.Complete, Parents: []int64{1}, History: []engine.TransitionInfo{
			row(12, 10, workflow.InProgress, `{}`), row(13, 20, workflow.Error, `{"epoch": 12, "lease_expired": true}`),
			row(14, 30, workflow.Pending, `{}`), row(15, 40, workflow.InProgress, `{}`),
			row(16, 50, workflow.Complete, `{"epoch": 15}`)}},
	}
	lines := []entry{
		{Kind: lineBegin, Step: 1, Epoch: 10, Detail: "0"}, {Kind: lineEnd, Step: 1, Epoch: 10},
		{Kind: lineVerdict, Step: 1, Epoch: 10, Detail: "recorded"},
		{Kind: lineVerdict, Step: 1, Epoch: 10, Detail: "already_recorded"},
		{Kind: lineBegin, Step: 2, Epoch: 12, Detail: "1"},
		{Kind: lineBegin, Step: 2, Epoch: 15, Detail: "1"}, {Kind: lineEnd, Step: 2, Epoch: 15},
		{Kind: lineVerdict, Step: 2, Epoch: 15, Detail: "recorded"},
		{Kind: lineVerdict, Step: 2, Epoch: 12, Detail: "lease_lost"},
	}
	return lines, facts
}

func TestTheAuditPassesATrueTale(t *testing.T) {
	t.Parallel()
	require.Empty(t, audit(tale()))
}

func TestTheAuditCatchesWhatIsWrong(t *testing.T) {
	t.Parallel()
	second := func(facts map[int64]*fact) *fact { return facts[2] }
	for _, c := range []struct {
		name, says string
		bend       func(lines []entry, facts map[int64]*fact) []entry
	}{
		{"a lost step", "is lost: it is in_progress", func(lines []entry, facts map[int64]*fact) []entry {
			f := second(facts)
			f.State, f.History = workflow.InProgress, f.History[:4]
			return lines[:6]
		}},
		{"a result recorded twice", "was recorded 2 times", func(lines []entry, facts map[int64]*fact) []entry {
			f := second(facts)
			f.History = append(f.History, f.History[4])
			return lines
		}},
		{"a report that was taken twice", "was answered recorded 2 times", func(lines []entry, _ map[int64]*fact) []entry {
			return append(lines, lines[7])
		}},
		{"the report of a lost lease that was taken", "was reported under epoch 12 and answered recorded", func(lines []entry, _ map[int64]*fact) []entry {
			lines[8].Detail = "recorded"
			return lines
		}},
		{"a good report that was refused", "was reported under epoch 15 and answered lease_lost", func(lines []entry, _ map[int64]*fact) []entry {
			lines[7].Detail = "lease_lost"
			return lines
		}},
		{"a lease that was given out twice", "ran 2 times under epoch 15", func(lines []entry, _ map[int64]*fact) []entry {
			return append(lines, lines[5])
		}},
		{"a result without a run", "was recorded under epoch 15, whose handler did not run to its end", func(lines []entry, _ map[int64]*fact) []entry {
			return append(lines[:6], lines[7:]...)
		}},
		{"a run without a lease", "ran under epoch 99", func(lines []entry, _ map[int64]*fact) []entry {
			lines[4].Epoch = 99
			return lines
		}},
		{"a child that ran before its parent", "began before its parent 1 was complete", func(lines []entry, facts map[int64]*fact) []entry {
			facts[1].History[1].ID = 14
			return lines
		}},
		{"a child that missed a parent's result", "ran with results of 0 parents; it has 1", func(lines []entry, _ map[int64]*fact) []entry {
			lines[5].Detail = "0"
			return lines
		}},
		{"a step that nobody created", "step 3 is in a ledger", func(lines []entry, _ map[int64]*fact) []entry {
			return append(lines, entry{Kind: lineBegin, Step: 3})
		}},
		{"a step given up after two losses", "is lost: it is error", func(lines []entry, facts map[int64]*fact) []entry {
			f := second(facts)
			f.State = workflow.Error
			f.History[4].ToState, f.History[4].Metadata = workflow.Error, []byte(`{"epoch": 15, "lease_expired": true, "poison": true}`)
			return lines[:7]
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lines, facts := tale()
			require.Contains(t, fmt.Sprint(audit(c.bend(lines, facts), facts)), c.says)
		})
	}
}

func TestAPollIsToldFromAWakeUp(t *testing.T) {
	t.Parallel()
	facts := map[int64]*fact{1: {Step: 1, Task: 7}, 2: {Step: 2, Task: 8}}
	made := []created{{task: 7, called: 100, answer: 110}, {task: 8, called: 200, answer: 210}}
	lines := []entry{{Kind: lineRing, At: 105}, {Kind: lineBegin, Step: 1, At: 120}, {Kind: lineRing, At: 130},
		{Kind: lineBegin, Step: 2, At: 240}, {Kind: lineRing, At: 250}}
	begins, woken := pickups(lines, facts, made)
	require.Equal(t, 1, woken, "the second handler began by a poll: nothing rang before it")
	require.Equal(t, []time.Duration{10, 30}, begins)
}

func TestTheHuntKnowsTheWordsOfLocks(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"ERROR: deadlock detected (SQLSTATE 40P01)", "could not serialize access", "database is locked (5)",
		"SQLITE_BUSY", "canceling statement due to lock timeout", "55P03"} {
		require.True(t, storeWords.MatchString(text), text)
		h := &hunter{tally: tally{Calls: map[string]int{}, Errors: map[string]int{}}}
		h.note("cancel", fault.New(fault.Conflict, "%s", text))
		require.NotEmpty(t, h.tally.Unexpected, "an expected kind may not hide a lock")
		require.Empty(t, h.tally.Errors)
	}
}

func TestALedgerIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := openLedger(dir+"/p1", true)
	require.NoError(t, err)
	lines, _ := tale()
	require.NoError(t, l.write(lines...))
	require.NoError(t, l.file.Close())
	read, err := readLedgers(dir)
	require.NoError(t, err)
	for i := range read {
		require.Positive(t, read[i].At)
		require.Equal(t, "p1", read[i].Process)
		read[i].At, read[i].Process = 0, ""
	}
	require.Equal(t, lines, read)
	_, err = parseEntry("begin\t17")
	require.Error(t, err, "a torn line")
}
