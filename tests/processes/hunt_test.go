package processes_test

import (
	"context"
	"math/rand/v2"
	"regexp"
	"sync"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

// tally is what a hunting process tells at its end.
type tally struct {
	Calls      map[string]int // by operation
	Verdicts   map[string]int
	Errors     map[string]int // expected ones, by operation and kind
	Unexpected []string       // all others, with their text
}

// prey are the shapes of the hunt: steps that wait for each other, run one at a
// time, or come in crowds.
func prey() []factory.Shape {
	serial := factory.Branching(4, 3)
	serial.Serial = true
	shapes := []factory.Shape{factory.Diamond().Reliable(), serial, factory.FanIn(9), factory.Layered(7, 12, 4, 2), factory.Isolated(5)}
	for i := range shapes {
		shapes[i] = shapes[i].Each(func(s *factory.Step) { s.NoWait = true })
	}
	return shapes
}

// storeWords are words of databases about locks. No error that a caller sees
// may carry them, whatever its kind.
var storeWords = regexp.MustCompile(`40P01|40001|55P03|(?i:deadlock|serializ|is locked|sqlite_busy|lock timeout|lock_timeout)`)

// expected are the kinds that an operation of the hunt may be answered with:
// the worker was stopped by another lane, or the task had ended.
var expected = map[string][]fault.Kind{
	"claim": {fault.NotFound}, "report": {fault.NotFound}, "create": {fault.NotFound}, "heartbeat": {fault.NotFound},
	"release": {fault.NotFound}, // which claims when there is nothing to release
	"cancel":  {fault.Conflict}, "stop": {fault.NotFound},
}

// hunter is a process of the hunt: lanes that share their leases, so that they
// report and release the same ones.
type hunter struct {
	*child
	badge  badge
	shapes []factory.Shape

	mu      sync.Mutex // guards the fields below; never held across a call
	leases  []engine.LeaseName
	newest  int64 // greatest task id seen
	crowded bool  // enough tasks are open
	tally   tally
}

// hunt is the role of a process that does at random whatever is allowed.
func (c *child) hunt(ctx context.Context) (any, error) {
	h := &hunter{child: c, shapes: prey(),
		tally: tally{Calls: map[string]int{}, Verdicts: map[string]int{}, Errors: map[string]int{}}}
	if _, err := c.current(&h.badge, 0); err != nil {
		return nil, err
	}
	err := together(ctx, c.Lanes, func(ctx context.Context, n int) error {
		l := &hunterLane{hunter: h, source: rand.New(rand.NewPCG(c.Seed, uint64(n)))}
		for ctx.Err() == nil {
			l.act()
		}
		return nil
	})
	return h.tally, err
}

// hunterLane is one caller of a hunter.
type hunterLane struct {
	*hunter
	source *rand.Rand
	turn   int // actions so far
}

// act does one thing at random; the first turns go once through all of them,
// so that a slow machine tries each.
func (l *hunterLane) act() {
	actions := []struct {
		weight int
		name   string
		run    func(ctx context.Context, worker int64) error
	}{
		{10, "create", l.create}, {25, "claim", l.claim}, {40, "report", l.reportSome}, {6, "release", l.release},
		{5, "cancel", l.cancel}, {12, "look", l.look}, {3, "heartbeat", l.heartbeat}, {4, "count", l.count}, {1, "stop", l.stop},
	}
	draw := l.source.IntN(106)
	l.turn++
	for i, action := range actions {
		if draw -= action.weight; i == l.turn-1 || (draw < 0 && l.turn > len(actions)) {
			worker, err := l.current(&l.badge, 0)
			if err == nil {
				ctx, cancel := call()
				err = action.run(ctx, worker)
				cancel()
			}
			l.note(action.name, err)
			return
		}
	}
}

// note counts a call and judges its error.
func (h *hunter) note(name string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tally.Calls[name]++
	if err == nil {
		return
	}
	kind, text := fault.KindOf(err), name+": "+err.Error()
	for _, allowed := range expected[name] {
		if kind == allowed && !storeWords.MatchString(text) {
			h.tally.Errors[name+" "+string(kind)]++
			return
		}
	}
	if len(h.tally.Unexpected) < 20 {
		h.tally.Unexpected = append(h.tally.Unexpected, text)
	}
}

// hold adds leases to those of the process.
func (h *hunter) hold(steps []engine.ClaimedStep) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, step := range steps {
		h.leases = append(h.leases, engine.LeaseName{StepID: step.StepID, Epoch: step.Epoch})
		h.newest = max(h.newest, step.TaskID)
	}
}

// some draws up to n leases in random order. One in five stays for another lane
// to draw as well.
func (l *hunterLane) some(n int) (drawn []engine.LeaseName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.source.Shuffle(len(l.leases), func(i, k int) { l.leases[i], l.leases[k] = l.leases[k], l.leases[i] })
	n = min(n, len(l.leases))
	drawn = append(drawn, l.leases[:n]...)
	rest := append([]engine.LeaseName{}, l.leases[n:]...)
	for _, lease := range drawn {
		if l.source.IntN(5) == 0 {
			rest = append(rest, lease)
		}
	}
	l.leases = rest
	return drawn
}

// anyTask draws a task among the newest.
func (l *hunterLane) anyTask() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(1, l.newest-l.source.Int64N(60))
}

// perhaps draws a claim for half of the calls that can carry one.
func (l *hunterLane) perhaps(worker int64) *engine.ClaimRequest {
	if l.source.IntN(2) == 0 {
		return nil
	}
	return &engine.ClaimRequest{WorkerID: worker, Limit: 1 + l.source.IntN(6)}
}

func (l *hunterLane) create(ctx context.Context, worker int64) error {
	l.mu.Lock()
	crowded := l.crowded
	l.mu.Unlock()
	if crowded {
		return l.claim(ctx, worker)
	}
	request := engine.CreateTasksRequest{Claim: l.perhaps(worker)}
	for range 1 + l.source.IntN(3) {
		shape := l.shapes[l.source.IntN(len(l.shapes))]
		request.Tasks = append(request.Tasks, engine.NewTask{Name: shape.Name, Context: workflow.JSON(`{"n":1}`)})
	}
	reply, err := l.CreateTasks(ctx, request)
	l.hold(reply.Claimed)
	return err
}

func (l *hunterLane) claim(ctx context.Context, worker int64) error {
	reply, err := l.ClaimSteps(ctx, engine.ClaimStepsRequest{WorkerID: worker, Limit: 1 + l.source.IntN(8)})
	l.hold(reply.Steps)
	return err
}

// reportSome reports a random batch: most complete, some failed, a few for ever.
func (l *hunterLane) reportSome(ctx context.Context, worker int64) error {
	request := engine.ReportStepsRequest{Claim: l.perhaps(worker)}
	for _, lease := range l.some(1 + l.source.IntN(12)) {
		outcome := engine.Outcome{StepID: lease.StepID, Epoch: lease.Epoch, Status: "complete"}
		if draw := l.source.IntN(100); draw < 15 {
			now := 0
			outcome.Status, outcome.RetryAfterSeconds, outcome.Permanent = "error", &now, draw < 2
			outcome.Error = &engine.OutcomeError{Message: "no luck"}
		}
		request.Outcomes = append(request.Outcomes, outcome)
	}
	if len(request.Outcomes) == 0 {
		return l.claim(ctx, worker)
	}
	reply, err := l.ReportSteps(ctx, request)
	l.hold(reply.Claimed)
	l.judge("report ", reply.Verdicts)
	return err
}

func (l *hunterLane) release(ctx context.Context, worker int64) error {
	leases := l.some(1 + l.source.IntN(4))
	if len(leases) == 0 {
		return l.claim(ctx, worker)
	}
	reply, err := l.ReleaseSteps(ctx, engine.ReleaseStepsRequest{Steps: leases})
	l.judge("release ", reply.Verdicts)
	return err
}

// judge counts verdicts. Nobody but the engine moves steps here, and every
// lease that is named was given out.
func (h *hunter) judge(name string, verdicts []engine.Verdict) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range verdicts {
		h.tally.Verdicts[name+v.Verdict]++
		if v.Verdict == "conflict" || v.Verdict == "not_found" {
			h.tally.Unexpected = append(h.tally.Unexpected, name+v.Verdict)
		}
	}
}

func (l *hunterLane) cancel(ctx context.Context, _ int64) error {
	cascade := l.source.IntN(4) > 0
	_, err := l.CancelTask(ctx, engine.CancelTaskRequest{TaskID: l.anyTask(), Cascade: &cascade})
	if fault.KindOf(err) == fault.NotFound { // the hunt has just begun
		return nil
	}
	return err
}

// look reads a task and takes over the leases that others hold in it, so that
// processes report each other's steps.
func (l *hunterLane) look(ctx context.Context, _ int64) error {
	task, err := l.GetTask(ctx, engine.GetTaskRequest{TaskID: l.anyTask(), Include: []string{"steps", "transitions"}})
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, row := range task.Transitions {
		if row.StepID != 0 && row.MostRecent && row.ToState == workflow.InProgress {
			l.leases = append(l.leases, engine.LeaseName{StepID: row.StepID, Epoch: row.ID})
		}
	}
	return err
}

func (l *hunterLane) heartbeat(ctx context.Context, worker int64) error {
	_, err := l.HeartbeatSteps(ctx, engine.HeartbeatStepsRequest{WorkerID: worker, Steps: l.some(3)})
	return err
}

// crowd is how many open tasks are enough; more would only be drained later.
const crowd = 150

// count looks how many tasks are open and which is the newest.
func (l *hunterLane) count(ctx context.Context, _ int64) error {
	reply, err := l.ListTasks(ctx, engine.ListTasksRequest{PageRequest: engine.PageRequest{Limit: crowd},
		States: []workflow.State{workflow.Pending, workflow.InProgress}})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.crowded = len(reply.Items) == crowd
	if len(reply.Items) > 0 {
		l.newest = max(l.newest, reply.Items[0].TaskID)
	}
	return err
}

// stop ends this process's worker under its other lanes, and registers anew.
func (l *hunterLane) stop(ctx context.Context, worker int64) error {
	_, err := l.StopWorker(ctx, engine.StopWorkerRequest{WorkerID: worker})
	if _, again := l.current(&l.badge, worker); again != nil {
		return again
	}
	return err
}
