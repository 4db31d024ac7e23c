package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	composed "github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// openEngine opens a whole engine, with its loops, and closes it when the test
// ends.
func openEngine(t *testing.T, location string, database map[string]any) *composed.Engine {
	t.Helper()
	return openConfigured(t, location, database, nil)
}

// openConfigured is openEngine with settings of its workers.
func openConfigured(t *testing.T, location string, database, worker map[string]any) *composed.Engine {
	t.Helper()
	settings := map[string]any{"url": location}
	maps.Copy(settings, database)
	raw, err := json.Marshal(map[string]any{"database": settings, "worker": worker})
	require.NoError(t, err)
	opened, _, err := composed.Open(raw, nil)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := opened.Close(context.Background(), nil)
		require.NoError(t, err)
	})
	return opened
}

// wide is a task type with a route for each of n steps.
func wide(n int) workflow.JSON {
	var steps []string
	for i := range n {
		steps = append(steps, fmt.Sprintf(`{"name": "s%d"}`, i))
	}
	return workflow.JSON(`{"name": "wide", "step_templates": [` + strings.Join(steps, ",") + `]}`)
}

// calm watches for a while and reports whether there was about one transaction a
// second; two, as with a ping before each tick, are never that.
func calm(t *testing.T, count func() int64) bool {
	before, began := count(), time.Now()
	time.Sleep(5 * time.Second)
	commits, seconds := count()-before, time.Since(began).Seconds()
	t.Logf("%d transactions in %.1f s", commits, seconds)
	return float64(commits) <= 1.4*seconds
}

// TestAnIdleEngineCostsOneTransactionASecondAndTwoConnections watches an engine
// that has a worker for many routes and nothing to do. It looks again when it saw
// more: sessions hand in their statistics late.
func TestAnIdleEngineCostsOneTransactionASecondAndTwoConnections(t *testing.T) {
	t.Parallel()
	requireIdle(t, testdb.PostgresDatabase(t))
}

// What it looks for where triggers are missing, it looks for in the same
// transactions.
func TestAnIdleEngineWithoutTriggersCostsNoMore(t *testing.T) {
	t.Parallel()
	location := testdb.PostgresDatabase(t)
	testdb.Execute(t, location, "ALTER TABLE tasker_workflow_steps DISABLE TRIGGER tasker_core_update")
	requireIdle(t, location)
}

func requireIdle(t *testing.T, location string) {
	t.Helper()
	opened := openEngine(t, location, nil)
	_, err := opened.Cases().RegisterTemplate(t.Context(), engine.RegisterTemplateRequest{Template: wide(300)})
	require.NoError(t, err)
	info, err := opened.Cases().RegisterWorker(t.Context(), engine.RegisterWorkerRequest{Handlers: []engine.HandlerMatch{{}}})
	require.NoError(t, err)
	waiting, cancel := context.WithCancel(t.Context())
	idle := inBackground(func() error {
		_, err := opened.Cases().ClaimSteps(waiting, engine.ClaimStepsRequest{WorkerID: info.WorkerID, Limit: 10, WaitMS: 60_000})
		return err
	})
	name := strings.TrimPrefix(strings.Split(location, "?")[0], "postgres:///")
	outside := &session{testdb.Connect(t, strings.Replace(location, name, "postgres", 1)), t}
	count := func() int64 {
		return outside.number("SELECT xact_commit FROM pg_stat_database WHERE datname = $1", name)
	}
	connections := func() int64 { return outside.number("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", name) }
	require.Eventually(t, func() bool { return connections() <= 2 }, patience, 100*time.Millisecond, "connections that nobody needs go")
	require.Eventually(t, func() bool { return calm(t, count) }, 2*patience, time.Millisecond, "more than a transaction a second")
	require.LessOrEqual(t, connections(), int64(2))
	cancel()
	_ = awaited(t, idle)
}
