// Package workflow holds the records of the engine: tasks and steps with their
// states, edges, transitions, leases and workers, as every layer above and
// below passes them on. It knows no rule and no database.
package workflow
