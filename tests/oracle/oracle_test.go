package oracle_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/tests/oracle"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// stores are the databases that every sequence runs on.
func stores() []oracle.Store {
	return []oracle.Store{{Name: "SQLite", Open: testdb.SQLite}}
}

func TestAnySequenceOfOperationsGivesWhatTheDesignSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		if difference := oracle.Run(t, r, oracle.Present(), stores()...); difference != "" {
			r.Fatalf("%s", difference)
		}
	})
}
