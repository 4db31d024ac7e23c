//go:build !tasker_sabotage_compare

package engine

// compared is true but for a build that proves the tests: `make test/sabotage`.
// The compare-and-set: a state moves only from the row that was read.
const compared = true
