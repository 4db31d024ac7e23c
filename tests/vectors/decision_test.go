package vectors_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/answers"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// decision is one example of a decision of the policy core: operations of the
// engine, and what they answer. The header of the file explains the form.
type decision struct {
	ID         string          `json:"id"`
	Rule       string          `json:"rule"`
	Title      string          `json:"title"`
	Derivation string          `json:"derivation"`
	Template   json.RawMessage `json:"template"`
	Create     json.RawMessage `json:"create"`
	Script     []stroke        `json:"script"`
}

// stroke is one operation with its request, and what is expected of the answer.
type stroke struct {
	Do     string         `json:"do"`
	With   map[string]any `json:"with"`
	Expect map[string]any `json:"expect"`
}

// operation runs one use case on bytes.
type operation func(ctx context.Context, e *engine.Engine, raw []byte) ([]byte, error)

func operationOf[Request, Reply any](use func(*engine.Engine, context.Context, Request) (Reply, error)) operation {
	requests, replies := wire.CodecOf[Request](), wire.CodecOf[Reply]()
	return func(ctx context.Context, e *engine.Engine, raw []byte) ([]byte, error) {
		request, err := requests.Decode(raw)
		if err != nil {
			return nil, err
		}
		reply, err := use(e, ctx, request)
		if err != nil {
			return nil, err
		}
		return replies.Encode(reply)
	}
}

// operations are those that the scripts use.
var operations = map[string]operation{
	"template_register": operationOf((*engine.Engine).RegisterTemplate),
	"template_validate": operationOf((*engine.Engine).ValidateTemplate),
	"task_create":       operationOf((*engine.Engine).CreateTask),
	"task_get":          operationOf((*engine.Engine).GetTask),
	"task_list":         operationOf((*engine.Engine).ListTasks),
	"task_context":      operationOf((*engine.Engine).GetContext),
	"task_cancel":       operationOf((*engine.Engine).CancelTask),
	"task_retry":        operationOf((*engine.Engine).RetryTask),
	"step_readiness":    operationOf((*engine.Engine).ListReadiness),
	"step_claim":        operationOf((*engine.Engine).ClaimSteps),
	"step_report":       operationOf((*engine.Engine).ReportSteps),
	"step_release":      operationOf((*engine.Engine).ReleaseSteps),
	"step_get":          operationOf((*engine.Engine).GetStep),
	"step_retry":        operationOf((*engine.Engine).RetrySteps),
	"step_resolve":      operationOf((*engine.Engine).ResolveSteps),
	"step_transition":   operationOf((*engine.Engine).MoveStep),
	"step_heartbeat":    operationOf((*engine.Engine).HeartbeatSteps),
	"transition_list":   operationOf((*engine.Engine).ListTransitions),
}

// stage is the engine that a script runs on, and the values of its names.
type stage struct {
	*factory.Lab
	t     testing.TB
	names map[string]any
	// expected and answered are those of the strokes that were played.
	expected, answered []any
}

// problems plays the script on a store.
func (d *decision) problems(t testing.TB, open factory.OpenFunc) []string {
	t.Helper()
	_, problems := d.perform(t, open)
	return problems
}

func (d *decision) perform(t testing.TB, open factory.OpenFunc) (*stage, []string) {
	t.Helper()
	s := &stage{Lab: factory.NewLab(t, open), t: t, names: map[string]any{}}
	if err := s.set(d); err != nil {
		return s, []string{err.Error()}
	}
	var problems []string
	for i, stroke := range d.Script {
		if problem := s.play(stroke); problem != "" {
			problems = append(problems, fmt.Sprintf("%s, number %d: %s", stroke.Do, i+1, problem))
		}
	}
	for _, v := range s.violations() {
		problems = append(problems, fmt.Sprintf("an invariant does not hold: %+v", v))
	}
	return s, problems
}

// set registers the template and a worker, and creates the task.
func (s *stage) set(d *decision) error {
	s.names["worker"] = s.Worker()
	if d.Template == nil {
		return nil
	}
	var shape struct{ Name string }
	if err := json.Unmarshal(d.Template, &shape); err != nil {
		return err
	}
	if _, err := s.run("template_register", map[string]any{"template": d.Template}); err != nil {
		return err
	}
	if string(d.Create) == "false" {
		return nil
	}
	request := map[string]any{"name": shape.Name, "context": map[string]any{"n": 1}}
	if d.Create != nil {
		if err := json.Unmarshal(d.Create, &request); err != nil {
			return err
		}
	}
	_, err := s.run("task_create", request)
	return err
}

func (s *stage) violations() (found []store.Violation) {
	require.NoError(s.t, s.Sweep(context.Background()))
	require.NoError(s.t, s.Store.Read(context.Background(), func(r store.Reader) (err error) {
		found, err = r.Violations(context.Background(), 10)
		return err
	}))
	return found
}

// play plays one stroke and tells the difference.
func (s *stage) play(stroke stroke) string {
	with, _ := s.filled(stroke.With).(map[string]any)
	reply, err := s.run(stroke.Do, with)
	if err != nil {
		if wire.ErrorReply(err) == nil {
			return err.Error()
		}
		reply = nil
		if problem := json.Unmarshal(wire.ErrorReply(err), &reply); problem != nil {
			return problem.Error()
		}
		if stroke.Expect["error"] == nil {
			return err.Error()
		}
	}
	expected := s.filled(expectation(stroke.Expect))
	s.expected, s.answered = append(s.expected, expected), append(s.answered, reply)
	return answers.Difference(expected, reply)
}

// expectation is an empty object when nothing is expected but success.
func expectation(expect map[string]any) map[string]any {
	if expect == nil {
		return map[string]any{}
	}
	return expect
}

// run runs an operation, or one of the few things that happen to an engine.
func (s *stage) run(name string, with map[string]any) (map[string]any, error) {
	switch name {
	case "advance":
		s.advance(with["seconds"].(float64))
		return nil, nil
	case "lose_workers":
		s.LoseWorkers()
		return nil, nil
	case "register_worker":
		s.names["worker"] = s.Worker()
		return nil, nil
	case "foreign":
		s.Foreign(int64(with["step_id"].(float64)), workflow.State(with["to_state"].(string)))
		return nil, s.Sweep(context.Background())
	}
	run, known := operations[name]
	if !known {
		return nil, fmt.Errorf("an unknown operation")
	}
	raw, err := json.Marshal(with)
	if err != nil {
		return nil, err
	}
	encoded, err := run(context.Background(), s.Engine, raw)
	if err != nil {
		return nil, err
	}
	var reply map[string]any
	if err := json.Unmarshal(encoded, &reply); err != nil {
		return nil, err
	}
	s.remember(name, reply)
	return reply, nil
}

// advance moves the clock with heartbeats, and sweeps when it stands.
func (s *stage) advance(seconds float64) {
	const beat = factory.LeasePeriod / 3
	for left := time.Duration(seconds * float64(time.Second)); left > 0; left -= beat {
		s.Clock.Advance(min(left, beat))
		require.NoError(s.t, s.Beat(context.Background()))
	}
	require.NoError(s.t, s.Sweep(context.Background()))
}

// remember names what an answer brought: task and the steps of the first task
// that was created, and the epochs of steps that were claimed.
func (s *stage) remember(name string, reply map[string]any) {
	switch name {
	case "task_create":
		if s.names["task"] != nil {
			return
		}
		s.names["task"] = reply["task_id"]
		for step, info := range s.Steps(int64(reply["task_id"].(float64))) {
			s.names[step] = info.StepID
		}
	case "step_claim":
		list, _ := reply["steps"].([]any)
		for _, item := range list {
			step, _ := item.(map[string]any)
			s.names[step["name"].(string)+".epoch"] = step["epoch"]
		}
	}
}

// moment is how the file writes an instant: seconds after the clock's start.
var moment = regexp.MustCompile(`^T\+(\d+(?:\.\d+)?)$`)

// filled replaces names by their values and moments by instants. It changes
// copies.
func (s *stage) filled(value any) any {
	switch x := value.(type) {
	case map[string]any:
		filled := make(map[string]any, len(x))
		for key, inner := range x {
			filled[key] = s.filled(inner)
		}
		return filled
	case []any:
		filled := make([]any, len(x))
		for i, inner := range x {
			filled[i] = s.filled(inner)
		}
		return filled
	case string:
		if name, ok := strings.CutPrefix(x, "$"); ok {
			return answers.Normal(s.names[name])
		}
		if match := moment.FindStringSubmatch(x); match != nil {
			seconds, _ := strconv.ParseFloat(match[1], 64)
			return workflow.At(testdb.Start).Plus(time.Duration(seconds * float64(time.Second))).String()
		}
	}
	return value
}

func TestEveryDecisionHasThreeExamplesWithTheirDerivation(t *testing.T) {
	t.Parallel()
	count := map[string]int{}
	for _, f := range load(t, "testdata") {
		for _, d := range f.decisions {
			require.True(t, strings.HasPrefix(d.ID, d.Rule+"-"), d.ID)
			require.NotEmpty(t, d.Derivation, d.ID)
			require.NotEmpty(t, d.Script, d.ID)
			count[d.Rule]++
		}
	}
	for i := range 18 {
		require.GreaterOrEqual(t, count[fmt.Sprintf("D%d", i+1)], 3, "D%d", i+1)
	}
	require.Len(t, count, 18)
}

func TestAnAlteredValueOfAnyDecisionIsNoticed(t *testing.T) {
	t.Parallel()
	altered := 0
	for _, f := range load(t, "testdata") {
		for _, d := range f.decisions {
			s, problems := d.perform(t, factory.SQLite)
			require.Empty(t, problems, d.ID)
			for i, expected := range s.expected {
				alter(expected, func(path string) {
					altered++
					require.NotEmpty(t, answers.Difference(expected, s.answered[i]), "%s, number %d%s", d.ID, i+1, path)
				})
			}
		}
	}
	require.Greater(t, altered, 400)
}
