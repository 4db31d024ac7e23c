//go:build !tasker_sabotage_dirty

package engine

// heeded is true but for a build that proves the tests: `make test/sabotage`.
// The dirty list: what a foreign writer changed is reconciled before it counts.
const heeded = true
