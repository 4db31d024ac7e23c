package conformance_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/conformance"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

func TestSQLiteKeepsThePromisesOfAStore(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(t *testing.T) store.Store { return testdb.SQLite(t) })
}

func TestSQLiteInMemoryKeepsThePromisesOfAStore(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(t *testing.T) store.Store { return testdb.Memory(t) })
}

// sabotage names the broken store that a child of this test binary runs the
// suite on.
const sabotage = "TASKER_CONFORMANCE_SABOTAGE"

// broken are stores that break one promise each, by the words of the promise
// that must notice.
var broken = map[string]func(store.Tx) store.Tx{
	"step:_a_move_that_expects_another_row_changes_nothing": func(tx store.Tx) store.Tx { return setsWithoutComparing{tx} },
	"each_route_gives_at_most_its_limit":                    func(tx store.Tx) store.Tx { return ignoresLimits{tx} },
	"many_routes_are_answered_like_few":                     func(tx store.Tx) store.Tx { return seesOneNamespace{tx} },
	"a_second_lease_of_a_step_is_a_Conflict":                func(tx store.Tx) store.Tx { return swallowsConflicts{tx} },
}

// TestABrokenStoreFailsTheSuite runs this test again in a child process on each
// broken store; the child must fail, and for the right reason.
func TestABrokenStoreFailsTheSuite(t *testing.T) {
	t.Parallel()
	if name := os.Getenv(sabotage); name != "" {
		conformance.Run(t, func(t *testing.T) store.Store { return brokenStore{testdb.SQLite(t), broken[name]} })
		return
	}
	for name := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestABrokenStoreFailsTheSuite$")
			child.Env = append(os.Environ(), sabotage+"="+name)
			output, err := child.CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(output), "--- FAIL: TestABrokenStoreFailsTheSuite/")
			require.Contains(t, string(output), name)
		})
	}
}

type brokenStore struct {
	store.Store
	tamper func(store.Tx) store.Tx
}

func (b brokenStore) Write(ctx context.Context, fn func(store.Tx) error) error {
	return b.Store.Write(ctx, func(tx store.Tx) error { return fn(b.tamper(tx)) })
}

// setsWithoutComparing moves a step from wherever it is.
type setsWithoutComparing struct{ store.Tx }

func (s setsWithoutComparing) StepMove(ctx context.Context, moves []store.Move) ([]store.Moved, error) {
	for i := range moves {
		steps, err := s.StepList(ctx, []int64{moves[i].OwnerID})
		if err != nil {
			return nil, err
		}
		for _, step := range steps {
			moves[i].ExpectedID = step.TransitionID
		}
	}
	return s.Tx.StepMove(ctx, moves)
}

// ignoresLimits gives more candidates than asked for.
type ignoresLimits struct{ store.Tx }

func (i ignoresLimits) ReadyCandidates(
	ctx context.Context, routes []int64, now workflow.Instant, perRoute int,
) ([]workflow.ReadyStep, error) {
	return i.Tx.ReadyCandidates(ctx, routes, now, perRoute+1)
}

// swallowsConflicts says nothing when a step is leased already.
type swallowsConflicts struct{ store.Tx }

func (s swallowsConflicts) LeaseInsert(ctx context.Context, leases []workflow.Lease) error {
	_ = s.Tx.LeaseInsert(ctx, leases)
	return nil
}

// seesOneNamespace walks the first queue alone when it is asked for many routes.
type seesOneNamespace struct{ store.Tx }

func (s seesOneNamespace) ReadyCandidates(
	ctx context.Context, routes []int64, now workflow.Instant, limit int,
) ([]workflow.ReadyStep, error) {
	rows, err := s.Tx.ReadyCandidates(ctx, routes, now, limit)
	if len(routes) >= store.WalkFrom && len(rows) > 0 {
		one := rows[0].NamespaceID
		rows = slices.DeleteFunc(rows, func(r workflow.ReadyStep) bool { return r.NamespaceID != one })
	}
	return rows, err
}
