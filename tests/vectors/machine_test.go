package vectors_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/lifecycle"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/answers"
)

// machines are the pairs of both state machines, as the Rails engine answered
// them.
type machines struct {
	Task []pair `json:"task"`
	Step []pair `json:"step"`
}

// pair is one call of a state machine: from one row, or none, to a state.
type pair struct {
	From         *workflow.State `json:"from"`
	To           workflow.State  `json:"to"`
	Precondition string          `json:"precondition"`
	Result       string          `json:"result"`
	// Events are those that the Rails engine publishes, with the names that
	// a from_state of NULL leads to (D13 has the true ones); nothing here
	// publishes any yet.
	Events    []string `json:"events"`
	RowsAfter []row    `json:"rows_after"`
	Safe      bool     `json:"safe_transition_returns"`
}

// row is one row of a history. The Rails engine never fills from_state, in the
// file it is null throughout; we do.
type row struct {
	SortKey    int             `json:"sort_key"`
	FromState  *workflow.State `json:"from_state"`
	ToState    workflow.State  `json:"to_state"`
	MostRecent bool            `json:"most_recent"`
}

func (p pair) title(kind string) string {
	from := workflow.State("no row")
	if p.From != nil {
		from = *p.From
	}
	return fmt.Sprintf("%s, %s to %s, %s", kind, from, p.To, cmp.Or(p.Precondition, "as it is"))
}

// The results that the file knows.
const (
	transitioned      = "transitioned"
	invalidTransition = "invalid_transition"
	guardFailed       = "guard_failed"
)

// scene is the vector that a pair begins from: a task T with the step s, and
// what the precondition asks for.
func (p pair) scene(kind string) (answers.Vector, error) {
	var prior []answers.Transition
	if p.From != nil {
		prior = []answers.Transition{{ToState: string(*p.From), SortKey: 10, MostRecent: true, Ago: 5}}
	}
	in := func(state workflow.State) []answers.Transition {
		return []answers.Transition{{ToState: string(state), SortKey: 10, MostRecent: true, Ago: 9}}
	}
	t := answers.Task{Task: "T"}
	switch p.Precondition {
	case "", "no_parents":
	case "all_steps_complete":
		t.Steps = []answers.Step{{Step: "done", Transitions: in(workflow.Complete)}}
	case "a_step_pending":
		t.Steps = []answers.Step{{Step: "open"}, {Step: "done", Transitions: in(workflow.Complete)}}
	case "parent_pending":
		t.Steps = []answers.Step{{Step: "parent"}}
	case "parent_complete", "parent_resolved_manually", "parent_cancelled", "parent_error":
		t.Steps = []answers.Step{{Step: "parent", Transitions: in(workflow.State(p.Precondition[len("parent_"):]))}}
	default:
		return answers.Vector{}, fmt.Errorf("an unknown precondition, %s", p.Precondition)
	}
	if kind == "task" {
		t.Transitions = prior
		return answers.Vector{Tasks: []answers.Task{t}}, nil
	}
	if len(t.Steps) > 0 {
		t.Edges = [][]string{{"parent", "s"}}
	}
	t.Steps = append(t.Steps, answers.Step{Step: "s", Transitions: prior})
	return answers.Vector{Tasks: []answers.Task{t}}, nil
}

// owner is a task or a step in a store.
type owner struct {
	store store.Store
	kind  string
	id    int64
}

// history returns the owner's rows, oldest first.
func (o owner) history(ctx context.Context, r store.Reader) ([]workflow.Transition, error) {
	if o.kind == "task" {
		return r.TaskTransitions(ctx, []int64{o.id})
	}
	return r.StepTransitions(ctx, []int64{o.id})
}

// current returns the row that counts and its state.
func current(rows []workflow.Transition) (int64, workflow.State) {
	for _, r := range rows {
		if r.MostRecent {
			return r.ID, r.To
		}
	}
	return 0, workflow.Pending
}

// transit moves the owner as section 4 of the state-machines sheet has it: read
// the state, look the pair up, ask the guard, move from the row that was read.
func (o owner) transit(ctx context.Context, to workflow.State, at workflow.Instant) (result string, err error) {
	err = o.store.Write(ctx, func(tx store.Tx) error {
		rows, err := o.history(ctx, tx)
		if err != nil {
			return err
		}
		id, from := current(rows)
		result, err = o.judge(ctx, tx, from, to)
		if err != nil || result != transitioned {
			return err
		}
		moved, err := o.move(ctx, tx, store.Move{OwnerID: o.id, ExpectedID: id, From: from, Path: []store.Hop{{To: to}}, At: at})
		if err == nil && len(moved) != 1 {
			result = "conflict"
		}
		return err
	})
	return result, err
}

func (o owner) move(ctx context.Context, tx store.Tx, m store.Move) ([]store.Moved, error) {
	if o.kind == "task" {
		return tx.TaskMove(ctx, []store.Move{m})
	}
	return tx.StepMove(ctx, []store.Move{m})
}

// judge looks the pair up and asks the guards G1 and G2.
func (o owner) judge(ctx context.Context, r store.Reader, from, to workflow.State) (string, error) {
	open := false
	switch {
	case o.kind == "task" && !lifecycle.TaskAllowed(from, to), o.kind == "step" && !lifecycle.StepAllowed(from, to):
		return invalidTransition, nil
	case o.kind == "task" && to == workflow.Complete:
		steps, err := r.StepListByTask(ctx, []int64{o.id})
		if err != nil {
			return "", err
		}
		open = slices.ContainsFunc(steps, func(s workflow.Step) bool { return !s.State.Satisfies() })
	case o.kind == "step" && to == workflow.InProgress:
		parents, err := r.ParentList(ctx, []int64{o.id})
		if err != nil {
			return "", err
		}
		open = slices.ContainsFunc(parents, func(p store.Parent) bool { return !p.State.Satisfies() })
	}
	if open {
		return guardFailed, nil
	}
	return transitioned, nil
}

// problems plays one pair on a store and tells where it differs.
func (p pair) problems(t *testing.T, g *answers.Engine, kind string) []string {
	t.Helper()
	v, err := p.scene(kind)
	if err != nil {
		return []string{err.Error()}
	}
	w, err := g.Put(v)
	require.NoError(t, err)
	defer g.Empty(t)
	o := owner{g.Store, kind, w.Tasks["T"]}
	if kind == "step" {
		o.id = w.Steps["s"]
	}
	var before, after []workflow.Transition
	read := func(into *[]workflow.Transition) {
		require.NoError(t, o.store.Read(context.Background(), func(r store.Reader) (err error) {
			*into, err = o.history(context.Background(), r)
			return err
		}))
	}
	read(&before)
	result, err := o.transit(context.Background(), p.To, answers.Moment)
	require.NoError(t, err)
	read(&after)
	problems := p.compare(result, before, after)
	// The idempotent wrapper answers whether a row was written; called again, no
	// row is, since no state leads to itself.
	if safe := result == transitioned; safe != p.Safe {
		problems = append(problems, fmt.Sprintf("the wrapper answers %t", safe))
	}
	if again, err := o.transit(context.Background(), p.To, answers.Moment); err != nil || again == transitioned {
		problems = append(problems, fmt.Sprintf("called again: %s, %v", again, err))
	}
	return problems
}

// compare compares the result, the rows afterwards, and that those of before
// are what they were but for the flag.
func (p pair) compare(result string, before, after []workflow.Transition) (problems []string) {
	if result != p.Result {
		problems = append(problems, result+" instead of "+p.Result)
	}
	if len(after) != len(p.RowsAfter) {
		return append(problems, fmt.Sprintf("%d rows instead of %d", len(after), len(p.RowsAfter)))
	}
	for i, want := range p.RowsAfter {
		have := after[i]
		from := workflow.State("") // what Rails wrote, or the true state in rows of ours
		if i >= len(before) {
			_, from = current(before)
		} else {
			was := before[i]
			was.MostRecent = have.MostRecent
			if d := answers.Difference(answers.Normal(was), answers.Normal(have)); d != "" {
				problems = append(problems, "a row of before was rewritten: "+d)
			}
		}
		if have.SortKey != want.SortKey || have.To != want.ToState || have.MostRecent != want.MostRecent || have.From != from {
			problems = append(problems, fmt.Sprintf("row %d: %+v instead of %+v from %q", i, have, want, from))
		}
	}
	return problems
}

// run plays every pair of both machines on one store.
func (m *machines) run(t *testing.T, c *total) {
	t.Helper()
	g, _ := answers.Executors[c.executor](t).(*answers.Engine)
	for _, p := range m.Task {
		c.count(t, p.title("task"), p.problems(t, g, "task"))
	}
	for _, p := range m.Step {
		c.count(t, p.title("step"), p.problems(t, g, "step"))
	}
}

func TestOfTwoConnectionsOneMoves(t *testing.T) {
	t.Parallel()
	for _, executor := range []string{answers.OnSQLite, answers.OnPostgres} {
		for _, kind := range []string{"task", "step"} {
			for name, prior := range map[string][]answers.Transition{"first row": nil, "later row": {{ToState: "in_progress", SortKey: 10, MostRecent: true, Ago: 5}}} {
				t.Run(executor+" "+kind+" "+name, func(t *testing.T) {
					t.Parallel()
					g, _ := answers.Executors[executor](t).(*answers.Engine)
					w, err := g.Put(answers.Vector{Tasks: []answers.Task{{Task: "T", Transitions: prior, Steps: []answers.Step{{Step: "s", Transitions: prior}}}}})
					require.NoError(t, err)
					id := map[string]int64{"task": w.Tasks["T"], "step": w.Steps["s"]}[kind]
					requireOneWinner(t, owner{g.Store, kind, id})
				})
			}
		}
	}
}

// requireOneWinner lets two transactions move from the row that both have read.
func requireOneWinner(t *testing.T, o owner) {
	t.Helper()
	ctx := context.Background()
	var rows []workflow.Transition
	require.NoError(t, o.store.Read(ctx, func(r store.Reader) (err error) {
		rows, err = o.history(ctx, r)
		return err
	}))
	id, from := current(rows)
	winners := make(chan int, 2)
	for _, to := range []workflow.State{workflow.Error, workflow.Cancelled} {
		go func() {
			n := 0
			err := o.store.Write(ctx, func(tx store.Tx) error {
				moved, err := o.move(ctx, tx, store.Move{OwnerID: o.id, ExpectedID: id, From: from, Path: []store.Hop{{To: to}}, At: answers.Moment})
				n = len(moved)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			winners <- n
		}()
	}
	require.Equal(t, 1, <-winners+<-winners)
	require.NoError(t, o.store.Read(ctx, func(r store.Reader) (err error) {
		rows, err = o.history(ctx, r)
		return err
	}))
	last := rows[len(rows)-1]
	require.Equal(t, from, last.From)
	require.True(t, last.MostRecent)
	require.Equal(t, 10*len(rows), last.SortKey)
}
