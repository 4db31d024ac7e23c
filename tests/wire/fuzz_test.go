package wire_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// disagrees says how a decoder of task creations breaks its promises on an
// input, "" if it does not: it takes only what the standard library takes, with
// the same result, and refuses with a clear error.
func disagrees(decode func([]byte) (engine.CreateTasksRequest, error), raw []byte) string {
	got, err := decode(raw)
	if err != nil {
		if kind := fault.KindOf(err); kind != fault.InvalidRequest && kind != fault.LimitExceeded {
			return "refused as " + string(kind)
		}
		if !json.Valid(wire.ErrorReply(err)) {
			return "the error reply is not JSON"
		}
		return ""
	}
	var want engine.CreateTasksRequest
	if len(raw) == 0 {
		return ""
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&want); err != nil {
		return "accepted what encoding/json refuses: " + err.Error()
	}
	if !reflect.DeepEqual(got, want) {
		return "decoded something else than encoding/json"
	}
	for _, task := range got.Tasks {
		if len(task.Context) > 0 && !bytes.Contains(raw, task.Context) {
			return "the context is not the bytes that were sent"
		}
	}
	return ""
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `{"tasks":[{"name":"a","context":{"k":[1,2.50,-0,1e3]}}]}`,
		`{"tasks":[{"name":"\ud83d\ude00","tags":["a"],"priority":-9223372036854775808}],"timeout_ms":1}`,
		`{"tasks":[{"start_at":"2026-01-31T09:30:00Z","requested_at":null}],"claim":{"worker_id":1,"limit":2}}`,
		`{"tasks":[{"nmae":1}]}`, `{"tasks":[{"name":1},{"name":null}]}`, `{"tasks":[null]}`, `{"tasks":null,"claim":null}`,
		`{"a":"\u0000"}`, `{"a":"\ud800"}`, `{"a":1,"a":2}`, `{"a":1e400000}`, `{"tasks":[{"context":"\u00e9"}]} `, "{\"a\":\"\xff\"}",
		`{"tasks":[{"context":[[[[]]]]}]}`, `{"tasks":[{"context": tru}]}`, `{"tasks":[{"context":01}]}`, `{"Tasks":[]}`,
	} {
		f.Add([]byte(seed))
	}
	codec := wire.CodecOf[engine.CreateTasksRequest]()
	f.Fuzz(func(t *testing.T, raw []byte) {
		require.Empty(t, disagrees(codec.Decode, raw))
	})
}

func TestTheFuzzTargetFindsALaxDecoder(t *testing.T) {
	t.Parallel()
	lax := func(raw []byte) (got engine.CreateTasksRequest, err error) {
		err = json.Unmarshal(bytes.ReplaceAll(raw, []byte("nmae"), []byte("name")), &got)
		return got, err
	}
	require.NotEmpty(t, disagrees(lax, []byte(`{"tasks":[{"nmae":"a"}]}`)))
	require.NotEmpty(t, disagrees(lax, []byte(`[`)))
	compacting := func(raw []byte) (got engine.CreateTasksRequest, err error) {
		var compact bytes.Buffer
		_ = json.Compact(&compact, raw) // invalid input is refused by the decoder
		return lax(compact.Bytes())
	}
	require.NotEmpty(t, disagrees(compacting, []byte(`{"tasks":[{"context":{"a": 1}}]}`)))
}
