//go:build tasker_sabotage_dirty

package engine

// heeded is switched off; the tests must notice.
const heeded = false
