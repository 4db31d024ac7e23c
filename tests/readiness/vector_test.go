package readiness_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the vectors, on machines without a zone database

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/graph"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// moment is now in every vector; the observed run had one instant throughout.
var moment = workflow.At(time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC))

type row struct {
	To         workflow.State `json:"to_state"`
	SortKey    int            `json:"sort_key"`
	MostRecent bool           `json:"most_recent"`
	AgoS       float64        `json:"ago_s"`
}

type vectorStep struct {
	Step            string   `json:"step"`
	Attempts        *int     `json:"attempts"`
	RetryLimit      *int     `json:"retry_limit"`
	Retryable       bool     `json:"retryable"`
	InProcess       bool     `json:"in_process"`
	Processed       bool     `json:"processed"`
	LastAttemptedAt *float64 `json:"last_attempted_ago_s"`
	BackoffSeconds  *int     `json:"backoff_request_seconds"`
	Transitions     []row    `json:"transitions"`
}

// UnmarshalJSON applies the defaults that the header of the file states.
func (s *vectorStep) UnmarshalJSON(raw []byte) error {
	type plain vectorStep
	limit := 3
	p := plain{RetryLimit: &limit, Retryable: true}
	err := json.Unmarshal(raw, &p)
	*s = vectorStep(p)
	return err
}

type vectorTask struct {
	Task        string       `json:"task"`
	Transitions []row        `json:"transitions"`
	Steps       []vectorStep `json:"steps"`
	Edges       [][]string   `json:"edges"`
}

type vector struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Zone     string         `json:"session_timezone"`
	Tasks    []vectorTask   `json:"tasks"`
	Expected map[string]any `json:"expected"`
}

func read(t *testing.T, folder, name string, into any) {
	raw, err := os.ReadFile(filepath.Join(folder, name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

func vectors(t *testing.T) []vector {
	var file struct{ Vectors []vector }
	read(t, cmp.Or(os.Getenv("TASKER_VECTORS"), "testdata"), "readiness.json", &file)
	require.GreaterOrEqual(t, len(file.Vectors), 132)
	return file.Vectors
}

// ago returns the instant so many seconds before now.
func ago(seconds float64) workflow.Instant {
	return moment.Plus(-time.Duration(math.Round(seconds*1e6)) * time.Microsecond)
}

// rel is the encoding of an instant: seconds after now, nil for none.
func rel(at workflow.Instant) any {
	if at.IsZero() {
		return nil
	}
	return float64(at.Sub(moment.Time).Microseconds()) / 1e6
}

// current returns the state and the time of the most recent row.
func current(rows []row) (workflow.State, workflow.Instant) {
	for _, r := range rows {
		if r.MostRecent {
			return r.To, ago(r.AgoS)
		}
	}
	return workflow.Pending, workflow.Instant{}
}

// world is a vector's tasks as the engine would see them.
type world struct {
	tasks  map[string]vectorTask
	states map[string]workflow.State
	// clock is now as the comparisons of the session see it: stored times are
	// UTC, and a session in another zone reads them as local (quirk Q14).
	clock workflow.Instant
}

func build(v vector) (world, error) {
	w := world{tasks: map[string]vectorTask{}, states: map[string]workflow.State{}, clock: moment}
	if v.Zone != "" {
		zone, err := time.LoadLocation(v.Zone)
		if err != nil {
			return w, err
		}
		_, offset := moment.In(zone).Zone()
		w.clock = moment.Plus(time.Duration(offset) * time.Second)
	}
	for _, task := range v.Tasks {
		w.tasks[task.Task] = task
		for _, s := range task.Steps {
			w.states[s.Step], _ = current(s.Transitions)
		}
	}
	return w, nil
}

// judge returns the row of the readiness function for one step.
func (w world) judge(task vectorTask, s vectorStep) (readiness.Step, readiness.Verdict) {
	state, since := current(s.Transitions)
	in := readiness.Step{
		State: state, Attempts: s.Attempts, RetryLimit: s.RetryLimit, Retryable: s.Retryable,
		Processed: s.Processed, InProcess: s.InProcess, BackoffSeconds: s.BackoffSeconds, FailedAt: since,
	}
	if s.LastAttemptedAt != nil {
		in.LastAttemptedAt = ago(*s.LastAttemptedAt)
	}
	for _, e := range task.Edges {
		if e[1] == s.Step {
			in.Parents++
			if w.states[e[0]].Satisfies() {
				in.ParentsDone++
			}
		}
	}
	return in, readiness.Rails.Step(in, w.clock)
}

func (w world) readiness(task string, only func(step string) bool) []any {
	rows := []any{}
	for _, s := range w.tasks[task].Steps {
		if !only(s.Step) {
			continue
		}
		in, v := w.judge(w.tasks[task], s)
		attempts, limit := 0, readiness.RetryLimitDefault
		if in.Attempts != nil {
			attempts = *in.Attempts
		}
		if in.RetryLimit != nil {
			limit = *in.RetryLimit
		}
		rows = append(rows, map[string]any{
			"step": s.Step, "task": task, "current_state": v.State, "dependencies_satisfied": v.DependenciesSatisfied,
			"retry_eligible": v.RetryEligible, "ready_for_execution": v.Ready,
			"last_failure_at_rel": rel(v.LastFailureAt), "next_retry_at_rel": rel(v.NextRetryAt),
			"total_parents": in.Parents, "completed_parents": in.ParentsDone, "attempts": attempts, "retry_limit": limit,
			"backoff_request_seconds": in.BackoffSeconds, "last_attempted_at_rel": rel(in.LastAttemptedAt),
		})
	}
	return rows
}

func (w world) context(task string) any {
	status, _ := current(w.tasks[task].Transitions)
	var verdicts []readiness.Verdict
	for _, s := range w.tasks[task].Steps {
		_, v := w.judge(w.tasks[task], s)
		verdicts = append(verdicts, v)
	}
	c := readiness.Rails.Task(status, verdicts, w.clock)
	percentage := fmt.Sprintf("%.2f", c.CompletionPercentage)
	if c.TotalSteps == 0 {
		percentage = "0.0"
	}
	return map[string]any{
		"task": task, "status": c.Status, "total_steps": c.TotalSteps, "pending_steps": c.PendingSteps,
		"in_progress_steps": c.InProgressSteps, "completed_steps": c.CompletedSteps, "failed_steps": c.FailedSteps,
		"ready_steps": c.ReadySteps, "execution_status": c.ExecutionStatus, "recommended_action": c.RecommendedAction,
		"completion_percentage": percentage, "health_status": c.HealthStatus,
	}
}

func (w world) graph(task string) *graph.Graph[string] {
	var nodes []string
	var edges []graph.Edge[string]
	for _, s := range w.tasks[task].Steps {
		nodes = append(nodes, s.Step)
	}
	for _, e := range w.tasks[task].Edges {
		edges = append(edges, graph.Edge[string]{From: e[0], To: e[1]})
	}
	return graph.New(nodes, edges)
}

func (w world) levels(task string) []any {
	g := w.graph(task)
	rows := [][2]any{}
	levels := g.Levels()
	for _, k := range g.Nodes() {
		if level, has := levels[k]; has {
			rows = append(rows, [2]any{k, level})
		}
	}
	slices.SortStableFunc(rows, func(a, b [2]any) int { return a[1].(int) - b[1].(int) })
	list := []any{}
	for _, r := range rows {
		list = append(list, r)
	}
	return list
}

// view is the part of the relationship view that the graph answers.
func (w world) view(task string) []any {
	g := w.graph(task)
	depths := g.Depths()
	rows := []any{}
	for _, k := range g.Nodes() {
		depth := any(nil)
		if d, has := depths[k]; has {
			depth = d
		}
		rows = append(rows, map[string]any{"step": k, "min_depth_from_root": depth})
	}
	return rows
}

// normal brings a value into the form that decoded JSON has.
func normal(value any) any {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return err
	}
	return out
}

// difference compares what was computed with what a vector expects; fields that
// the expectation does not name are not compared.
func difference(expected, got any) string {
	switch want := expected.(type) {
	case map[string]any:
		have, _ := got.(map[string]any)
		for key, value := range want {
			actual, known := have[key]
			if !known {
				return "no " + key
			}
			if d := difference(value, actual); d != "" {
				return key + ": " + d
			}
		}
		return ""
	case []any:
		have, _ := got.([]any)
		if len(want) != len(have) {
			return fmt.Sprintf("%d rows instead of %d", len(have), len(want))
		}
		for i := range want {
			if d := difference(want[i], have[i]); d != "" {
				return fmt.Sprintf("row %d: %s", i, d)
			}
		}
		return ""
	}
	if !reflect.DeepEqual(expected, got) {
		return fmt.Sprintf("%v instead of %v", got, expected)
	}
	return ""
}

// check runs one vector and returns the first difference, empty when there is
// none.
func check(v vector) string {
	w, err := build(v)
	if err != nil {
		return err.Error()
	}
	for call, expected := range v.Expected {
		if d := w.call(v, call, expected); d != "" {
			return call + ": " + d
		}
	}
	return ""
}

func all(string) bool { return true }

func none(string) bool { return false }

// call answers one call of a vector. The calls with arguments are those of the
// file; their meaning is that of section 1 of the sheet.
func (w world) call(v vector, call string, expected any) string {
	if failed, ok := expected.(map[string]any); ok && failed["error"] != nil {
		return w.repaired(v, call)
	}
	first := ""
	if len(v.Tasks) > 0 {
		first = v.Tasks[0].Task
	}
	switch call {
	case "insert_error":
		return w.rejected(v)
	case "readiness":
		return difference(expected, normal(w.readiness(first, all)))
	case "context":
		return difference(expected, normal(w.context(first)))
	case "levels":
		return difference(expected, normal(w.levels(first)))
	case "dag_view":
		return difference(trimmed(expected), normal(w.view(first)))
	case "readiness(T, step_ids=[])":
		return difference(expected, normal(w.readiness("T", none)))
	case "readiness(T, step_ids=[x])":
		return difference(expected, normal(w.readiness("T", func(s string) bool { return s == "x" })))
	case "readiness_batch([U,T,U,unknown])":
		return difference(expected, normal(append(w.readiness("T", all), w.readiness("U", all)...)))
	case "contexts_batch([U,T,U,unknown])":
		return difference(expected, normal([]any{w.context("T"), w.context("U"), w.context("U")}))
	case "contexts_batch([U,T])":
		return difference(expected, normal([]any{w.context("T"), w.context("U")}))
	case "readiness(NULL)", "context(NULL)", "levels(NULL)", "readiness_batch([])", "readiness_batch(NULL)",
		"contexts_batch([])", "contexts_batch(NULL)":
		return difference(expected, normal(w.readiness("no such task", all)))
	}
	return "an unknown call"
}

// trimmed keeps of each row of the view what world.view answers.
func trimmed(expected any) any {
	var rows []any
	list, _ := expected.([]any)
	for _, r := range list {
		m, _ := r.(map[string]any)
		rows = append(rows, map[string]any{"step": m["step"], "min_depth_from_root": m["min_depth_from_root"]})
	}
	return rows
}

// repaired checks the two places where the SQL fails and this policy must not:
// the overflow from 44 attempts on, where the capped wait holds, and the cycle
// that a root reaches, where the levels end.
func (w world) repaired(v vector, call string) string {
	task := v.Tasks[0]
	if call == "levels" {
		return difference(normal([]any{[]any{"a", 0}}), normal(w.levels(task.Task)))
	}
	s := task.Steps[0]
	in, verdict := w.judge(task, s)
	if got := verdict.NextRetryAt; !got.Equal(in.FailedAt.Plus(30 * time.Second).Time) {
		return "the wait is not the cap: " + got.String()
	}
	if verdict.Ready != (*s.Attempts < *s.RetryLimit) {
		return "readiness does not follow the limit"
	}
	return ""
}

// rejected checks that a vector that the database refused holds two rows of one
// step that cannot both be there.
func (w world) rejected(v vector) string {
	for _, s := range v.Tasks[0].Steps {
		recent, keys := 0, map[int]bool{}
		for _, r := range s.Transitions {
			if r.MostRecent {
				recent++
			}
			keys[r.SortKey] = true
		}
		if recent > 1 || len(keys) < len(s.Transitions) {
			return ""
		}
	}
	return "nothing contradicts itself"
}

func TestEveryVectorOfTheSQLFunctionsAgreesWithTheRailsPolicy(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		require.Empty(t, check(v), "%s %s", v.ID, v.Title)
	}
}

// alter changes the first value it finds at every depth of an expectation, one
// at a time, and reports each altered copy.
func alter(expected map[string]any, report func(path string)) {
	var walk func(path string, value any, set func(any))
	walk = func(path string, value any, set func(any)) {
		switch x := value.(type) {
		case map[string]any:
			for key, inner := range x {
				walk(path+"."+key, inner, func(changed any) { x[key] = changed })
			}
		case []any:
			for i, inner := range x {
				walk(fmt.Sprint(path, i), inner, func(changed any) { x[i] = changed })
			}
		default:
			set("altered")
			report(path)
			set(value)
		}
	}
	walk("", expected, nil)
}

func TestAlteringAnyExpectedValueIsNoticed(t *testing.T) {
	t.Parallel()
	altered := 0
	for _, v := range vectors(t) {
		if v.Expected["insert_error"] != nil {
			continue // the database's own words, which nothing here computes
		}
		delete(v.Expected, "dag_view") // the graph answers only two of its columns
		for _, call := range []string{"readiness", "context", "levels"} {
			if failed, ok := v.Expected[call].(map[string]any); ok && failed["error"] != nil {
				delete(v.Expected, call) // repaired, not reproduced
			}
		}
		alter(v.Expected, func(path string) {
			altered++
			require.NotEmpty(t, check(v), "%s%s", v.ID, path)
		})
	}
	require.Greater(t, altered, 4000)
}
