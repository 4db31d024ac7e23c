package processes_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// repeatOne is how often a report that was answered is sent once more: it must
// be recognised.
const repeatOne = 10

// badge is the worker that a process is registered as at the moment. It may be
// used concurrently.
type badge struct {
	mu sync.Mutex // guards id; held while registering, so that a process is one worker
	id int64
}

// current returns the worker's id. When refused is it, the worker was declared
// dead, and the process registers again as a new one.
func (c *child) current(b *badge, refused int64) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.id != refused {
		return b.id, nil
	}
	ctx, cancel := call()
	defer cancel()
	info, err := c.RegisterWorker(ctx, engine.RegisterWorkerRequest{Name: c.Name, Handlers: []engine.HandlerMatch{{}}})
	if err != nil {
		return 0, err
	}
	b.id = info.WorkerID
	return b.id, c.ledger.write(entry{Kind: lineWorker, Step: b.id})
}

// work is the role of a worker: lanes that claim, run handlers and report until
// the context ends, and then finish what they hold.
func (c *child) work(ctx context.Context) (any, error) {
	if c.Rings {
		c.session.OnWake(func() { _ = c.ledger.write(entry{Kind: lineRing}) })
	}
	b := &badge{}
	if _, err := c.current(b, 0); err != nil {
		return nil, err
	}
	return nil, together(ctx, c.Lanes, func(ctx context.Context, n int) error {
		return (&lane{child: c, badge: b, source: rand.New(rand.NewPCG(c.Seed, uint64(n)))}).run(ctx)
	})
}

// together runs n lanes and waits for them. The first error ends them all, so
// that the process ends and its parent sees why.
func together(ctx context.Context, n int, run func(ctx context.Context, n int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, n)
	var lanes sync.WaitGroup
	for i := range n {
		lanes.Go(func() {
			if errs[i] = run(ctx, i); errs[i] != nil {
				cancel()
			}
		})
	}
	lanes.Wait()
	return errors.Join(errs...)
}

// lane is one caller of a process.
type lane struct {
	*child
	badge  *badge
	source *rand.Rand
	worker int64
}

func (l *lane) run(ctx context.Context) error {
	for ctx.Err() == nil {
		var err error
		if l.worker, err = l.current(l.badge, 0); err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, 30*time.Second)
		reply, err := l.ClaimSteps(limited, engine.ClaimStepsRequest{WorkerID: l.worker, Limit: l.Batch, WaitMS: 2_000})
		cancel()
		switch {
		case ctx.Err() != nil && err != nil:
			return nil // what a commit had leased to the cut call is given back
		case fault.KindOf(err) == fault.NotFound:
			_, err = l.current(l.badge, l.worker)
		case fault.Retryable(err):
			err = l.ledger.write(entry{Kind: lineRetry, Detail: "claim"})
		case err == nil:
			err = l.serve(ctx, reply.Steps)
		}
		if err != nil {
			return fmt.Errorf("claim: %w", err)
		}
	}
	return nil
}

// serve runs steps and what the engine hands out with the answers to their
// reports.
func (l *lane) serve(ctx context.Context, steps []engine.ClaimedStep) error {
	for len(steps) > 0 {
		request := engine.ReportStepsRequest{}
		for _, step := range steps {
			outcome, err := l.handle(step)
			if err != nil {
				return err
			}
			request.Outcomes = append(request.Outcomes, outcome)
		}
		if ctx.Err() == nil {
			request.Claim = &engine.ClaimRequest{WorkerID: l.worker, Limit: l.Batch}
		}
		reply, err := l.report(request)
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		steps = reply.Claimed
	}
	return nil
}

// handle runs the handler of one step, with a line before and after.
func (l *lane) handle(step engine.ClaimedStep) (engine.Outcome, error) {
	line := entry{Kind: lineBegin, Step: step.StepID, Epoch: step.Epoch, Detail: strconv.Itoa(len(step.Parents))}
	if err := l.ledger.write(line); err != nil {
		return engine.Outcome{}, err
	}
	if l.LongMS > 0 {
		time.Sleep(time.Duration(l.ShortMS+l.source.IntN(l.LongMS-l.ShortMS+1)) * time.Millisecond)
	}
	line.Kind, line.Detail = lineEnd, ""
	results := workflow.JSON(fmt.Sprintf(`{"by":%q,"epoch":%d}`, l.Name, step.Epoch))
	return engine.Outcome{StepID: step.StepID, Epoch: step.Epoch, Status: "complete", Results: results}, l.ledger.write(line)
}

// report reports and notes the verdicts. When the claim in it is refused
// because the worker was declared dead, the outcomes are reported again without
// it, as a host would do; the next claim registers again.
func (l *lane) report(request engine.ReportStepsRequest) (engine.ReportStepsReply, error) {
	reply, err := l.send(request)
	if fault.KindOf(err) == fault.NotFound {
		request.Claim = nil
		reply, err = l.send(request)
	}
	if err == nil && l.source.IntN(repeatOne) == 0 {
		repeat := request
		repeat.Claim = nil
		_, err = l.send(repeat)
	}
	return reply, err
}

// send reports, and repeats a call that ended without an answer, which is safe.
func (l *lane) send(request engine.ReportStepsRequest) (reply engine.ReportStepsReply, err error) {
	for range 20 {
		ctx, cancel := call()
		reply, err = l.ReportSteps(ctx, request)
		cancel()
		if !fault.Retryable(err) {
			break
		}
		if noted := l.ledger.write(entry{Kind: lineRetry, Detail: "report"}); noted != nil {
			return reply, noted
		}
	}
	if err != nil {
		return reply, err
	}
	lines := make([]entry, len(reply.Verdicts))
	for i, v := range reply.Verdicts {
		lines[i] = entry{Kind: lineVerdict, Step: v.StepID, Epoch: v.Epoch, Detail: v.Verdict}
	}
	return reply, l.ledger.write(lines...)
}
