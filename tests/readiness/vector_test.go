package readiness_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
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
	read(t, "../vectors/testdata", "readiness.json", &file)
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
