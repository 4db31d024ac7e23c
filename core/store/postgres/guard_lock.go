//go:build !tasker_sabotage_lock

package postgres

// locked is true but for a build that proves the tests: `make test/sabotage`.
// The lock of the task before the join: without it two parents that finish at
// once release their child zero times (design, section 6).
const locked = true
