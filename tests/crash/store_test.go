package crash_test

import (
	"context"
	"errors"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// faulty is a store on which a mishap happens. Several can stand on one real
// store, one after the other, as processes do.
type faulty struct {
	store.Store
	plan *plan
}

// Write runs fn with every point counted.
func (f *faulty) Write(ctx context.Context, fn func(store.Tx) error) error {
	for {
		t := &tx{plan: f.plan}
		err := f.once(ctx, t, fn)
		if !t.rerun {
			return err
		}
	}
}

// once runs one transaction and returns what its caller learns of it.
func (f *faulty) once(ctx context.Context, t *tx, fn func(store.Tx) error) error {
	if f.plan.died() {
		return dead()
	}
	switch f.plan.reached("begin") {
	case none:
	case failBefore:
		return broken()
	default:
		return dead()
	}
	err := f.Store.Write(ctx, func(inner store.Tx) error {
		t.inner = inner
		if err := fn(t); err != nil {
			return err
		}
		if t.ended != nil { // somebody overlooked the error
			return t.ended
		}
		return t.commit()
	})
	switch {
	case errors.Is(err, errLostCommit):
		return nil
	case err == nil:
		return t.learned
	case t.ended != nil:
		return t.ended
	}
	return err
}

// Read answers as long as the process lives.
func (f *faulty) Read(ctx context.Context, fn func(store.Reader) error) error {
	if f.plan.died() {
		return dead()
	}
	return f.Store.Read(ctx, fn)
}

// Now answers as long as the process lives.
func (f *faulty) Now(ctx context.Context) (workflow.Instant, error) {
	if f.plan.died() {
		return workflow.Instant{}, dead()
	}
	return f.Store.Now(ctx)
}

// errLostCommit rolls a transaction back of which the caller believes that it
// was committed: sabotage.
var errLostCommit = errors.New("the commit is lost")

// tx is a transaction in which a mishap happens.
type tx struct {
	inner   store.Tx
	plan    *plan
	ended   error // nothing more of the transaction is answered
	rerun   bool  // the function is to be run again
	learned error // what the caller learns of a commit that is durable
}

// commit is the last point. An error rolls the transaction back.
func (t *tx) commit() error {
	m := t.plan.reached("commit")
	switch m {
	case none:
		return nil
	case lost:
		return errLostCommit
	case answerLost:
		t.learned = unknown()
		return nil
	case lateForget, lateRepeat:
		t.plan.die()
		t.learned = dead()
		return nil
	}
	return t.end(m)
}

// end ends the transaction by a mishap that undoes it.
func (t *tx) end(m mishap) error {
	switch m {
	case dieForget, dieRepeat:
		t.ended = dead()
	case rerun:
		t.ended, t.rerun = again(), true
	default:
		t.ended = broken()
	}
	return t.ended
}

// do runs one statement without an answer.
func (t *tx) do(name string, statement func() error) error {
	_, err := ask(t, name, func() (struct{}, error) { return struct{}{}, statement() })
	return err
}

// ask runs one statement, before or after which something may happen.
func ask[T any](t *tx, name string, statement func() (T, error)) (answer T, err error) {
	if t.ended != nil {
		return answer, t.ended
	}
	m := t.plan.reached(name)
	switch m {
	case none:
		return statement()
	case lost:
		return answer, nil
	case failBefore:
		return answer, broken()
	case failAfter:
		if _, err := statement(); err != nil {
			return answer, err
		}
		return answer, broken()
	}
	return answer, t.end(m)
}
