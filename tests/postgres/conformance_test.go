package postgres_test

import (
	"testing"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/tests/conformance"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

func TestPostgreSQLKeepsThePromisesOfAStore(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(t *testing.T) store.Store { return testdb.Postgres(t) })
}

func TestPostgreSQLBehindAPoolerKeepsThePromisesOfAStore(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(t *testing.T) store.Store { return testdb.PostgresThroughPooler(t) })
}
