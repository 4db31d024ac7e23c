package dispatch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/capi/dispatch"
	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/tests/requests"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// impatient keeps calls that wait, and the samples' own limits, from taking time.
var impatient = strings.NewReplacer(`"wait_ms":7`, `"wait_ms":0`, `"timeout_ms":7`, `"timeout_ms":600000`)

// slow are operations that a distorted request makes wait or do much.
var slow = map[string]bool{"task_wait": true, "schema_migrate": true, "engine_clock_advance": true}

// requireClear sends distorted requests of every operation: whatever they hold,
// the answer is one that the operation documents, and never a defect of ours.
func requireClear(t *testing.T, e *session.Engine) {
	t.Helper()
	types := requests.Types(t)
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.IntRange(1, len(types)).Draw(t, "operation")
		operation := wire.Operations[number-1]
		if slow[operation.Name] {
			return
		}
		document := impatient.Replace(requests.Sample(types[number-1]))
		for range rapid.IntRange(0, 2).Draw(t, "times") {
			document = requests.Distort(t, document)
		}
		if strings.Contains(document, `"wait_ms":9`) {
			return // a claim would wait
		}
		reply, err := dispatch.Call(context.Background(), e, number, []byte(document))
		if err == nil {
			require.True(t, json.Valid(reply), "%s %s", operation.Name, document)
			return
		}
		documented := append(wire.CommonErrors(operation.Kind), operation.Errors...)
		require.Contains(t, documented, fault.KindOf(err), "%s %s: %v", operation.Name, document, err)
		require.NotContains(t, []fault.Kind{fault.Internal, fault.Unavailable}, fault.KindOf(err), "%s %s: %v", operation.Name, document, err)
		require.True(t, json.Valid(wire.ErrorReply(err)), "%s %s", operation.Name, document)
	})
}

func TestDistortedRequestsAreAnsweredClearlyOnTheEmbeddedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasker.sqlite3")
	e, _, err := session.Open(fmt.Appendf(nil, `{"database": {"url": %q, "synchronous": "normal"}}`, path), nil)
	require.NoError(t, err)
	defer func() { _, _ = e.Close(context.Background(), nil) }()
	prepare(t, e)
	requireClear(t, e)
}

func TestDistortedRequestsAreAnsweredClearlyOnPostgreSQL(t *testing.T) {
	t.Parallel()
	e, _, err := session.Open(fmt.Appendf(nil, `{"database": {"url": %q}}`, testdb.PostgresDatabase(t)), nil)
	require.NoError(t, err)
	defer func() { _, _ = e.Close(context.Background(), nil) }()
	prepare(t, e)
	requireClear(t, e)
}
