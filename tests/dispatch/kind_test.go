package dispatch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/capi/dispatch"
	"github.com/tasker-systems/tasker-core-go/capi/wire"
)

func TestTheKindOfACallIsTheOperationsUnlessItDoesNotAskToWait(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		operation, request string
		want               wire.Kind
	}{
		{"engine_config_get", `{}`, wire.Instant},
		{"task_create", `{"name": "pair"}`, wire.Brief},
		{"task_list", `{}`, wire.Database},
		{"step_claim", `{"worker_id": 1}`, wire.Brief},
		{"step_claim", `{"worker_id": 1, "wait_ms": 5}`, wire.Waits},
		{"step_claim", `{"worker_id": 1, "wait\u005fms": 5}`, wire.Waits},
		{"step_claim", `{"worker_id": 1, "correlation_id": "a\\b"}`, wire.Waits},
		{"task_wait", `{"task_id": 1}`, wire.Waits}, // it waits unless it is told not to
		{"task_wait", `{"task_id": 1, "wait_ms": 0}`, wire.Waits},
	} {
		require.Equal(t, c.want, dispatch.KindOf(number(t, c.operation), []byte(c.request)), "%s %s", c.operation, c.request)
	}
	require.Equal(t, wire.Instant, dispatch.KindOf(0, nil), "what is no operation is refused at once")
}
