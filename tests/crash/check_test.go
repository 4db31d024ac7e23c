package crash_test

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
)

// record is what the database holds at the end of a run.
type record struct {
	tasks  []workflow.Task
	steps  []workflow.Step
	edges  []workflow.Edge
	rows   map[int64][]workflow.Transition // by step
	leases []workflow.Lease
	depths store.Depths
}

func (h *host) read() (r record) {
	h.t.Helper()
	require.NoError(h.t, h.db.Read(ctx(), func(reader store.Reader) (err error) {
		if r.tasks, err = reader.TaskList(ctx(), store.TaskFilter{Page: store.Page{After: h.after}}); err != nil {
			return err
		}
		var ids []int64
		for _, task := range r.tasks {
			ids = append(ids, task.ID)
		}
		if r.steps, err = reader.StepListByTask(ctx(), ids); err != nil {
			return err
		}
		if r.edges, err = reader.EdgeListByTask(ctx(), ids); err != nil {
			return err
		}
		r.rows = map[int64][]workflow.Transition{}
		for _, step := range r.steps {
			if r.rows[step.ID], err = reader.StepTransitions(ctx(), []int64{step.ID}); err != nil {
				return err
			}
		}
		if r.leases, err = reader.LeaseList(ctx(), store.LeaseFilter{}); err != nil {
			return err
		}
		r.depths, err = reader.Depths(ctx(), workflow.At(h.clock.Now()))
		return err
	}))
	return r
}

// complaints are what is wrong in the end, one sentence each.
func (h *host) complaints() (found []string) {
	say := func(wrong bool, format string, args ...any) {
		if wrong {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	r := h.read()
	say(len(r.tasks) != 1, "%d tasks where one was asked for", len(r.tasks))
	for _, task := range r.tasks {
		say(task.State != h.state, "the task ended %s, not %s", task.State, h.state)
	}
	for _, step := range r.steps {
		want := h.steps[step.Name]
		say(step.State != want.state, "step %s ended %s, not %s", step.Name, step.State, want.state)
		say(step.Tries() != want.attempts, "step %s counts %d attempts, not %d", step.Name, step.Tries(), want.attempts)
		found = append(found, h.judgeResults(step, r.rows[step.ID])...)
	}
	parsed, err := template.Parse([]byte(h.template), template.Options{})
	require.NoError(h.t, err)
	say(len(r.tasks) == 1 && len(r.edges) != parsed.Graph().EdgeCount(), "%d edges are stored, not %d", len(r.edges), parsed.Graph().EdgeCount())
	say(len(r.leases) > 0, "%d leases are left", len(r.leases))
	say(r.depths.OpenTasks+r.depths.ReadySteps+r.depths.ScheduledSteps+r.depths.DirtyTasks > 0, "queues are left: %+v", r.depths)
	violations, err := invariant.Check(ctx(), h.db)
	require.NoError(h.t, err)
	for _, v := range violations {
		say(true, "%s", invariant.Sentence(v))
	}
	return append(found, h.judgeVerdicts(r)...)
}

// judgeResults compares what a step kept with the ledger: one complete row, with
// the results of the very run whose epoch it names.
func (h *host) judgeResults(step workflow.Step, rows []workflow.Transition) (found []string) {
	completes, counted := 0, 0
	for _, row := range rows {
		epoch, _ := row.Metadata.Field("epoch").Int()
		if row.Metadata.Field("digest").Text() == "" {
			continue
		}
		counted++
		i := slices.IndexFunc(h.ledger, func(e *entry) bool { return e.Epoch == epoch && e.StepID == step.ID })
		switch {
		case i < 0:
			found = append(found, fmt.Sprintf("step %s has an outcome of epoch %d that nobody reported", step.Name, epoch))
		case row.To == workflow.Complete && !sameRun(step.Results, h.ledger[i].Results):
			found = append(found, fmt.Sprintf("step %s has the results %s, not %s", step.Name, step.Results, h.ledger[i].Results))
		}
		if row.To == workflow.Complete {
			completes++
		}
	}
	if completes > 1 {
		found = append(found, fmt.Sprintf("step %s has %d results", step.Name, completes))
	}
	if counted != step.Tries() {
		found = append(found, fmt.Sprintf("step %s counts %d attempts and has %d outcomes", step.Name, step.Tries(), counted))
	}
	return found
}

// sameRun compares results by the number of the run that made them; PostgreSQL
// writes the text of JSON in its own way.
func sameRun(a, b workflow.JSON) bool {
	one, first := a.Field("run").Int()
	other, second := b.Field("run").Int()
	return first && second && one == other
}

// judgeVerdicts compares the answers with what is stored: recorded exactly when
// it is, and never twice.
func (h *host) judgeVerdicts(r record) (found []string) {
	for _, e := range h.ledger {
		stored := slices.ContainsFunc(r.rows[e.StepID], func(row workflow.Transition) bool {
			epoch, _ := row.Metadata.Field("epoch").Int()
			return epoch == e.Epoch && row.Metadata.Field("digest").Text() != ""
		})
		acknowledged := e.verdict == "recorded" || e.verdict == "already_recorded"
		if e.verdict != "" && stored != acknowledged {
			found = append(found, fmt.Sprintf("an outcome of %s was answered %q, stored: %v", e.step, e.verdict, stored))
		}
	}
	return found
}

// zombies reports every outcome once more, as holders do that were asleep, and
// returns what changed.
func (h *host) zombies() (found []string) {
	before := h.read()
	for _, e := range h.ledger {
		reply, err := h.engine.ReportSteps(ctx(), engine.ReportStepsRequest{Outcomes: []engine.Outcome{e.Outcome}})
		require.NoError(h.t, err)
		if v := reply.Verdicts[0].Verdict; v != "already_recorded" && v != "lease_lost" {
			found = append(found, fmt.Sprintf("a late outcome of %s was answered %q", e.step, v))
		}
	}
	if !assert.ObjectsAreEqual(before, h.read()) {
		found = append(found, "a late outcome changed something")
	}
	return found
}
