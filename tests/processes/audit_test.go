package processes_test

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// fact is what the database says about one step.
type fact struct {
	Step, Task int64
	Name       string
	State      workflow.State
	Parents    []int64
	History    []engine.TransitionInfo // oldest first
}

// rows returns the rows that lead to a state.
func (f *fact) rows(to workflow.State) (found []engine.TransitionInfo) {
	for _, row := range f.History {
		if row.ToState == to {
			found = append(found, row)
		}
	}
	return found
}

// epoch returns the epoch that the completing row names, 0 for none.
func (f *fact) epoch() int64 {
	for _, row := range f.rows(workflow.Complete) {
		epoch, _ := row.Metadata.Field("epoch").Int()
		return epoch
	}
	return 0
}

// poisoned reports whether the step was given up because three workers in a row
// died under it (design, section 6), as its history proves.
func (f *fact) poisoned() bool {
	if f.State != workflow.Error {
		return false
	}
	losses := 0
	for _, row := range f.rows(workflow.Error) {
		if !row.Metadata.Field("lease_expired").True() {
			losses = 0
			continue
		}
		losses++
	}
	return losses == 3 && f.History[len(f.History)-1].Metadata.Field("poison").True()
}

// facts reads what the database says about the steps of tasks.
func (s *scene) facts(tasks ...int64) map[int64]*fact {
	s.t.Helper()
	all := map[int64]*fact{}
	for _, id := range tasks {
		ctx, cancel := call()
		task, err := s.GetTask(ctx, engine.GetTaskRequest{TaskID: id, Include: []string{"steps", "edges", "transitions"}})
		cancel()
		require.NoError(s.t, err)
		for _, step := range task.Steps {
			all[step.StepID] = &fact{Step: step.StepID, Task: id, Name: step.Name, State: step.State}
		}
		for _, edge := range task.Edges {
			all[edge.ToStepID].Parents = append(all[edge.ToStepID].Parents, edge.FromStepID)
		}
		for _, row := range task.Transitions {
			if row.StepID != 0 {
				all[row.StepID].History = append(all[row.StepID].History, row)
			}
		}
	}
	for _, f := range all {
		slices.SortFunc(f.History, func(a, b engine.TransitionInfo) int { return a.SortKey - b.SortKey })
	}
	return all
}

// audit compares ledgers with the database and returns what is wrong: steps
// that were lost, recorded twice or recorded without a run, leases given out
// twice, verdicts that the histories do not bear out, and children that ran
// before their parents.
func audit(lines []entry, facts map[int64]*fact) []string {
	book := readBook(lines)
	var wrong []string
	for _, id := range sortedKeys(facts) {
		f := facts[id]
		wrong = append(wrong, f.ending(facts)...)
		wrong = append(wrong, f.runs(book)...)
		wrong = append(wrong, f.verdicts(book)...)
		wrong = append(wrong, f.order(facts)...)
	}
	for _, id := range sortedKeys(book) {
		if facts[id] == nil {
			wrong = append(wrong, fmt.Sprintf("step %d is in a ledger and none of the tasks'", id))
		}
	}
	return wrong
}

// book is the lines of all processes by step, in the order of time.
type book map[int64][]entry

func readBook(lines []entry) book {
	b := book{}
	for _, e := range lines {
		if e.Kind == lineBegin || e.Kind == lineEnd || e.Kind == lineVerdict {
			b[e.Step] = append(b[e.Step], e)
		}
	}
	return b
}

func sortedKeys[V any](m map[int64]V) []int64 {
	keys := make([]int64, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (f *fact) wrong(format string, args ...any) string {
	return fmt.Sprintf("step %d (%s of task %d) ", f.Step, f.Name, f.Task) + fmt.Sprintf(format, args...)
}

// barred reports whether the step cannot run: it, or one that it depends on, is
// a proven poison pill.
func (f *fact) barred(facts map[int64]*fact) bool {
	return f.poisoned() || slices.ContainsFunc(f.Parents, func(id int64) bool { return facts[id].barred(facts) })
}

// ending: the step is complete by exactly one row, unless it is barred.
func (f *fact) ending(facts map[int64]*fact) []string {
	switch n := len(f.rows(workflow.Complete)); {
	case n > 1:
		return []string{f.wrong("was recorded %d times", n)}
	case n == 0 && !f.barred(facts):
		return []string{f.wrong("is lost: it is %s", f.State)}
	case n == 1 && f.State != workflow.Complete:
		return []string{f.wrong("was complete and is %s", f.State)}
	}
	return nil
}

// runs: each lease ran at most one handler, which was given all parents'
// results, and the recorded result is of a run that ended.
func (f *fact) runs(b book) (wrong []string) {
	begun, ended := map[int64]int{}, map[int64]bool{}
	for _, e := range b[f.Step] {
		switch e.Kind {
		case lineBegin:
			begun[e.Epoch]++
			if e.Detail != strconv.Itoa(len(f.Parents)) {
				wrong = append(wrong, f.wrong("ran with results of %s parents; it has %d", e.Detail, len(f.Parents)))
			}
		case lineEnd:
			ended[e.Epoch] = true
		}
	}
	leases := map[int64]bool{}
	for _, row := range f.rows(workflow.InProgress) {
		leases[row.ID] = true
	}
	for _, epoch := range sortedKeys(begun) {
		if begun[epoch] > 1 {
			wrong = append(wrong, f.wrong("ran %d times under epoch %d", begun[epoch], epoch))
		}
		if !leases[epoch] {
			wrong = append(wrong, f.wrong("ran under epoch %d, which no row of its history is", epoch))
		}
	}
	if epoch := f.epoch(); epoch != 0 && (begun[epoch] == 0 || !ended[epoch]) {
		wrong = append(wrong, f.wrong("was recorded under epoch %d, whose handler did not run to its end", epoch))
	}
	return wrong
}

// verdicts: only reports of the completing epoch were taken, once; all others
// were told that their lease was lost.
func (f *fact) verdicts(b book) (wrong []string) {
	recorded, epoch := 0, f.epoch()
	for _, e := range b[f.Step] {
		if e.Kind != lineVerdict {
			continue
		}
		if e.Detail == "recorded" {
			recorded++
		}
		taken := e.Detail == "recorded" || e.Detail == "already_recorded"
		if current := e.Epoch == epoch; taken != current || (!taken && e.Detail != "lease_lost") {
			wrong = append(wrong, f.wrong("was reported under epoch %d and answered %s; its result is of epoch %d",
				e.Epoch, e.Detail, epoch))
		}
	}
	if recorded > 1 {
		wrong = append(wrong, f.wrong("was answered recorded %d times", recorded))
	}
	return wrong
}

// order: the step first began after every parent was complete. Ids of rows tell
// it without trusting a clock: the claim comes after what made it possible.
func (f *fact) order(facts map[int64]*fact) (wrong []string) {
	starts := f.rows(workflow.InProgress)
	if len(starts) == 0 {
		return nil
	}
	for _, id := range f.Parents {
		ends := facts[id].rows(workflow.Complete)
		if len(ends) == 0 || ends[0].ID > starts[0].ID {
			wrong = append(wrong, f.wrong("began before its parent %d was complete", id))
		}
	}
	return wrong
}

// starts counts the leases of the step, without those that were given back
// because the call that asked for them had ended without an answer.
func (f *fact) starts() int {
	n := len(f.rows(workflow.InProgress))
	for _, row := range f.rows(workflow.Error) {
		if row.Metadata.Field("released").True() {
			n--
		}
	}
	return n
}

// requireOnce requires that nothing was ever tried again: without a crash each
// step is started exactly once.
func (s *scene) requireOnce(facts map[int64]*fact) {
	s.t.Helper()
	for _, f := range facts {
		require.Equal(s.t, 1, f.starts(), "step %d (%s) was started more than once or never", f.Step, f.Name)
	}
}

// requireHonest audits the ledgers of all processes against the tasks and
// returns both.
func (s *scene) requireHonest(tasks []int64) ([]entry, map[int64]*fact) {
	s.t.Helper()
	lines, err := readLedgers(s.dir)
	require.NoError(s.t, err)
	s.t.Log(summary(lines))
	facts := s.facts(tasks...)
	wrong := audit(lines, facts)
	require.Empty(s.t, wrong[:min(len(wrong), 20)], "%d things are wrong", len(wrong))
	return lines, facts
}
