//go:build tasker_sabotage_no_barrier

package barrier

const upright = false
