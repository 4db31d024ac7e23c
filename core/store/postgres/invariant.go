package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/store"
)

// Violations checks the invariants; see store.InvariantReader.
func (t *tx) Violations(ctx context.Context, limit int) ([]store.Violation, error) {
	var found []store.Violation
	for _, statement := range []string{"ViolationsHistory", "ViolationsDerived", "ViolationsOrphans"} {
		more, err := list(ctx, t, statement, func(rows pgx.Rows, v *store.Violation) error {
			return rows.Scan((*string)(&v.Rule), &v.TaskID, &v.StepID, &v.Detail)
		}, limit-len(found))
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}
