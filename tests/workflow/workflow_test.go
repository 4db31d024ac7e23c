package workflow_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func TestInstantsAreWrittenWithSixDigitsInUTC(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("ahead", 2*3600)
	at := workflow.At(time.Date(2026, 1, 31, 11, 30, 0, 123_456_789, zone))
	require.Equal(t, "2026-01-31T09:30:00.123456Z", at.String())
	require.Equal(t, "2026-01-31T09:30:00.000000Z", workflow.At(time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)).String())
	require.Empty(t, workflow.Instant{}.String())
}

func TestInstantsSurviveARoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := workflow.At(time.UnixMicro(rapid.Int64Range(-2e15, 4e15).Draw(t, "microseconds")))
		raw, err := json.Marshal(at)
		require.NoError(t, err)
		var back workflow.Instant
		require.NoError(t, json.Unmarshal(raw, &back))
		require.Equal(t, at, back)
	})
}

func TestInstantsAreReadWithAnyOffsetAndPrecision(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"2026-01-31T09:30:00Z"`:                "2026-01-31T09:30:00.000000Z",
		`"2026-01-31T11:30:00+02:00"`:           "2026-01-31T09:30:00.000000Z",
		`"2026-01-31T09:30:00.123456789-00:30"`: "2026-01-31T10:00:00.123456Z",
		`null`:                                  "",
	} {
		at := workflow.At(time.Unix(1, 0)) // null must clear what was there
		require.NoError(t, json.Unmarshal([]byte(text), &at), text)
		require.Equal(t, want, at.String(), text)
	}
}

func TestWhatIsNoInstantIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`1769851800`, `""`, `"now"`, `"2026-01-31"`, `"2026-01-31 09:30:00"`, `{}`, `true`} {
		var at workflow.Instant
		require.ErrorContains(t, json.Unmarshal([]byte(text), &at), "RFC 3339", text)
	}
}

func TestTheZeroInstantIsNull(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(workflow.Instant{})
	require.NoError(t, err)
	require.Equal(t, "null", string(raw))
}

func TestPlusKeepsMicroseconds(t *testing.T) {
	t.Parallel()
	at := workflow.At(time.Unix(100, 0))
	require.Equal(t, at.Plus(time.Microsecond), at.Plus(1999*time.Nanosecond))
}

func TestUserValuesPassByteForByte(t *testing.T) {
	t.Parallel()
	type envelope struct {
		Context workflow.JSON `json:"context"`
	}
	for _, raw := range []string{`{"context":{"b":1.0,"a":123456789012345678901,"b":2}}`, `{"context":[1e5,"\u00e9"]}`, `{"context":null}`} {
		var e envelope
		require.NoError(t, json.Unmarshal([]byte(raw), &e))
		back, err := json.Marshal(e)
		require.NoError(t, err)
		require.Equal(t, raw, string(back))
	}
}

func TestUserValuesOwnTheirBytes(t *testing.T) {
	t.Parallel()
	raw := []byte(`{"a":1}`)
	var value workflow.JSON
	require.NoError(t, value.UnmarshalJSON(raw))
	raw[2] = 'z'
	require.Equal(t, `{"a":1}`, string(value), "a later use of the request buffer must not show")
	first := value
	require.NoError(t, value.UnmarshalJSON([]byte(`[2]`)))
	require.Equal(t, `{"a":1}`, string(first))
}

func TestAbsentUserValuesHaveAFallback(t *testing.T) {
	t.Parallel()
	var absent workflow.JSON
	require.NoError(t, absent.UnmarshalJSON([]byte("null")))
	require.Nil(t, absent)
	require.Equal(t, "{}", string(absent.Or("{}")))
	require.Equal(t, "[]", string(workflow.JSON("[]").Or("{}")))
	require.True(t, workflow.JSON(`{}`).IsObject())
	require.False(t, workflow.JSON(`[]`).IsObject())
	require.False(t, absent.IsObject())
}

// sets are the named sets of states, written out again as the sheet has them.
var sets = map[workflow.State]struct{ satisfies, ended, taskEnded bool }{
	workflow.Pending:          {false, false, false},
	workflow.InProgress:       {false, false, false},
	workflow.Complete:         {true, true, true},
	workflow.Error:            {false, false, true},
	workflow.Cancelled:        {false, true, true},
	workflow.ResolvedManually: {true, true, true},
}

func TestStatesBelongToTheirSets(t *testing.T) {
	t.Parallel()
	require.Len(t, workflow.States, len(sets))
	for _, s := range workflow.States {
		require.True(t, s.Known())
		require.Equal(t, sets[s].satisfies, s.Satisfies(), s)
		require.Equal(t, sets[s].ended, s.Ended(), s)
		require.Equal(t, sets[s].taskEnded, s.TaskEnded(), s)
	}
	unknown := workflow.State("skipped")
	require.False(t, unknown.Known() || unknown.Satisfies() || unknown.Ended() || unknown.TaskEnded())
	require.False(t, workflow.State("").Known())
}

func TestAWrongSetWouldBeNoticed(t *testing.T) {
	t.Parallel()
	require.NotEqual(t, sets[workflow.Error].ended, sets[workflow.Error].taskEnded,
		"error ends a task and not a step: a test that could not tell them apart would prove nothing")
}

func TestNilAttemptsAreNone(t *testing.T) {
	t.Parallel()
	two := 2
	require.Zero(t, (&workflow.Step{}).Tries())
	require.Equal(t, 2, (&workflow.Step{Attempts: &two}).Tries())
}
