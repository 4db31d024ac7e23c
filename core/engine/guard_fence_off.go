//go:build tasker_sabotage_fence

package engine

// fenced is switched off; the tests must notice.
const fenced = false
