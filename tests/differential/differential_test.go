// Package differential_test compares everything that answers the questions of
// the SQL functions on random graphs: they agree, whatever is in the rows.
package differential_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/tests/answers"
)

// graphs is how many graphs a run compares; DIFFERENTIAL_N says otherwise.
const graphs = 200

func number(t *testing.T) int {
	t.Helper()
	text := os.Getenv("DIFFERENTIAL_N")
	if text == "" {
		return graphs
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// calls are what is asked about each graph under the policy rails.
var calls = []string{
	"readiness", "readiness(T, step_ids=[s0,s2,us0,s2])", "readiness_batch([U,T,unknown,U])", "context", "contexts_batch([U,T,unknown,U])",
	"levels", "levels(U)", "analytics", "slowest_steps", "slowest_tasks", "health",
}

// coreCalls are what is asked under the policy core, where the SQL functions have
// no say; levels know no policy.
var coreCalls = []string{"readiness", "readiness_batch([U,T])", "contexts_batch([U,T])", "analytics", "slowest_tasks", "health"}

// viewMax is how many steps a graph may have for the view to be asked: the view
// walks every depth of every step.
const viewMax = 40

func TestEveryExecutorAgreesOnAnyGraph(t *testing.T) {
	t.Parallel()
	n := number(t)
	const lanes = 2
	for lane := range lanes {
		t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
			t.Parallel()
			j := newJudges(t)
			for seed := lane; seed < n; seed += lanes {
				if problem := j.compare(t, draw(uint64(seed))); problem != "" {
					require.Fail(t, problem, "seed %d", seed)
				}
			}
			require.Greater(t, j.ready, n/lanes, "a graph has about ten ready steps, or the graphs say nothing")
		})
	}
}

// judges are the executors, each on a database of its own, and how many steps
// they found ready.
type judges struct {
	sqlite, postgres         *answers.Engine
	sqliteCore, postgresCore *answers.Engine
	functions                answers.Executor
	ready                    int
}

func newJudges(t *testing.T) *judges {
	t.Helper()
	j := &judges{functions: answers.Executors[answers.InSQL](t)}
	j.sqlite, _ = answers.Executors[answers.OnSQLite](t).(*answers.Engine)
	j.postgres, _ = answers.Executors[answers.OnPostgres](t).(*answers.Engine)
	j.sqliteCore, j.postgresCore = j.sqlite.Under(t, readiness.Core), j.postgres.Under(t, readiness.Core)
	return j
}

// answered are the answers to all calls, those under core with a mark.
type answered map[string]any

// underCore marks an answer under the policy core.
const underCore = "core: "

// compare asks everybody and tells the first difference.
func (j *judges) compare(t *testing.T, v answers.Vector) string {
	t.Helper()
	v.Expected = map[string]any{}
	for _, c := range calls {
		v.Expected[c] = nil
	}
	if len(v.Tasks[0].Steps) <= viewMax {
		v.Expected["dag_view"] = nil
	}
	var all [3]answered
	var wait sync.WaitGroup
	wait.Go(func() { all[0] = j.askEngine(t, v, j.sqlite, j.sqliteCore) })
	wait.Go(func() { all[1] = j.askEngine(t, v, j.postgres, j.postgresCore) })
	wait.Go(func() { all[2] = j.askFunctions(t, v) })
	wait.Wait()
	j.ready += readySteps(all[2]["context"])
	return disagreement(all[0], all[1], all[2])
}

// disagreement compares both engines with the functions under rails, and with
// each other in everything.
func disagreement(sqlite, postgres, functions answered) string {
	for call, want := range functions {
		if d := answers.Difference(want, sqlite[call]); d != "" {
			return call + ", Go on SQLite against the function: " + d
		}
	}
	for call, want := range sqlite {
		if d := answers.Difference(want, postgres[call]); d != "" {
			return call + ", PostgreSQL against SQLite: " + d
		}
	}
	return ""
}

func (j *judges) askEngine(t *testing.T, v answers.Vector, rails, core *answers.Engine) answered {
	found := answered{}
	ctx := context.Background()
	w, err := rails.Put(v)
	if err != nil {
		return answered{"insert": err.Error()}
	}
	defer rails.Empty(t)
	ask := func(e *answers.Engine, mark, key string) {
		c, err := answers.ParseCall(key, v.First())
		if err == nil {
			var rows any
			if rows, err = e.Ask(ctx, w, v, c); err == nil {
				found[mark+key] = answers.Normal(rows)
				return
			}
		}
		found[mark+key] = err.Error()
	}
	for key := range v.Expected {
		ask(rails, "", key)
	}
	for _, key := range coreCalls {
		ask(core, underCore, key)
	}
	return found
}

func (j *judges) askFunctions(t *testing.T, v answers.Vector) answered {
	found := answered{}
	j.functions.Run(t, v, func(key string, answer func(answers.Call) (any, error)) {
		c, err := answers.ParseCall(key, v.First())
		if err == nil {
			var rows any
			if rows, err = answer(c); err == nil {
				found[key] = answers.Normal(rows)
				return
			}
		}
		found[key] = err.Error()
	})
	return found
}

// readySteps is how many steps a context has ready.
func readySteps(context any) int {
	row, _ := context.(map[string]any)
	n, _ := row["ready_steps"].(float64)
	return int(n)
}

func TestADifferenceBetweenExecutorsIsNoticed(t *testing.T) {
	t.Parallel()
	j := newJudges(t)
	v := draw(3)
	require.Empty(t, j.compare(t, v))
	v.Expected = map[string]any{"readiness": nil, "levels": nil, "context": nil}
	functions := j.askFunctions(t, v)
	changes := map[string]func(*answers.Vector){
		"a flag":        func(v *answers.Vector) { v.Tasks[0].Steps[0].Processed = !v.Tasks[0].Steps[0].Processed },
		"an edge":       func(v *answers.Vector) { v.Tasks[0].Edges = append(v.Tasks[0].Edges, []string{"s0", "s1"}) },
		"a microsecond": func(v *answers.Vector) { ago := 7.000001; v.Tasks[0].Steps[1].LastAttempted = &ago },
		"a task's state": func(v *answers.Vector) {
			v.Tasks[0].Transitions = []answers.Transition{{ToState: "odd", MostRecent: true}}
		},
	}
	for name, change := range changes {
		changed := draw(3)
		changed.Expected = v.Expected
		change(&changed)
		sqlite := j.askEngine(t, changed, j.sqlite, j.sqliteCore)
		require.NotEmpty(t, disagreement(sqlite, sqlite, functions), name)
	}
}
