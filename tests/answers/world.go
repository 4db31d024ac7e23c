package answers

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// First ids. They differ in length, so that an id in the place of another kind's
// finds nothing.
const (
	firstTask = 1_001
	firstStep = 50_001
	firstEdge = 700_001
	firstRow  = 8_000_001
)

// table is rows for one table: the names of its columns and their values.
type table struct {
	name, columns string
	rows          [][]any
}

// World is what a vector puts into a database, and the ids that its names got.
type World struct {
	now        workflow.Instant // in every vector there is one instant throughout
	Tasks      map[string]int64
	Steps      map[string]int64
	taskNames  map[int64]string
	stepNames  map[int64]string
	namedTasks map[[3]string]int64
	namespaces map[string]int64
	namedSteps map[string]int64
	tables     []*table
	at         map[string]*table
}

// columns of the tables, in the order in which foreign keys allow them.
var columns = [][2]string{
	{"tasker_task_namespaces", "task_namespace_id, name"},
	{"tasker_dependent_systems", "dependent_system_id, name"},
	{"tasker_named_tasks", "named_task_id, name, task_namespace_id, version, configuration"},
	{"tasker_named_steps", "named_step_id, dependent_system_id, name"},
	{"tasker_tasks", "task_id, named_task_id, complete, requested_at, identity_hash"},
	{"tasker_workflow_steps", "workflow_step_id, task_id, named_step_id, retryable, retry_limit, in_process, processed, attempts, " +
		"last_attempted_at, backoff_request_seconds"},
	{"tasker_workflow_step_edges", "id, from_step_id, to_step_id, name"},
	{"tasker_task_transitions", "id, task_id, to_state, sort_key, most_recent"},
	{"tasker_workflow_step_transitions", "id, workflow_step_id, to_state, sort_key, most_recent"},
}

func newWorld(now workflow.Instant) *World {
	w := &World{now: now, Tasks: map[string]int64{}, Steps: map[string]int64{}, taskNames: map[int64]string{},
		stepNames: map[int64]string{}, namedTasks: map[[3]string]int64{}, namespaces: map[string]int64{},
		namedSteps: map[string]int64{}, at: map[string]*table{}}
	for _, c := range columns {
		w.tables = append(w.tables, &table{name: c[0], columns: c[1] + ", created_at, updated_at"})
		w.at[c[0]] = w.tables[len(w.tables)-1]
	}
	w.add("tasker_dependent_systems", now, 1, "default")
	return w
}

// add adds a row; both its timestamps are the instant.
func (w *World) add(table string, at workflow.Instant, values ...any) {
	t := w.at[table]
	t.rows = append(t.rows, append(values, stored(at), stored(at)))
}

// Build turns a vector into rows. Steps come before all edges and histories,
// since an edge may lead to a task that is named later.
func Build(v Vector, now workflow.Instant) *World {
	w := newWorld(now)
	for _, t := range v.Tasks {
		id := firstTask + int64(len(w.Tasks))
		w.Tasks[t.Task], w.taskNames[id] = id, t.Task
		w.add("tasker_tasks", w.ago(t.CreatedAgo), id, w.namedTask(t), t.Complete, stored(w.ago(t.CreatedAgo)), "identity of "+t.Task)
		for _, s := range t.Steps {
			w.addStep(id, s)
		}
	}
	for _, t := range v.Tasks {
		w.history("tasker_task_transitions", w.Tasks[t.Task], t.Transitions)
		for _, s := range t.Steps {
			w.history("tasker_workflow_step_transitions", w.Steps[s.Step], s.Transitions)
		}
		for _, e := range t.Edges {
			name := workflow.Provides
			if len(e) > 2 {
				name = e[2]
			}
			w.add("tasker_workflow_step_edges", now, w.next("tasker_workflow_step_edges", firstEdge), w.Steps[e[0]], w.Steps[e[1]], name)
		}
	}
	return w
}

// next is the id of the next row of a table.
func (w *World) next(table string, first int64) int64 { return first + int64(len(w.at[table].rows)) }

func (w *World) addStep(task int64, s Step) {
	id := w.next("tasker_workflow_steps", firstStep)
	w.Steps[s.Step], w.stepNames[id] = id, s.Step
	named, known := w.namedSteps[s.Step]
	if !known {
		named = int64(len(w.namedSteps) + 1)
		w.namedSteps[s.Step] = named
		w.add("tasker_named_steps", w.now, named, 1, s.Step)
	}
	var attempted any
	if s.LastAttempted != nil {
		attempted = stored(w.ago(*s.LastAttempted))
	}
	w.add("tasker_workflow_steps", w.ago(s.CreatedAgo), id, task, named, s.Retryable == nil || *s.Retryable, s.RetryLimit.stored(),
		s.InProcess, s.Processed, nullable(s.Attempts), attempted, nullable(s.Backoff))
}

func (w *World) history(table string, owner int64, rows []Transition) {
	for _, r := range rows {
		w.add(table, w.ago(r.Ago), w.next(table, firstRow), owner, r.ToState, r.SortKey, r.MostRecent)
	}
}

// namedTask returns the id of a task's type, default/wf@0.1.0 unless it says
// otherwise.
func (w *World) namedTask(t Task) int64 {
	key := [3]string{or(t.Namespace, "default"), or(t.Name, "wf"), or(t.Version, "0.1.0")}
	if id, known := w.namedTasks[key]; known {
		return id
	}
	space, known := w.namespaces[key[0]]
	if !known {
		space = int64(len(w.namespaces) + 1)
		w.namespaces[key[0]] = space
		w.add("tasker_task_namespaces", w.now, space, key[0])
	}
	id := int64(len(w.namedTasks) + 1)
	w.namedTasks[key] = id
	w.add("tasker_named_tasks", w.now, id, key[1], space, key[2], "{}")
	return id
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// ago returns the instant so many seconds before now.
func (w *World) ago(seconds float64) workflow.Instant {
	return w.now.Plus(-time.Duration(math.Round(seconds*1e6)) * time.Microsecond)
}

// rel is the encoding of an instant: seconds after now, nil for none.
func (w *World) rel(at workflow.Instant) any {
	if at.IsZero() {
		return nil
	}
	return float64(at.Sub(w.now.Time).Microseconds()) / 1e6
}

// stored is how both databases take an instant.
func stored(at workflow.Instant) string { return at.UTC().Format("2006-01-02 15:04:05.000000") }

func nullable(n *int) any {
	if n == nil {
		return nil
	}
	return *n
}

// chunk bounds the rows of one statement: the databases bound its parameters.
const chunk = 500

// Insert writes the rows with what executes a statement, past any store.
func (w *World) Insert(ctx context.Context, execute func(ctx context.Context, text string, args ...any) error) error {
	for _, t := range w.tables {
		for from := 0; from < len(t.rows); from += chunk {
			text, args := t.statement(t.rows[from:min(from+chunk, len(t.rows))])
			if err := execute(ctx, text, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *table) statement(rows [][]any) (string, []any) {
	var text strings.Builder
	var args []any
	fmt.Fprintf(&text, "INSERT INTO %s (%s) VALUES ", t.name, t.columns)
	for i, row := range rows {
		if i > 0 {
			text.WriteString(", ")
		}
		for k, value := range row {
			args = append(args, value)
			fmt.Fprintf(&text, "%s$%d", map[bool]string{true: "(", false: ", "}[k == 0], len(args))
		}
		text.WriteString(")")
	}
	return text.String(), args
}
