//go:build !tasker_sabotage_fence

package engine

// fenced is true but for a build that proves the tests: `make test/sabotage`.
// The fence: a lease ends only by an outcome that names its epoch.
const fenced = true
