package wire_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// refused decodes what must not be accepted and returns the error.
func refused[T any](t *testing.T, raw string) *fault.Error {
	t.Helper()
	_, err := wire.CodecOf[T]().Decode([]byte(raw))
	var f *fault.Error
	require.ErrorAs(t, err, &f, "%.200s", raw)
	require.NotEmpty(t, f.Problems)
	require.Contains(t, f.Details, "offset")
	require.Equal(t, len(raw), f.Details["length"])
	return f
}

func TestARequestIsDecodedWithItsEmbeddedFields(t *testing.T) {
	t.Parallel()
	codec := wire.CodecOf[engine.CreateTaskRequest]()
	got, err := codec.Decode([]byte(` {"name":"order_flow","context":{"z": 1.50, "a":[1e2 , "\u00e9"]},"priority":-7,"tags":["a","b"],
		"start_at":"2026-01-31T10:30:00.1234567+01:00","timeout_ms":500,"claim":{"worker_id":3,"limit":2},"reason":null} `))
	require.NoError(t, err)
	require.Equal(t, "order_flow", got.Name)
	require.Equal(t, `{"z": 1.50, "a":[1e2 , "\u00e9"]}`, string(got.Context))
	require.Equal(t, -7, *got.Priority)
	require.Equal(t, []string{"a", "b"}, got.Tags)
	require.Equal(t, "2026-01-31T09:30:00.123456Z", got.StartAt.String())
	require.EqualValues(t, 500, got.TimeoutMS)
	require.Equal(t, &engine.ClaimRequest{WorkerID: 3, Limit: 2}, got.Claim)
	require.Empty(t, got.Reason)
}

func TestNoBytesAtAllAreAnEmptyRequest(t *testing.T) {
	t.Parallel()
	var into engine.Empty
	require.NoError(t, wire.Decode(nil, &into))
	require.NoError(t, wire.Decode([]byte("{}"), &into))
	require.Zero(t, into)
}

func TestPayloadsAreKeptByteForByte(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		`{"b":1,"a":2}`, `[ 1.0 , 1E+2,-0, 1e-7 ]`, `"\u00e9\ud83d\ude00<>&"`, `12345678901234567890123.4500`, `true`, "{\n\t\"k\" : [ ]\r}", `"<script>"`,
	} {
		got, err := wire.CodecOf[engine.ReportStepsRequest]().Decode([]byte(`{"outcomes":[{"results":` + payload + `}]}`))
		require.NoError(t, err)
		require.Equal(t, payload, string(got.Outcomes[0].Results))
	}
	got, err := wire.CodecOf[engine.ReportStepsRequest]().Decode([]byte(`{"outcomes":[{"results":null}]}`))
	require.NoError(t, err)
	require.Nil(t, got.Outcomes[0].Results)
}

func TestPayloadsDoNotShareTheCallersBytes(t *testing.T) {
	t.Parallel()
	raw := []byte(`{"name":"flow","context":{"key":"value"}}`)
	got, err := wire.CodecOf[engine.CreateTaskRequest]().Decode(raw)
	require.NoError(t, err)
	for i := range raw {
		raw[i] = 'x'
	}
	require.Equal(t, `{"key":"value"}`, string(got.Context))
	require.Equal(t, "flow", got.Name)
}

// bad is an input, and where and how it must be refused.
type bad struct {
	raw, path, message string
	offset             int
}

func refuseAll(t *testing.T, kind fault.Kind, cases []bad) {
	t.Helper()
	for _, c := range cases {
		f := refused[engine.CreateTaskRequest](t, c.raw)
		require.Equal(t, kind, f.Kind, c.raw)
		require.Equal(t, c.path, f.Path, c.raw)
		require.Contains(t, f.Message, c.message, c.raw)
		require.Equal(t, c.offset, f.Details["offset"], c.raw)
	}
}

func TestMalformedJSONIsRefusedAtItsOffset(t *testing.T) {
	t.Parallel()
	refuseAll(t, fault.InvalidRequest, []bad{
		{`{`, "", "ends where a key in double quotes is wanted", 1},
		{`{"name"`, "name", "ends where a colon after the key is wanted", 7},
		{`{"name":`, "name", "ends where a JSON value is wanted", 8},
		{`{"name":"a`, "name", "ends where the end of the string is wanted", 10},
		{`{"name":"a",}`, "", `"}" stands where a key in double quotes is wanted`, 12},
		{`{name:"a"}`, "", `"n" stands where a key`, 1},
		{`{"name":'a'}`, "name", `"'" stands where a JSON value`, 8},
		{`{"name":"a" "tags":[]}`, "", `"\"" stands where a comma or the end of the object`, 12},
		{`{"context":{"a":[1 2]}}`, "context.a[0]", `"2" stands where a comma or the end of the array`, 19},
		{`{"context":{"a":[1,]}}`, "context.a[1]", `"]" stands where a JSON value`, 19},
		{`{"context":{"a":tru}}`, "context.a", `"t" stands where`, 16},
		{`{"context":{"a":NaN}}`, "context.a", `"N" stands where`, 16},
		{`{"context":{"a":01}}`, "context.a", "without leading zeros", 18},
		{`{"context":{"a":-}}`, "context.a", "a number", 17},
		{`{"context":{"a":+1}}`, "context.a", "a JSON value", 16},
		{`{"context":{"a":.5}}`, "context.a", "a JSON value", 16},
		{`{"context":{"a":1.}}`, "context.a", "a digit after the decimal point", 18},
		{`{"context":{"a":1e}}`, "context.a", "a digit in the exponent", 18},
		{`{"context":{"a":"\x"}}`, "context.a", "an escape such as", 18},
		{`{"context":{"a":"\u12G4"}}`, "context.a", "four hexadecimal digits", 18},
		{`{"context":{"a":"\u12`, "context.a", "four hexadecimal digits", 18},
		{"{\"context\":{\"a\":\"\n\"}}", "context.a", "a string holds a control character", 17},
		{"{\"context\":{\"a\":1/*c*/}}", "context", "a comma or the end of the object", 17},
		{"\x00", "", "byte 0x00 stands where a JSON value", 0},
		{" ", "", "ends where a JSON value is wanted", 1},
		{"\xEF\xBB\xBF{}", "", "byte order mark", 0},
	})
}

func TestTrailingBytesAreRefused(t *testing.T) {
	t.Parallel()
	refuseAll(t, fault.InvalidRequest, []bad{
		{`{"name":"a"}x`, "", "1 bytes follow the end", 12},
		{`{} {}`, "", "2 bytes follow the end", 3},
		{"{}\x00", "", "1 bytes follow the end", 2},
	})
}

func TestInvalidUTF8IsRefused(t *testing.T) {
	t.Parallel()
	refuseAll(t, fault.InvalidRequest, []bad{
		{"{\"name\":\"a\xff\"}", "name", "byte 0xFF is not valid UTF-8", 10},
		{"{\"context\":{\"k\":\"\xc3\"}}", "context.k", "byte 0xC3 is not valid UTF-8", 17},
		{"{\"context\":{\"\xed\xa0\x80\":1}}", "context", "byte 0xED is not valid UTF-8", 13},
		{"{\"context\":{\"k\":\"\xc0\x80\"}}", "context.k", "byte 0xC0 is not valid UTF-8", 17},
	})
}

func TestNULIsRefusedAnywhere(t *testing.T) {
	t.Parallel()
	refuseAll(t, fault.InvalidRequest, []bad{
		{`{"name":"a\u0000"}`, "name", "name holds a NUL", 10},
		{`{"context":{"k":["\u0000"]}}`, "context.k[0]", "context.k[0] holds a NUL", 18},
		{`{"context":{"\u0000":1}}`, "context", "context holds a NUL", 13},
	})
}

func TestLoneSurrogatesAreRefusedAndPairsAreNot(t *testing.T) {
	t.Parallel()
	refuseAll(t, fault.InvalidRequest, []bad{
		{`{"name":"\ud83d"}`, "name", "half of a surrogate pair", 9},
		{`{"name":"\ude00"}`, "name", "half of a surrogate pair", 9},
		{`{"name":"\ud83d\ud83d\ude00"}`, "name", "half of a surrogate pair", 9},
		{`{"name":"\ud83d\n"}`, "name", "half of a surrogate pair", 9},
		{`{"context":{"k":"\ud83dx"}}`, "context.k", "half of a surrogate pair", 17},
	})
	got, err := wire.CodecOf[engine.CreateTaskRequest]().Decode([]byte(`{"name":"\uD83D\uDE00"}`))
	require.NoError(t, err)
	require.Equal(t, "😀", got.Name)
}

func TestNumbersBeyondTheDatabasesRangeAreRefused(t *testing.T) {
	t.Parallel()
	digits := func(n int) string { return strings.Repeat("9", n) }
	for _, number := range []string{
		"1e131072", "1e999999999999999999999", "-1E+131072", "1e-16384", "0." + digits(16384), digits(131073), "12e131071",
		"0.1e131073", "0e99999999999", "0e-16384", "100e-16384",
	} {
		f := refused[engine.CreateTaskRequest](t, `{"context":{"n":[`+number+`]}}`)
		require.Equal(t, fault.InvalidRequest, f.Kind)
		require.Equal(t, "context.n[0]", f.Path, "%.30s", number)
		require.Contains(t, f.Message, "beyond what databases hold")
		require.Equal(t, "Send it as a string.", f.Remedy)
		require.Equal(t, 17, f.Details["offset"])
	}
	for _, number := range []string{
		"1e131071", "1e-16383", "0." + digits(16383), digits(131072), "0.1e131072", "0e131072", "0.00", "-0", "12e131070", "1.5E+3",
	} {
		_, err := wire.CodecOf[engine.CreateTaskRequest]().Decode([]byte(`{"context":{"n":` + number + `}}`))
		require.NoError(t, err, "%.30s", number)
	}
}

func TestDuplicateKeysAreRefusedAtEveryDepth(t *testing.T) {
	t.Parallel()
	refuseAll(t, fault.InvalidRequest, []bad{
		{`{"name":"a","name":"b"}`, "name", "name is given twice", 12},
		{`{"name":"a","n\u0061me":"b"}`, "name", "name is given twice", 12},
		{`{"context":{"a":{"x":1,"y":2,"x":3}}}`, "context.a.x", "context.a.x is given twice", 29},
	})
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, `"k%d":%d,`, i, i)
	}
	f := refused[engine.CreateTaskRequest](t, `{"context":{`+many.String()+`"k50":0}}`)
	require.Equal(t, "context.k50", f.Path)
	_, err := wire.CodecOf[engine.CreateTaskRequest]().Decode([]byte(`{"context":{` + many.String() + `"in":{"k50":0}}}`))
	require.NoError(t, err, "the same key in another object is another key")
}

func TestOversizedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	raw := make([]byte, wire.SizeMax+1)
	var into engine.Empty
	err := wire.Decode(raw, &into)
	require.Equal(t, fault.LimitExceeded, fault.KindOf(err))
	require.ErrorContains(t, err, "67108865 bytes; at most 67108864")
}

func TestOverDeepRequestsAreRefused(t *testing.T) {
	t.Parallel()
	nest := func(depth int) string {
		return `{"context":` + strings.Repeat(`[`, depth-1) + strings.Repeat(`]`, depth-1) + `}`
	}
	_, err := wire.CodecOf[engine.CreateTaskRequest]().Decode([]byte(nest(wire.DepthMax)))
	require.NoError(t, err)
	f := refused[engine.CreateTaskRequest](t, nest(wire.DepthMax+1))
	require.Equal(t, fault.LimitExceeded, f.Kind)
	require.True(t, strings.HasPrefix(f.Path, "context[0][0]"), f.Path)
	require.NotEmpty(t, f.Remedy)
	f = refused[engine.CreateTaskRequest](t, `{"context":`+strings.Repeat(`{"a":`, 10_000_000))
	require.Equal(t, fault.LimitExceeded, f.Kind)
}

func TestWrongTypesNameWhatWasFoundAndWhatIsWanted(t *testing.T) {
	t.Parallel()
	refuseAll(t, fault.InvalidRequest, []bad{
		{`[]`, "", "the request is an array; an object is wanted", 0},
		{`"x"`, "", "the request is a string; an object is wanted", 0},
		{`null`, "", "the request is null; an object is wanted", 0},
		{`12`, "", "the request is a number; an object is wanted", 0},
		{`{"name":1}`, "name", "name is a number; a string is wanted", 8},
		{`{"name":true}`, "name", "name is true; a string is wanted", 8},
		{`{"name":{}}`, "name", "name is an object; a string is wanted", 8},
		{`{"priority":"1"}`, "priority", "priority is a string; an integer is wanted", 12},
		{`{"priority":1.0}`, "priority", "priority is a number with a fraction or exponent; an integer is wanted", 12},
		{`{"priority":1e2}`, "priority", "priority is a number with a fraction or exponent", 12},
		{`{"priority":9223372036854775808}`, "priority", "priority is out of range", 12},
		{`{"tags":"a"}`, "tags", "tags is a string; an array is wanted", 8},
		{`{"tags":["a",1]}`, "tags[1]", "tags[1] is a number; a string is wanted", 13},
		{`{"tags":[null]}`, "tags[0]", "tags[0] is null; a string is wanted", 9},
		{`{"claim":[]}`, "claim", "claim is an array; an object is wanted", 9},
		{`{"claim":{"limit":false}}`, "claim.limit", "claim.limit is false; an integer is wanted", 18},
		{`{"start_at":"tomorrow"}`, "start_at", "start_at cannot be read: an instant is written in RFC 3339", 12},
		{`{"start_at":5}`, "start_at", "start_at cannot be read", 12},
		{`{"start_at":{}}`, "start_at", "start_at cannot be read", 12},
	})
}

func TestUnknownKeysSuggestWhatWasMeant(t *testing.T) {
	t.Parallel()
	refuseAll(t, fault.InvalidRequest, []bad{
		{`{"nmae":"a"}`, "nmae", "nmae is not a known key", 1},
		{`{"Name":"a"}`, "Name", "Name is not a known key", 1},
		{`{"claim":{"workerId":1}}`, "claim.workerId", "claim.workerId is not a known key", 10},
		{`{"a b":1}`, `["a b"]`, `["a b"] is not a known key`, 1},
	})
	for raw, suggestion := range map[string]string{
		`{"nmae":"a"}`:             "Did you mean name?",
		`{"Name":"a"}`:             "Did you mean name?",
		`{"contxt":{}}`:            "Did you mean context?",
		`{"claim":{"workerId":1}}`: "Did you mean worker_id?",
		`{"claim":{"zzz":1}}`:      "Known keys: worker_id, limit.",
	} {
		require.Equal(t, suggestion, refused[engine.CreateTaskRequest](t, raw).Remedy, raw)
	}
}

func TestAllProblemsOfARequestAreToldAtOnce(t *testing.T) {
	t.Parallel()
	f := refused[engine.CreateTasksRequest](t, `{"tasks":[
  {"name":"a","contxt":{}},
  {"name":7,"priority":"é", "prio":1},
  {"context":{"k":"\u0000"}}]}`)
	var places []string
	for _, p := range f.Problems {
		places = append(places, fmt.Sprintf("%s %d:%d", p.Path, p.Line, p.Column))
	}
	require.Equal(t, []string{
		"tasks[0].contxt 2:15", "tasks[1].name 3:11", "tasks[1].priority 3:24", "tasks[1].prio 3:29", "tasks[2].context.k 4:20",
	}, places)
	require.Equal(t, "tasks[0].contxt", f.Path)
	require.Contains(t, f.Message, "(and 4 more)")
}

func TestTheListOfProblemsIsBounded(t *testing.T) {
	t.Parallel()
	f := refused[engine.CreateTaskRequest](t, `{"tags":[`+strings.Repeat("1,", 999)+`1]}`)
	require.Len(t, f.Problems, 51)
	require.Equal(t, "950 further problems are not listed", f.Problems[50].Message)
	require.Contains(t, f.Message, "(and 999 more)")
}

func TestHugeKeysAreShortenedInPaths(t *testing.T) {
	t.Parallel()
	f := refused[engine.CreateTaskRequest](t, `{"`+strings.Repeat("é", 1<<20)+`":1}`)
	require.Less(t, len(f.Path), 100)
	require.Less(t, len(wire.ErrorReply(f)), 2000)
	require.True(t, json.Valid(wire.ErrorReply(f)))
}

// A walk that compared each key or problem with each other would not come back
// from these.
func TestLargeRequestsAreWalkedInOnePass(t *testing.T) {
	t.Parallel()
	var keys strings.Builder
	for i := range 300_000 {
		fmt.Fprintf(&keys, "\"k%d\":%d,\n", i, i)
	}
	got, err := wire.CodecOf[engine.CreateTaskRequest]().Decode([]byte(`{"context":{` + keys.String() + `"end":0}}`))
	require.NoError(t, err)
	require.Greater(t, len(got.Context), 300_000)
	f := refused[engine.CreateTaskRequest](t, `{`+keys.String()+`"name":""}`)
	require.Contains(t, f.Message, "(and 299999 more)")
	_, err = wire.CodecOf[engine.CreateTasksRequest]().Decode([]byte(`{"tasks":[` + strings.Repeat(`{"name":"a","context":{"b":"c"}},`, 100_000) + `{}]}`))
	require.NoError(t, err)
}

func TestInstantsTakeAnyOffset(t *testing.T) {
	t.Parallel()
	got, err := wire.CodecOf[engine.ListTasksRequest]().Decode([]byte(`{"created_after":"2026-01-31T00:00:00-05:30","created_before":null,"states":["error"]}`))
	require.NoError(t, err)
	require.Equal(t, "2026-01-31T05:30:00.000000Z", got.CreatedAfter.String())
	require.True(t, got.CreatedBefore.IsZero())
	require.Equal(t, []workflow.State{workflow.Error}, got.States)
}
