//go:build !tasker_sabotage_no_barrier

package barrier

// upright is false only in a build that shows that the tests notice.
const upright = true
