package store

import "context"

// Rule names one invariant of the stored rows. The set is closed: Rules.
type Rule string

// Rules about histories; both engines must keep them, so every task and step of
// the database is looked at. I1 to I10 are of the schema sheet, section 5.
const (
	// CurrentRow: an owner with rows has exactly one that is most_recent, and
	// it has the greatest sort_key (I1, I2).
	CurrentRow Rule = "current_row"
	// UnbrokenChain: from_state, where it is filled, is the state of the row
	// before, pending for the first (I6; design, D13).
	UnbrokenChain Rule = "unbroken_chain"
	// KnownState: to_state is one of the six (I5).
	KnownState Rule = "known_state"
	// LegalMove: a row leads from the state before along a pair of the state
	// machines (I10).
	LegalMove Rule = "legal_move"
	// MetadataObject: metadata is a JSON object; NULL is tolerated (I7).
	MetadataObject Rule = "metadata_object"
)

// Rules about what the engine keeps beside the histories. They hold for tasks
// of ours that are not on the dirty list (design, section 4), and judge
// readiness as the policy core does.
const (
	// QueueRowMissing: a step that may run now or at a known time has a row in
	// the queue, unless its task is serial and busy (ARCHITECTURE, ready rows).
	QueueRowMissing Rule = "queue_row_missing"
	// QueueRowUntrue: no other step has one, and none is due before the wait
	// of its step is over (design, D8) and its task's start_at is reached.
	QueueRowUntrue Rule = "queue_row_untrue"
	// QueueRowDiffers: a row's route, namespace, priority and task are those
	// of its step (design, section 4).
	QueueRowDiffers Rule = "queue_row_differs"
	// Counters: open, running, waiting and stuck of a task are what its steps
	// say (design, section 4).
	Counters Rule = "counters"
	// LeaseCurrent: a lease's step is in progress by the very row that the
	// epoch names, and belongs to the lease's task (design, section 6, epoch).
	LeaseCurrent Rule = "lease_current"
	// LeaseWithoutWorker: a lease's worker exists. A warning: the next sweep
	// gives such a step to others (design, section 6, recovery).
	LeaseWithoutWorker Rule = "lease_without_worker"
	// InProcess: in_process is true exactly while the step is leased (D9).
	InProcess Rule = "in_process"
	// ProcessedColumn: a complete step has processed and processed_at set
	// (schema sheet, section 5, columns kept in step).
	ProcessedColumn Rule = "processed_column"
	// CompleteColumn: complete is set for every task whose state is complete, and
	// else only for one that was cancelled later: it is never reset (schema sheet,
	// T15).
	CompleteColumn Rule = "complete_column"
	// EndedEarly: a complete task has no open step (design, section 5).
	EndedEarly Rule = "ended_early"
	// EndMissed: a task that has not ended has an open step, and unless it is in
	// error one that is leased, ready or waiting for a time: its end is decided
	// with its last outcome (design, section 5 and D4).
	EndMissed Rule = "end_missed"
	// OrphanRow: the task and the step of every row of ours exist.
	OrphanRow Rule = "orphan_row"
)

// Rules lists every rule, in the order above.
var Rules = []Rule{
	CurrentRow, UnbrokenChain, KnownState, LegalMove, MetadataObject,
	QueueRowMissing, QueueRowUntrue, QueueRowDiffers, Counters, LeaseCurrent, LeaseWithoutWorker, InProcess,
	ProcessedColumn, CompleteColumn, EndedEarly, EndMissed, OrphanRow,
}

// Violation is one place where a rule does not hold.
type Violation struct {
	Rule   Rule
	TaskID int64 // 0 when the row leads to no task
	StepID int64 // 0 when it is about the task
	Detail string
}

// Warning reports whether the next sweep mends it without anybody's help.
func (v Violation) Warning() bool { return v.Rule == LeaseWithoutWorker }

// InvariantReader checks the database as a whole.
type InvariantReader interface {
	// Violations returns at most limit violations, grouped by rule, then by
	// task and step. It reads every row of the tables it is about: it is for
	// tests, for diagnosis and for repair, not for a monitor.
	Violations(ctx context.Context, limit int) ([]Violation, error)
}
