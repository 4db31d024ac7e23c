package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/store"
)

// Every check reads whole tables, for which nested loops are never right; on
// statistics from when the tables were small the planner would choose them, and
// the check would not end. Costs that mean "forbidden" must not look to it like
// a query that deserves compiling.
const (
	forbidNestedLoops = "SET LOCAL enable_nestloop = off"
	allowNestedLoops  = "SET LOCAL enable_nestloop TO DEFAULT"
	forbidCompiling   = "SET LOCAL jit = off"
	allowCompiling    = "SET LOCAL jit TO DEFAULT"
)

// Violations checks the invariants; see store.InvariantReader.
func (t *tx) Violations(ctx context.Context, limit int) ([]store.Violation, error) {
	var found []store.Violation
	if err := t.usable(ctx); err != nil {
		return nil, err
	}
	t.batch.Queue(forbidNestedLoops)
	t.batch.Queue(forbidCompiling)
	for _, statement := range []string{"ViolationsHistory", "ViolationsDerived", "ViolationsOrphans"} {
		more, err := list(ctx, t, statement, func(rows pgx.Rows, v *store.Violation) error {
			return rows.Scan((*string)(&v.Rule), &v.TaskID, &v.StepID, &v.Detail)
		}, limit-len(found))
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	t.batch.Queue(allowNestedLoops)
	t.batch.Queue(allowCompiling)
	return found, t.flush(ctx)
}
