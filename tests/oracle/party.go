package oracle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/notify"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/invariant"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// Store is a kind of database under test.
type Store struct {
	Name string
	Open func(t testing.TB, clock *testdb.Clock) store.Store // a migrated database of the sequence's own
	Wrap func(store.Store) store.Store                       // nil; sabotage of what the engine sees

	// Sparing reads back, after most operations, only the tasks that the model
	// expects to have changed, and everything at times: for stores where each
	// question is a round trip.
	Sparing bool
}

// party is a database with its engines and the model that it must equal. Model
// objects stand for rows; the maps lead from one to the other.
type party struct {
	Store
	*model
	scope   *scope
	clock   *testdb.Clock
	db      store.Store
	engines []*life

	taskIDs   map[*task]int64
	stepIDs   map[*step]int64
	steps     map[int64]*step
	workerIDs map[*worker]int64
	workersOf map[int64]*worker
	epochs    map[*ticket]int64
	ticketsOf map[int64]*ticket

	problems []string    // of the operation under way
	expected expectation // after the operation before
	rounds   int
}

// life is one engine from its opening to its end.
type life struct {
	*engine.Engine
	hub *notify.Hub
}

func (l *life) end() {
	l.Close()
	l.hub.Close()
}

// processes is the number of engines on each database.
const processes = 2

func newParty(s *scope, kind Store) *party {
	p := &party{Store: kind, scope: s, clock: testdb.NewClock(), taskIDs: map[*task]int64{}, stepIDs: map[*step]int64{},
		steps: map[int64]*step{}, workerIDs: map[*worker]int64{}, workersOf: map[int64]*worker{},
		epochs: map[*ticket]int64{}, ticketsOf: map[int64]*ticket{}}
	p.model = &model{now: p.clock.Now()}
	p.db = kind.Open(s, p.clock)
	for range processes {
		p.engines = append(p.engines, p.newEngine())
		p.model.processes = append(p.model.processes, &process{sightings: map[*worker]sighting{}})
	}
	s.Cleanup(func() {
		for _, e := range p.engines {
			e.end()
		}
	})
	return p
}

func (p *party) newEngine() *life {
	log, err := telemetry.NewLog(10, "error")
	require.NoError(p.scope, err)
	hub, db := notify.NewHub(nil), p.db
	if p.Wrap != nil {
		db = p.Wrap(db)
	}
	return &life{hub: hub, Engine: engine.New(engine.Options{Store: db, Hub: hub, Log: log, Lease: leasePeriod, CacheBytes: 1 << 20, Host: "oracle",
		PID: 1, Version: "test", Draw: func() float64 { return 0.5 }})}
}

// violations are the broken invariants of the database, one sentence each.
func (p *party) violations() (sentences []string) {
	found, err := invariant.Check(ctx(), p.db)
	require.NoError(p.scope, err)
	for _, v := range found {
		if !v.Warning() {
			sentences = append(sentences, "invariant "+invariant.Sentence(v))
		}
	}
	return sentences
}

func ctx() context.Context { return context.Background() }

// differ notes what an operation answered otherwise than it should.
func (p *party) differ(format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// allow notes a difference unless got is one of the legal answers.
func (p *party) allow(what string, got any, legal ...any) {
	for _, want := range legal {
		if fmt.Sprint(want) == fmt.Sprint(got) {
			return
		}
	}
	p.differ("%s: %v\n      expected %v", what, got, legal)
}

// observe reads everything that can be compared about the tasks, and the
// workers.
func (p *party) observe(tasks []*task) map[string]string {
	seen := map[string]string{}
	e := p.engines[0]
	if len(tasks) > 0 {
		p.observeJudged(e.Engine, seen, tasks)
		p.observeKept(seen, tasks)
	}
	for _, t := range tasks {
		p.observeTask(e.Engine, seen, t)
	}
	workers, err := e.ListWorkers(ctx(), engine.ListWorkersRequest{})
	require.NoError(p.scope, err)
	for _, w := range workers.Items {
		seen[p.workerName(w.WorkerID)] = fmt.Sprintf("heartbeat %s, leases %d", clock(w.HeartbeatAt.Time), w.Leases)
	}
	return seen
}

func (p *party) ids(tasks []*task) []int64 {
	ids := make([]int64, len(tasks))
	for i, t := range tasks {
		ids[i] = p.taskIDs[t]
	}
	return ids
}

func (p *party) workerName(id int64) string {
	if w := p.workersOf[id]; w != nil {
		return w.String()
	}
	return fmt.Sprintf("worker %d", id)
}

func (p *party) leaseName(epoch int64) string {
	if t := p.ticketsOf[epoch]; t != nil {
		return t.String()
	}
	return fmt.Sprintf("epoch %d", epoch)
}

func (p *party) stepName(id int64) string {
	if s := p.steps[id]; s != nil {
		return s.String()
	}
	return fmt.Sprintf("step %d", id)
}

func (p *party) observeTask(e *engine.Engine, seen map[string]string, t *task) {
	reply, err := e.GetTask(ctx(), engine.GetTaskRequest{TaskID: p.taskIDs[t], Include: []string{"steps", "edges", "transitions"}})
	require.NoError(p.scope, err)
	name := t.String()
	seen[name+" state"] = fmt.Sprintf("%s since %s", reply.State, clock(reply.StateSince.Time))
	seen[name+" type"] = fmt.Sprintf("%s/%s priority %d created %s", reply.Namespace, reply.Name, reply.Priority, clock(reply.CreatedAt.Time))
	var edges []string
	for _, edge := range reply.Edges {
		edges = append(edges, p.steps[edge.FromStepID].kind.name+"→"+p.steps[edge.ToStepID].kind.name)
	}
	slices.Sort(edges)
	seen[name+" edges"] = strings.Join(edges, " ")
	seen[name+" history"] = ""
	for _, s := range reply.Steps {
		p.observeStep(seen, &s)
	}
	rows := map[string][]string{}
	for _, r := range reply.Transitions {
		owner := name
		if r.StepID != 0 {
			owner = p.stepName(r.StepID)
		}
		rows[owner] = append(rows[owner], p.row(&r))
	}
	for owner, texts := range rows {
		seen[owner+" history"] = strings.Join(texts, " | ")
	}
}

// row renders a transition with those keys of its metadata that the design
// names.
func (p *party) row(r *engine.TransitionInfo) string {
	var from workflow.State
	if r.FromState != nil {
		from = *r.FromState
	}
	lease := ""
	if r.StepID != 0 && r.ToState == workflow.InProgress {
		if p.ticketsOf[r.ID] != nil {
			lease = p.leaseName(r.ID)
		}
	} else if epoch, ok := r.Metadata.Field("epoch").Int(); ok && r.ToState != workflow.Cancelled {
		lease = p.leaseName(epoch)
	}
	var flags []string
	for _, flag := range []string{"permanent", "lease_expired", "released"} {
		if r.Metadata.Field(flag).True() && r.ToState == workflow.Error {
			flags = append(flags, flag)
		}
	}
	for _, key := range []string{"digest", "via"} {
		if r.Metadata.Field(key).Text() != "" {
			flags = append(flags, key)
		}
	}
	if by := r.Metadata.Field("resolved_by").Text(); by != "" && r.StepID != 0 {
		flags = append(flags, by)
	}
	return rowText(from, r.ToState, r.SortKey, r.MostRecent, r.CreatedAt.Time, lease, flags)
}

func (p *party) observeStep(seen map[string]string, s *engine.StepInfo) {
	name := p.stepName(s.StepID)
	seen[name+" state"] = fmt.Sprintf("%s since %s", s.State, clock(s.StateSince.Time))
	seen[name+" history"] = ""
	seen[name+" attempts"] = fmt.Sprintf("%d of %d, last %s", s.Attempts, s.RetryLimit, clock(s.LastAttemptedAt.Time))
	seen[name+" retryable"] = fmt.Sprint(s.Retryable)
	seen[name+" in_process"] = fmt.Sprint(s.InProcess)
	seen[name+" processed_at"] = clock(s.ProcessedAt.Time)
	seen[name+" backoff"] = number(s.BackoffSeconds)
	seen[name+" results"] = compact(s.Results)
}

// compact takes away the blanks that a database may put into JSON.
func compact(raw workflow.JSON) string {
	return strings.NewReplacer(": ", ":", ", ", ",").Replace(string(raw))
}

// observeJudged reads what the readiness rules say.
func (p *party) observeJudged(e *engine.Engine, seen map[string]string, tasks []*task) {
	contexts, err := e.ListContexts(ctx(), engine.ContextsRequest{TaskIDs: p.ids(tasks)})
	require.NoError(p.scope, err)
	for i, c := range contexts.Items {
		seen[tasks[i].String()+" context"] = contextText(c.Status, c.TotalSteps, c.PendingSteps, c.InProgressSteps, c.CompletedSteps,
			c.FailedSteps, c.ReadySteps, c.ExecutionStatus, c.RecommendedAction, c.CompletionPercentage, c.HealthStatus, clock(c.NextWakeAt.Time))
	}
	rows, err := e.ListReadiness(ctx(), engine.ReadinessRequest{TaskIDs: p.ids(tasks)})
	require.NoError(p.scope, err)
	for _, r := range rows.Items {
		name := p.stepName(r.StepID)
		seen[name+" readiness"] = readinessText(r.DependenciesSatisfied, r.RetryEligible, r.ReadyForExecution, clock(r.LastFailureAt.Time),
			clock(r.NextRetryAt.Time), r.CompletedParents, r.TotalParents)
		seen[name+" reason"] = r.Reason
	}
}

// observeKept reads what the engine keeps beside the shared tables.
func (p *party) observeKept(seen map[string]string, tasks []*task) {
	kept := map[string][]string{}
	require.NoError(p.scope, p.db.Write(ctx(), func(tx store.Tx) error {
		clear(kept)
		locks, err := tx.TaskLock(ctx(), p.ids(tasks))
		if err != nil {
			return err
		}
		for i, lock := range locks {
			seen[tasks[i].String()+" counters"] = fmt.Sprintf("open %d, running %d, waiting %d, stuck %d",
				lock.Open, lock.Running, lock.Waiting, lock.Stuck)
			seen[tasks[i].String()+" dirty"] = fmt.Sprint(lock.Dirty)
		}
		rows, err := tx.ReadyListByTask(ctx(), p.ids(tasks))
		if err != nil {
			return err
		}
		for _, row := range rows {
			s := p.steps[row.StepID]
			kept[s.task.String()+" queue"] = append(kept[s.task.String()+" queue"], queueText(s.kind.name, row.DueAt.Time, p.now))
		}
		leases, err := tx.LeaseList(ctx(), store.LeaseFilter{TaskIDs: p.ids(tasks)})
		for _, l := range leases {
			s := p.steps[l.StepID]
			kept[s.task.String()+" leases"] = append(kept[s.task.String()+" leases"], leaseText(s.String(), p.workerName(l.WorkerID),
				p.leaseName(l.Epoch), l.Attempt, l.ClaimedAt.Time, l.DeadlineAt.Time))
		}
		return err
	}))
	for _, t := range tasks {
		for _, part := range []string{" queue", " leases"} {
			separator := " "
			if part == " leases" {
				separator = " | "
			}
			seen[t.String()+part] = strings.Join(kept[t.String()+part], separator)
		}
	}
}

// at is an instant of the model as the engine takes it.
func at(t time.Time) workflow.Instant {
	if t.IsZero() {
		return workflow.Instant{}
	}
	return workflow.At(t)
}
