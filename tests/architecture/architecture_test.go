package architecture_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/architecture"
)

// repository loads the tree this test stands in.
func repository(t *testing.T) *architecture.Tree {
	t.Helper()
	tree, err := architecture.Load(os.DirFS("../.."))
	require.NoError(t, err)
	return tree
}

func allowance(t *testing.T) architecture.Allowance {
	t.Helper()
	text, err := os.ReadFile("allowance.txt")
	require.NoError(t, err)
	granted, err := architecture.ParseAllowance(string(text))
	require.NoError(t, err)
	return granted
}

func TestTheRepositoryFollowsItsRules(t *testing.T) {
	t.Parallel()
	tree := repository(t)
	for _, check := range architecture.Checks(allowance(t)) {
		t.Run(check.Name, func(t *testing.T) {
			t.Parallel()
			for _, finding := range check.Run(tree) {
				t.Error(finding)
			}
		})
	}
}

func TestTheChecksHaveSomethingToLookAt(t *testing.T) {
	t.Parallel()
	tree := repository(t)
	for _, place := range architecture.Required {
		require.Contains(t, tree.Text, place)
	}
	require.NotEmpty(t, tree.Packages())
}

func TestTheStateThatIsGrantedExists(t *testing.T) {
	t.Parallel()
	tree := repository(t)
	for name := range architecture.State {
		require.True(t, declares(tree, name), "%s is granted as mutable state but is not declared", name)
	}
}

// declares reports whether a package declares a variable, named dir.variable.
func declares(tree *architecture.Tree, name string) bool {
	dot := strings.LastIndexByte(name, '.')
	for _, file := range tree.Packages()[name[:dot]] {
		if scope := file.AST.Scope; scope != nil && scope.Lookup(name[dot+1:]) != nil {
			return true
		}
	}
	return false
}
