package lifecycle_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/lifecycle"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// rule is one of the two machines as the package exports it.
type rule struct {
	allowed func(from, to workflow.State) bool
	path    func(from, to workflow.State) ([]workflow.State, bool)
	refusal func(from, to workflow.State) *fault.Error
}

var (
	taskRule = rule{lifecycle.TaskAllowed, lifecycle.TaskPath, lifecycle.TaskRefusal}
	stepRule = rule{lifecycle.StepAllowed, lifecycle.StepPath, lifecycle.StepRefusal}
)

// matrix spells out every pair of a machine: a row per state, a column per
// target in the order of workflow.States; Y is a direct move, a digit the
// number of hops of an indirect one, a point no way at all.
type matrix map[workflow.State]string

var (
	taskMatrix = matrix{
		workflow.Pending:          ".Y2YY.",
		workflow.InProgress:       "Y.YYY.",
		workflow.Complete:         "....Y.",
		workflow.Error:            "Y23.2Y",
		workflow.Cancelled:        "......",
		workflow.ResolvedManually: "....Y.",
	}
	stepMatrix = matrix{
		workflow.Pending:          ".Y.YYY",
		workflow.InProgress:       "2.YYY2",
		workflow.Complete:         "......",
		workflow.Error:            "Y2..2Y",
		workflow.Cancelled:        "......",
		workflow.ResolvedManually: "......",
	}
)

// disagreements lists the pairs in which the package and the matrix differ.
func disagreements(m matrix, r rule) (bad []string) {
	for _, from := range workflow.States {
		for column, to := range workflow.States {
			path, ok := r.path(from, to)
			got := "."
			switch {
			case r.allowed(from, to):
				got = "Y"
			case ok:
				got = fmt.Sprint(len(path))
			}
			if got != m[from][column:column+1] {
				bad = append(bad, fmt.Sprintf("%s to %s is %s", from, to, got))
			}
		}
	}
	return bad
}

func TestEveryPairOfBothMachinesIsAsInTheMatrix(t *testing.T) {
	t.Parallel()
	require.Empty(t, disagreements(taskMatrix, taskRule))
	require.Empty(t, disagreements(stepMatrix, stepRule))
}

func TestAnAlteredMatrixIsNoticed(t *testing.T) {
	t.Parallel()
	altered := matrix{}
	for from, row := range stepMatrix {
		altered[from] = row
	}
	altered[workflow.Error] = "YY..2Y"
	require.Equal(t, []string{"error to in_progress is 2"}, disagreements(altered, stepRule))
}

func TestEveryHopOfAPathIsLegalAndTheLastIsTheTarget(t *testing.T) {
	t.Parallel()
	for _, r := range []rule{taskRule, stepRule} {
		for _, from := range workflow.States {
			for _, to := range workflow.States {
				path, ok := r.path(from, to)
				require.Equal(t, ok, len(path) > 0)
				at := from
				for _, hop := range path {
					require.True(t, r.allowed(at, hop), "%s to %s", at, hop)
					at = hop
				}
				if ok {
					require.Equal(t, to, at)
				}
			}
		}
	}
}

func TestPathsAreThoseOfTheDesign(t *testing.T) {
	t.Parallel()
	path := func(r rule, from, to workflow.State) []workflow.State { p, _ := r.path(from, to); return p }
	viaPending := func(to workflow.State) []workflow.State { return []workflow.State{workflow.Pending, to} }
	for _, r := range []rule{taskRule, stepRule} {
		require.Equal(t, viaPending(workflow.Cancelled), path(r, workflow.Error, workflow.Cancelled), "D15: cancel from error")
		require.Equal(t, viaPending(workflow.InProgress), path(r, workflow.Error, workflow.InProgress), "D15 and D1: retry, claim")
	}
	require.Equal(t, []workflow.State{workflow.Error, workflow.Pending}, path(stepRule, workflow.InProgress, workflow.Pending), "release")
	require.Equal(t, []workflow.State{workflow.Error, workflow.ResolvedManually},
		path(stepRule, workflow.InProgress, workflow.ResolvedManually), "D15: done by hand while a worker has it")
}

func TestPathsBelongToTheCaller(t *testing.T) {
	t.Parallel()
	path, _ := lifecycle.StepPath(workflow.Error, workflow.Cancelled)
	path[0] = "spoiled"
	again, _ := lifecycle.StepPath(workflow.Error, workflow.Cancelled)
	require.Equal(t, workflow.Pending, again[0])
}

func TestUnknownStatesLeadNowhere(t *testing.T) {
	t.Parallel()
	for _, r := range []rule{taskRule, stepRule} {
		for _, s := range workflow.States {
			_, out := r.path("skipped", s)
			_, in := r.path(s, "skipped")
			require.False(t, out || in || r.allowed("skipped", s) || r.allowed(s, "skipped"))
		}
	}
}

func TestRefusalsNameBothStatesAndTheWaysOut(t *testing.T) {
	t.Parallel()
	err := lifecycle.StepRefusal(workflow.Error, workflow.Complete)
	require.Equal(t, fault.Conflict, err.Kind)
	require.Equal(t, "a step cannot go from error to complete", err.Message)
	require.Equal(t, "from error a step can go to pending, resolved_manually", err.Remedy)
	require.Equal(t, map[string]any{"from": "error", "to": "complete"}, err.Details)
	require.Equal(t, "cancelled is final for a task", lifecycle.TaskRefusal(workflow.Cancelled, workflow.Pending).Remedy)
}

// vector is one observed transition of the Rails engine.
type vector struct {
	From         workflow.State `json:"from"`
	To           workflow.State `json:"to"`
	Precondition string         `json:"precondition"`
	Result       string         `json:"result"`
}

func load(t *testing.T) (vectors struct{ Task, Step []vector }) {
	raw, err := os.ReadFile(filepath.Join("../vectors/testdata", "state_machines.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &vectors))
	require.GreaterOrEqual(t, len(vectors.Task), 49)
	require.GreaterOrEqual(t, len(vectors.Step), 77)
	return vectors
}

// contradicted reports whether the observed result differs from the table. A
// guard that fails shows that the pair itself is allowed; no row is pending.
func contradicted(v vector, r rule) bool {
	return r.allowed(cmp.Or(v.From, workflow.Pending), v.To) != (v.Result == "transitioned" || v.Result == "guard_failed")
}

func TestEveryObservedTransitionAgreesWithTheTables(t *testing.T) {
	t.Parallel()
	vectors := load(t)
	for _, v := range vectors.Task {
		require.False(t, contradicted(v, taskRule), "task %+v", v)
	}
	for _, v := range vectors.Step {
		require.False(t, contradicted(v, stepRule), "step %+v", v)
	}
}

func TestAnAlteredObservationIsNoticed(t *testing.T) {
	t.Parallel()
	v := load(t).Step[1]
	v.Result = "invalid_transition"
	require.True(t, contradicted(v, stepRule))
}
