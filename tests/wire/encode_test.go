package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func encoded(t require.TestingT, reply any) string {
	out, err := wire.Encode(reply)
	require.NoError(t, err)
	require.True(t, json.Valid(out), "%s", out)
	return string(out)
}

func TestNilListsAreEmptyLists(t *testing.T) {
	t.Parallel()
	require.Equal(t, `{"steps":[],"next_due":null}`, encoded(t, engine.ClaimStepsReply{}))
	require.Equal(t, `{"items":[{"id":1,"namespace":"","name":"","version":"","steps":[{"name":"a","route_id":0,"depends_on":[]}]}],"next":null}`,
		encoded(t, &engine.ListTemplatesReply{Items: []engine.TemplateInfo{{ID: 1, Steps: []engine.TemplateStep{{Name: "a"}}}}}))
	require.Contains(t, encoded(t, engine.HealthReply{}), `"store_details":{}`)
}

func TestPayloadsAreWrittenAsTheyAre(t *testing.T) {
	t.Parallel()
	payload := "{ \"z\":1.50,\n \"a\":\"<&\u2028>\" }"
	out := encoded(t, engine.StepInfo{Inputs: workflow.JSON(payload)})
	require.Contains(t, out, `"inputs":`+payload+`,"results":null`)
}

func TestTextIsEscapedAsLittleAsPossible(t *testing.T) {
	t.Parallel()
	out := encoded(t, engine.EdgeInfo{Name: "a\"\\<é😀>&\n\t\r\x01\x7f\u2028 \xff"})
	require.Equal(t, `{"from_step_id":0,"to_step_id":0,"name":"a\"\\<é😀>&\n\t\r\u0001`+"\x7f\u2028 \uFFFD"+`"}`, out)
}

func TestOmittedFieldsAreOmittedAndPointersFollowed(t *testing.T) {
	t.Parallel()
	next, state := "cursor", workflow.Pending
	require.Equal(t, `{"items":[],"next":"cursor"}`, encoded(t, engine.ListTasksReply{Next: &next}))
	out := encoded(t, engine.TransitionInfo{ID: 1, FromState: &state, ToState: workflow.InProgress, MostRecent: true,
		CreatedAt: workflow.At(time.Date(2026, 1, 31, 9, 30, 0, 1500, time.UTC))})
	require.Equal(t, `{"id":1,"from_state":"pending","to_state":"in_progress","sort_key":0,"most_recent":true,"metadata":null,"created_at":"2026-01-31T09:30:00.000001Z"}`, out)
}

func TestWhatCannotBeWrittenIsInternal(t *testing.T) {
	t.Parallel()
	_, err := wire.Encode(engine.TaskContext{CompletionPercentage: math.NaN()})
	require.Equal(t, fault.Internal, fault.KindOf(err))
	_, err = wire.Encode(engine.HealthReply{StoreDetails: map[string]any{"f": func() {}}})
	require.Equal(t, fault.Internal, fault.KindOf(err))
}

// drawReply makes a reply that has every kind of field.
func drawReply(t *rapid.T) engine.GetTaskReply {
	text := rapid.StringOf(rapid.RuneFrom(nil, unicode.Letter, unicode.Punct, unicode.Space, unicode.Symbol)) // no NUL, which is refused
	steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) engine.StepInfo {
		backoff := rapid.IntRange(-5, 5).Draw(t, "backoff")
		return engine.StepInfo{StepID: rapid.Int64().Draw(t, "id"), Name: text.Draw(t, "name"), Skippable: rapid.Bool().Draw(t, "skippable"),
			BackoffSeconds: &backoff, DependsOn: rapid.SliceOf(text).Draw(t, "depends_on"), Results: workflow.JSON(`{"a":[1,2]}`)}
	}), 1, 3).Draw(t, "steps")
	return engine.GetTaskReply{TaskInfo: engine.TaskInfo{TaskID: rapid.Int64().Draw(t, "task"), Tags: rapid.SliceOfN(text, 1, 3).Draw(t, "tags"),
		BypassSteps: []string{}, Reason: text.Draw(t, "reason"), CreatedAt: workflow.At(time.Unix(rapid.Int64Range(1, 4e9).Draw(t, "at"), 0))},
		Steps: steps, Drawing: text.Draw(t, "drawing")}
}

// differs says how our JSON of a reply differs from the standard library's, ""
// if it does not. The replies must have neither nil lists nor white space in
// payloads, where ours differs on purpose.
func differs(ours []byte, reply any) string {
	var want bytes.Buffer
	standard := json.NewEncoder(&want)
	standard.SetEscapeHTML(false)
	if err := standard.Encode(reply); err != nil {
		return err.Error()
	}
	var a, b any
	if err := json.Unmarshal(ours, &a); err != nil {
		return err.Error()
	}
	if err := json.Unmarshal(want.Bytes(), &b); err != nil {
		return err.Error()
	}
	again, _ := json.Marshal(a) // what was just read can be written
	expected, _ := json.Marshal(b)
	if !bytes.Equal(again, expected) {
		return fmt.Sprintf("%s instead of %s", again, expected)
	}
	return ""
}

func TestRepliesEqualThoseOfTheStandardLibrary(t *testing.T) {
	t.Parallel()
	codec := wire.CodecOf[engine.GetTaskReply]()
	rapid.Check(t, func(t *rapid.T) {
		reply := drawReply(t)
		out, err := codec.Encode(reply)
		require.NoError(t, err)
		require.Empty(t, differs(out, reply))
	})
}

func TestTheComparisonFindsADifference(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, differs([]byte(`{"from_step_id":1}`), engine.EdgeInfo{FromStepID: 2}))
	require.NotEmpty(t, differs([]byte(`{`), engine.EdgeInfo{}))
}

func TestWhatIsEncodedDecodesToTheSame(t *testing.T) {
	t.Parallel()
	codec := wire.CodecOf[engine.GetTaskReply]()
	rapid.Check(t, func(t *rapid.T) {
		reply := drawReply(t)
		out, err := codec.Encode(reply)
		require.NoError(t, err)
		again, err := codec.Decode(out)
		require.NoError(t, err, "%s", out)
		out2, err := codec.Encode(again)
		require.NoError(t, err)
		require.Equal(t, string(out), string(out2))
	})
}

func TestErrorRepliesCarryPlaceRemedyAndProblems(t *testing.T) {
	t.Parallel()
	err := fault.New(fault.Conflict, "step 3 is <complete>").At("steps[0]").Advise("Read it again.").With("step_id", 3)
	err.Problems = []fault.Problem{{Path: "a", Message: "b"}}
	require.JSONEq(t, `{"error":{"code":"conflict","message":"step 3 is <complete>","retryable":false,
		"details":{"path":"steps[0]","remedy":"Read it again.","step_id":3,"problems":[{"path":"a","message":"b"}]}}}`,
		string(wire.ErrorReply(fmt.Errorf("wrapped: %w", err))))
	require.Contains(t, string(wire.ErrorReply(err)), "<complete>")
	require.JSONEq(t, `{"error":{"code":"unavailable","message":"busy","details":{},"retryable":true}}`,
		string(wire.ErrorReply(fault.New(fault.Unavailable, "busy"))))
	require.NotContains(t, err.Details, "path", "the error itself is left alone")
}

func TestErrorRepliesKeepCausesToThemselves(t *testing.T) {
	t.Parallel()
	cause := errors.New("SELECT secret FROM t")
	for _, err := range []error{cause, fault.Wrap(fault.Internal, cause, "the store failed"), fault.Wrap(fault.Unavailable, cause, "busy")} {
		require.NotContains(t, string(wire.ErrorReply(err)), "SELECT")
	}
	require.Contains(t, string(wire.ErrorReply(cause)), `"code":"internal"`)
}

func TestADetailThatJSONCannotHoldDoesNotHideTheError(t *testing.T) {
	t.Parallel()
	out := wire.ErrorReply(fault.New(fault.NotFound, "no such step").With("bad", func() {}))
	require.JSONEq(t, `{"error":{"code":"not_found","message":"no such step","details":{},"retryable":false}}`, string(out))
}

func TestStatusCodesAreThePositionsOfTheKinds(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, 1, wire.StatusOf(fault.InvalidRequest))
	require.EqualValues(t, 16, wire.StatusOf(fault.Internal))
	require.EqualValues(t, 16, wire.StatusOf("nonsense"))
	seen := map[int32]bool{wire.StatusOK: true}
	for _, kind := range fault.Kinds {
		require.False(t, seen[wire.StatusOf(kind)], kind)
		seen[wire.StatusOf(kind)] = true
	}
}

func TestAListThatWasAskedForIsThereThoughItIsEmpty(t *testing.T) {
	t.Parallel()
	type reply struct {
		Asked  []int `json:"asked,omitzero"`
		Absent []int `json:"absent,omitzero"`
	}
	got, err := wire.Encode(reply{Asked: []int{}})
	require.NoError(t, err)
	require.Equal(t, `{"asked":[]}`, string(got))
}
