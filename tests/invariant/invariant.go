// Package invariant holds a store to the rules of core/store/invariant.go at
// the end of a test.
package invariant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
)

// shown bounds the violations that a failing test prints.
const shown = 50

// Check returns the violations of a store, warnings included.
func Check(ctx context.Context, db store.Store) (found []store.Violation, err error) {
	err = db.Read(ctx, func(r store.Reader) error {
		found, err = r.Violations(ctx, shown)
		return err
	})
	return found, err
}

// Require fails the test when a rule does not hold. Warnings are passed over: a
// test may end with the leases of a dead worker. The rules that are named are
// those that the test has broken on purpose: each must be found broken.
func Require(t testing.TB, db store.Store, broken ...store.Rule) {
	t.Helper()
	found, err := Check(context.Background(), db)
	require.NoError(t, err)
	var lines []string
	met := map[store.Rule]bool{}
	for _, v := range found {
		met[v.Rule] = true
		if !v.Warning() && !slices.Contains(broken, v.Rule) {
			lines = append(lines, Sentence(v))
		}
	}
	require.Empty(t, lines, "invariants of the stored rows:\n%s", strings.Join(lines, "\n"))
	for _, rule := range broken {
		require.True(t, met[rule], "the test breaks %s and nobody finds it", rule)
	}
}

// Among returns the violations of some rules, for stores that hold no whole
// tasks.
func Among(found []store.Violation, rules ...store.Rule) []store.Violation {
	return slices.DeleteFunc(slices.Clone(found), func(v store.Violation) bool { return !slices.Contains(rules, v.Rule) })
}

// Sentence tells a violation in one line.
func Sentence(v store.Violation) string {
	return fmt.Sprintf("%s: task %d, step %d: %s", v.Rule, v.TaskID, v.StepID, v.Detail)
}
