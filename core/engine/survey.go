package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

const (
	// surveyOverlap is how far before the last look a look begins: a writer commits
	// some time after the instant that it writes, which is of its own machine's
	// clock. What comes later than this is left to the thorough look.
	surveyOverlap = time.Minute
	// surveyThorough is the pause between two looks at every task, whenever it was
	// written: rows that were deleted leave no trace, nor do writers that leave
	// updated_at as it was.
	surveyThorough = time.Hour
	// surveyPage bounds the tasks of one statement. Most of those of ours have
	// ended and cost next to nothing.
	surveyPage       = 10_000
	surveyPageActive = 1_000
	// surveyBatch bounds the tasks whose steps are looked at, and in memory, at once:
	// a task may have thousands.
	surveyBatch = 50
	// surveyBudget is after how long a look stops for now and goes on with the next
	// tick: it shares a transaction with the look for what died.
	surveyBudget = 50 * time.Millisecond
	// surveyOffers bounds the tasks taken over after one look.
	surveyOffers = 100
)

// round is one of the looks over all tasks of a kind, some with every tick until
// all were seen, then again after a pause.
type round struct {
	of       store.SurveyKind
	thorough bool
	pause    time.Duration
	began    workflow.Instant // the pass under way or the last one; zero: none
	under    bool             // a pass is under way
	since    workflow.Instant // what was written from here on counts in it
	after    int64            // the last task that it has seen
}

// begin starts a pass if none is under way and the pause is over. It reports
// whether there is something to do.
func (r *round) begin(now workflow.Instant) bool {
	if r.under || !r.began.IsZero() && now.Before(r.began.Add(r.pause)) {
		return r.under
	}
	r.since = workflow.At(r.began.Add(-surveyOverlap))
	r.began, r.under, r.after = now, true, 0
	return true
}

// survey finds what other programs wrote to a database whose triggers do not tell
// (design section 4). Its state is what one process has seen.
type survey struct {
	mu     sync.Mutex // guards rounds; never held across a store call
	rounds []round
}

func newSurvey(every time.Duration, adopting bool, openedAt workflow.Instant) *survey {
	rounds := []round{
		{of: store.SurveyActive, pause: every, began: openedAt},
		{of: store.SurveyBlocked, pause: every, began: openedAt},
		{of: store.SurveyActive, pause: surveyThorough, thorough: true}, // at once: nobody knows what came before
		{of: store.SurveyBlocked, pause: surveyThorough, thorough: true},
	}
	if adopting { // only what others touch from now on, as with triggers
		rounds = append(rounds, round{of: store.SurveyForeign, pause: every, began: openedAt})
	}
	return &survey{rounds: rounds}
}

// due returns the rounds as they are, each with a pass begun that is due, and
// whether there is something to do.
func (s *survey) due(now workflow.Instant) (rounds []round, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rounds = slices.Clone(s.rounds)
	for i := range rounds {
		due = rounds[i].begin(now) || due
	}
	return rounds, due
}

// overdue reports whether a pass should have begun long ago. A tick that renews
// heartbeats leaves the survey to the next one, so that an idle engine has one
// transaction for each; where every tick renews them, this one must not.
func (s *survey) overdue(now workflow.Instant) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.rounds, func(r round) bool { return !now.Before(r.began.Add(2 * r.pause)) })
}

// keep notes how far the rounds came. Of two looks at once the later note counts:
// at worst the other's tasks are looked at again.
func (s *survey) keep(rounds []round) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rounds = rounds
}

// surveyed is what a look found.
type surveyed struct {
	untrue  []int64 // tasks of ours of which something must be mended
	offered []int64 // tasks of others that were touched
	rounds  []round // to keep when all of that is noted; nil: there was no look
}

// lookAround looks at some tasks for changes that no trigger noted, when it is
// time and this engine has the oldest of the workers: one process of many is
// enough, and if it dies its worker is deleted and the next takes over.
func (e *Engine) lookAround(
	ctx context.Context, r store.Reader, workers []workflow.Worker, now workflow.Instant,
) (found surveyed, err error) {
	if len(workers) > 0 && !e.workers.has(workers[0].ID) {
		return found, nil
	}
	rounds, due := e.survey.due(now)
	if !due {
		return found, nil
	}
	watched, err := r.Watched(ctx)
	if err != nil {
		return found, err
	}
	for i := range rounds {
		if watched { // up to now the dirty list has everything
			rounds[i].began, rounds[i].under = now, false
		} else if rounds[i].under {
			if err := e.goRound(ctx, r, &rounds[i], now, &found); err != nil {
				return found, err
			}
		}
	}
	found.rounds = rounds
	return found, nil
}

// goRound goes on with a pass until it ends or the time is over. It always comes a
// batch further, however slow the database is.
func (e *Engine) goRound(ctx context.Context, r store.Reader, pass *round, now workflow.Instant, found *surveyed) error {
	limit := surveyPage
	if pass.of == store.SurveyActive {
		limit = surveyPageActive
	}
	started := time.Now()
	for {
		page, err := r.TaskSurvey(ctx, store.Survey{Of: pass.of, Namespaces: e.AdoptNamespaces, After: pass.after, Limit: limit})
		if err != nil {
			return err
		}
		for batch := range slices.Chunk(page.TaskIDs, surveyBatch) {
			if err := e.examineBatch(ctx, r, pass, batch, now, found); err != nil {
				return err
			}
			pass.after = batch[len(batch)-1]
			if time.Since(started) > surveyBudget || len(found.offered) >= surveyOffers {
				return nil
			}
		}
		pass.after, pass.under = page.Next, page.Next != 0
		if !pass.under || time.Since(started) > surveyBudget {
			return nil
		}
	}
}

// examineBatch adds what it finds about some tasks. Those that nobody wrote to
// cost one statement.
func (e *Engine) examineBatch(
	ctx context.Context, r store.Reader, pass *round, ids []int64, now workflow.Instant, found *surveyed,
) (err error) {
	if !pass.thorough {
		if ids, err = r.TaskWritten(ctx, ids, pass.since); err != nil || len(ids) == 0 {
			return err
		}
	}
	if pass.of == store.SurveyForeign {
		found.offered = append(found.offered, ids...)
		return nil
	}
	untrue, err := e.untrue(ctx, r, ids, now)
	found.untrue = append(found.untrue, untrue...)
	return err
}

// untrue returns those of the tasks of which a reconciliation would change
// something. What this engine writes changes nothing there, so its own writes,
// which updated_at does not tell from others', cost no lock. Tasks on the dirty
// list are left out, since they are reconciled anyway.
func (e *Engine) untrue(ctx context.Context, r store.Reader, taskIDs []int64, now workflow.Instant) ([]int64, error) {
	tasks, err := r.TaskPeek(ctx, taskIDs)
	if err != nil {
		return nil, err
	}
	tasks = slices.DeleteFunc(tasks, func(task workflow.TaskLock) bool { return task.Dirty })
	u := newUnit(ctx, e, nil, now, "")
	ids := make([]int64, len(tasks))
	for i, task := range tasks {
		ids[i] = task.ID
		u.tasks[task.ID] = &workTask{TaskLock: task, from: task.State, verified: true}
	}
	found, err := readSteps(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	differs := u.differences(ids, found)
	if err := u.settle(); err != nil {
		return nil, err
	}
	var untrue []int64
	for _, was := range tasks {
		task := u.tasks[was.ID]
		same := task.Open == was.Open && task.Running == was.Running && task.Waiting == was.Waiting && task.Stuck == was.Stuck
		if !same || len(task.hops) > 0 || differs[was.ID] {
			untrue = append(untrue, was.ID)
		}
	}
	return untrue, nil
}

// markUntrue puts tasks on the dirty list, as a trigger would have.
func (e *Engine) markUntrue(ctx context.Context, taskIDs []int64) error {
	if len(taskIDs) == 0 {
		return nil
	}
	return e.write(ctx, "", func(u *unit) error {
		u.dirty = append(u.dirty, taskIDs...)
		return nil
	})
}

// differences judges tasks by the truth and returns those of which a row of the
// queue, a lease or a column of a step would change.
func (u *unit) differences(taskIDs []int64, t truth) map[int64]bool {
	owner := map[int64]int64{}
	for i := range t.steps {
		owner[t.steps[i].ID] = t.steps[i].TaskID
	}
	for id, lease := range t.leases {
		owner[id] = lease.TaskID
	}
	for id, row := range t.rows {
		owner[id] = row.TaskID
	}
	changed := append(u.judge(taskIDs, t), u.freed...)
	u.requeueAll(t)
	for id := range u.steps {
		changed = append(changed, id)
	}
	for _, row := range u.ready {
		changed = append(changed, row.StepID)
	}
	differs := map[int64]bool{}
	for _, id := range changed {
		differs[owner[id]] = true
	}
	return differs
}
