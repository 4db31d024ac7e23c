package rails_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// group is how many steps one transaction of the benchmark claims or reports.
const group = 500

// BenchmarkGroupsOfOurWrites drains single-step tasks in groups, with the
// triggers present and without: the WHEN clause is to make them next to free.
// The two alternate, so that they meet the same machine.
func BenchmarkGroupsOfOurWrites(b *testing.B) {
	labs, workers := map[bool]*factory.Lab{}, map[bool]int64{}
	for _, off := range []bool{false, true} {
		url := testdb.EmptyPostgresDatabase(b)
		labs[off] = factory.NewLab(b, func(t testing.TB, clock *testdb.Clock) store.Store {
			return testdb.OpenPostgres(t, url, testdb.WithPostgresClock(clock),
				func(o *postgres.Options) { o.Migrate, o.TriggersOff = postgres.MigrateAuto, off })
		})
		labs[off].Register(factory.SimpleLinear(1))
		workers[off] = labs[off].Worker()
	}
	for _, off := range []bool{false, true, false, true} {
		b.Run(fmt.Sprintf("triggers_off=%t", off), func(b *testing.B) {
			for b.Loop() {
				drain(b, labs[off], workers[off])
			}
			b.ReportMetric(float64(b.N)*group/b.Elapsed().Seconds(), "steps/s")
		})
	}
}

// drain creates a group of tasks and runs them.
func drain(b *testing.B, lab *factory.Lab, worker int64) {
	b.Helper()
	lab.CreateBulk(factory.Bulk{Batch: "bench", Shapes: shapes(group)})
	reply, err := lab.ClaimSteps(ctx(), engine.ClaimStepsRequest{WorkerID: worker, Limit: group})
	require.NoError(b, err)
	require.Len(b, reply.Steps, group)
	outcomes := make([]engine.Outcome, group)
	for i, step := range reply.Steps {
		outcomes[i] = engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "complete"}
	}
	_, err = lab.ReportSteps(ctx(), engine.ReportStepsRequest{Outcomes: outcomes})
	require.NoError(b, err)
}

func shapes(n int) []factory.Shape {
	all := make([]factory.Shape, n)
	for i := range all {
		all[i] = factory.SimpleLinear(1)
	}
	return all
}
