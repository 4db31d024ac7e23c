//go:build tasker_sabotage_lock

package postgres

// locked is switched off; the tests must notice.
const locked = false
