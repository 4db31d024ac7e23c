package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Verdicts of design section 6.
const (
	verdictRecorded        = "recorded"
	verdictAlreadyRecorded = "already_recorded"
	verdictSuperseded      = "superseded"
	verdictLeaseLost       = "lease_lost"
	verdictConflict        = "conflict"
	verdictNotFound        = "not_found"
)

// closing is the end of one lease, by whomever: what the step moves through,
// which columns change, and whether it waits for another attempt.
type closing struct {
	StepID int64
	Epoch  int64
	Digest string // of the outcome; empty when the core ends the lease

	correlation string

	// decide plans the end from what was read under the lock.
	decide func(u *unit, task *workTask, step *workflow.Step, lease workflow.Lease) ending
}

// ending is a decided end of a lease.
type ending struct {
	path    []store.Hop
	edit    func(*store.StepChange)
	to      workflow.State
	retryAt *workflow.Instant // when it may run again; nil: never by itself
	stuck   bool              // nothing moves it without a person
}

// closer works through one batch of closings inside a unit.
type closer struct {
	*unit
	closings []closing
	verdicts []Verdict
	steps    map[int64]*workflow.Step
	leases   map[int64]workflow.Lease
}

// close ends leases: the fence, then the moves by compare-and-set, then what
// follows for the winners. It returns one verdict per closing, in order. A step
// that is named twice is served in two rounds.
func (u *unit) close(closings []closing) ([]Verdict, error) {
	verdicts := make([]Verdict, len(closings))
	for from := 0; from < len(closings); {
		to := distinctPrefix(closings[from:]) + from
		c := &closer{unit: u, closings: closings[from:to], verdicts: verdicts[from:to]}
		if err := c.run(); err != nil {
			return nil, err
		}
		if from = to; from < len(closings) {
			if err := u.flush(); err != nil { // the next round reads what this one wrote
				return nil, err
			}
		}
	}
	return verdicts, nil
}

// distinctPrefix returns how many leading closings name different steps.
func distinctPrefix(closings []closing) int {
	seen := make(map[int64]bool, len(closings))
	for i, c := range closings {
		if seen[c.StepID] {
			return i
		}
		seen[c.StepID] = true
	}
	return len(closings)
}

func (c *closer) run() error {
	if err := c.read(); err != nil {
		return err
	}
	held, late := c.fence()
	if err := c.judgeLate(late); err != nil {
		return err
	}
	endings := c.decideAll(held)
	won, err := c.move(held, endings)
	if err != nil {
		return err
	}
	satisfied := c.apply(won, endings)
	if err := c.release(satisfied); err != nil {
		return err
	}
	c.fillStates()
	return nil
}

func (c *closer) read() error {
	ids := make([]int64, len(c.closings))
	for i, one := range c.closings {
		ids[i] = one.StepID
		c.verdicts[i] = Verdict{StepID: one.StepID, Epoch: one.Epoch, Verdict: verdictNotFound}
	}
	locked, err := c.tx.StepLock(c.ctx, ids)
	if err != nil {
		return err
	}
	if err := c.adopt(locked.Tasks); err != nil {
		return err
	}
	c.steps = make(map[int64]*workflow.Step, len(locked.Steps))
	for i := range locked.Steps {
		c.steps[locked.Steps[i].ID] = &locked.Steps[i]
	}
	c.leases = make(map[int64]workflow.Lease, len(locked.Leases))
	for _, lease := range locked.Leases {
		c.leases[lease.StepID] = lease
	}
	return nil
}

// fence splits the closings, by index, into those that hold their lease and
// those that come late. A step without a task of ours is not found.
func (c *closer) fence() (held, late []int) {
	for i, one := range c.closings {
		step := c.steps[one.StepID]
		if step == nil || c.tasks[step.TaskID] == nil {
			continue
		}
		lease, leased := c.leases[one.StepID]
		switch {
		case !fenced && leased:
			held = append(held, i)
		case leased && lease.Epoch == one.Epoch && step.TransitionID == one.Epoch && step.State == workflow.InProgress:
			held = append(held, i)
		case leased && lease.Epoch == one.Epoch:
			c.lose(i, step) // a foreign writer moved the step under its lease
		default:
			late = append(late, i)
		}
	}
	return held, late
}

// lose answers conflict, gives the useless lease back and has the task checked.
// The step itself is left as the winner wrote it (D10): what was read of it here
// is older.
func (c *closer) lose(i int, step *workflow.Step) {
	c.verdicts[i].Verdict = verdictConflict
	c.freed = append(c.freed, step.ID)
	c.tasks[step.TaskID].Running--
	c.tasks[step.TaskID].touched = true
	c.tasks[step.TaskID].reconcile = true
}

// judgeLate tells a repeated report from a lost lease by the row that closed
// the epoch.
func (c *closer) judgeLate(late []int) error {
	if len(late) == 0 {
		return nil
	}
	names := make([]store.StepEpoch, len(late))
	for n, i := range late {
		names[n] = store.StepEpoch{StepID: c.closings[i].StepID, Epoch: c.closings[i].Epoch}
	}
	rows, err := c.tx.StepClosings(c.ctx, names)
	if err != nil {
		return err
	}
	for n, i := range late {
		row, closed := rows[names[n]]
		c.verdicts[i].Verdict = lateVerdict(row, closed, c.closings[i])
	}
	return nil
}

// lateVerdict reads the row that closed an epoch (design section 6).
func lateVerdict(row workflow.Transition, closed bool, one closing) string {
	if !closed {
		return verdictLeaseLost
	}
	epoch, ours := row.Metadata.Field("epoch").Int()
	digest := row.Metadata.Field("digest").Text()
	switch {
	case !ours || epoch != one.Epoch:
		return verdictConflict
	case digest == "" || one.Digest == "":
		return verdictLeaseLost
	case digest == one.Digest:
		return verdictAlreadyRecorded
	}
	return verdictSuperseded
}

func (c *closer) decideAll(held []int) map[int]ending {
	endings := make(map[int]ending, len(held))
	for _, i := range held {
		step := c.steps[c.closings[i].StepID]
		endings[i] = c.closings[i].decide(c.unit, c.tasks[step.TaskID], step, c.leases[step.ID])
	}
	return endings
}

// move runs the fenced moves and returns the indexes of the winners.
func (c *closer) move(held []int, endings map[int]ending) ([]int, error) {
	if len(held) == 0 {
		return nil, nil
	}
	moves := make([]store.Move, len(held))
	for n, i := range held {
		moves[n] = store.Move{OwnerID: c.closings[i].StepID, ExpectedID: c.steps[c.closings[i].StepID].TransitionID,
			From: workflow.InProgress, Path: endings[i].path, At: c.now}
	}
	moved, err := c.moveSteps(moves)
	if err != nil {
		return nil, err
	}
	winners := make(map[int64]bool, len(moved))
	for _, m := range moved {
		winners[m.OwnerID] = true
	}
	var won []int
	for _, i := range held {
		if step := c.steps[c.closings[i].StepID]; winners[step.ID] {
			won = append(won, i)
		} else {
			c.lose(i, step)
		}
	}
	return won, nil
}

// apply plans columns, leases, counters and retries of the winners, and returns
// the steps that now satisfy their children.
func (c *closer) apply(won []int, endings map[int]ending) (satisfied []int64) {
	for _, i := range won {
		end, step := endings[i], c.steps[c.closings[i].StepID]
		task := c.tasks[step.TaskID]
		c.verdicts[i].Verdict = verdictRecorded
		c.change(step, end.edit)
		c.freed = append(c.freed, step.ID)
		task.Running--
		task.touched = true
		task.correlation = c.closings[i].correlation
		step.State = end.to
		switch {
		case end.to.Satisfies():
			task.Open--
			satisfied = append(satisfied, step.ID)
		case end.stuck:
			task.Stuck++
		case end.retryAt != nil && task.Concurrent && !task.State.Ended():
			c.queue(task, step, *end.retryAt)
		}
		if end.retryAt != nil && !task.State.Ended() {
			c.verdicts[i].RetryAt = *end.retryAt
		}
		task.reconcile = task.reconcile || !task.Concurrent
	}
	return satisfied
}

// release queues the children that just became ready.
func (c *closer) release(satisfied []int64) error {
	if len(satisfied) == 0 {
		return nil
	}
	children, err := c.tx.ChildList(c.ctx, satisfied)
	if err != nil {
		return err
	}
	for i := range children {
		child := &children[i]
		task := c.tasks[child.Step.TaskID]
		if task == nil { // an edge into another task: that task finds out for itself
			c.dirty = append(c.dirty, child.Step.TaskID)
			continue
		}
		if !child.Satisfied || !task.Concurrent {
			continue
		}
		if due, ok := c.runnable(task, &child.Step, true); ok {
			c.queue(task, &child.Step, due)
		}
	}
	return nil
}

// fillStates tells every caller where step and task stand now.
func (c *closer) fillStates() {
	for i := range c.verdicts {
		if step := c.steps[c.verdicts[i].StepID]; step != nil {
			c.verdicts[i].StepState = step.State
			c.verdicts[i].TaskID = step.TaskID
		}
	}
}

// digest identifies the content of an outcome, so that a repeated report is
// told from a different one. Sixteen bytes of SHA-256 in hex.
func (o *Outcome) digest() string {
	h := sha256.New()
	write := func(parts ...string) {
		for _, part := range parts {
			h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
		}
	}
	write(o.Status, string(o.Results), strconv.FormatBool(o.Permanent))
	if o.RetryAfterSeconds != nil {
		write(strconv.Itoa(*o.RetryAfterSeconds))
	}
	if o.Error != nil {
		write(o.Error.Message, o.Error.Class, o.Error.Code)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
