// Package boundary measures what a call costs by way of each host, beside the
// same call made from Go, all in one run: the machine may be busy, so the ratios
// count. With small sizes it is a test that every host does the work; `make
// bench/boundary` gives it the sizes that a claim is about.
//
// A host is a program of its own, which is told on its standard input what to
// call and answers with what it took. A line is
//
//	FORM ENGINE FUNCTION NUMBER TIMES SIZE REQUEST
//
// FORM is "wait", a call of the named function, or "batch": SIZE calls submitted
// by NUMBER and all their answers collected. ENGINE counts the configurations of
// the command line from 0. The answer is "ok" and TIMES numbers, nanoseconds per
// call, or "error" and the reason. The end of the input closes the engines.
package boundary

import (
	"fmt"
	"slices"
	"time"
)

// Form is how a call is made.
type Form string

// The forms.
const (
	Waiting Form = "wait"
	Batched Form = "batch"
)

// Call is an operation with its request, as every executor makes it.
type Call struct {
	Engine  int // the place of its configuration
	Name    string
	Number  int
	Request string
}

// Executor makes calls.
type Executor interface {
	// Name is what the table calls it.
	Name() string
	// Forms are those in which it can make a call.
	Forms() []Form
	// Run makes the call so many times, in batches of the given size (1 for a
	// call that waits), and returns what each took: for a batch, its time divided
	// by its size. It blocks until all are made.
	Run(call Call, form Form, times, size int) ([]time.Duration, error)
}

// Work is a call that all executors make in both forms.
type Work struct {
	Title string
	Call  Call
	// Times is how many calls an executor makes in a round and form.
	Times int
}

// Plan is what is measured. The first executor is the one that the others are
// compared with.
type Plan struct {
	Executors []Executor
	Works     []Work
	Rounds    int
	// Size of a batch.
	Size int
}

// Row is what one executor took for one work in one form.
type Row struct {
	Work, Executor string
	Form           Form
	P50, P99       time.Duration
	// Ratio to the first executor: the median over the rounds of the ratio of the
	// two medians of a round.
	Ratio float64
	Calls int
}

// Measure lets the executors take turns, so that all suffer alike from whatever
// else the machine does. Each turn begins with some calls that do not count.
func (p Plan) Measure() ([]Row, error) {
	var rows []Row
	for _, work := range p.Works {
		for _, form := range []Form{Waiting, Batched} {
			measured, err := p.measure(work, form)
			if err != nil {
				return nil, err
			}
			rows = append(rows, measured...)
		}
	}
	return rows, nil
}

// able are the executors that can make a call in a form.
func (p Plan) able(form Form) []Executor {
	return slices.DeleteFunc(slices.Clone(p.Executors), func(e Executor) bool { return !slices.Contains(e.Forms(), form) })
}

// measure is one work in one form.
func (p Plan) measure(work Work, form Form) ([]Row, error) {
	executors := p.able(form)
	times, size := work.Times, 1
	if form == Batched {
		times, size = max(1, work.Times/p.Size), p.Size
	}
	took := make([][]time.Duration, len(executors))
	medians := make([][]time.Duration, len(executors)) // of the rounds
	for round := range p.Rounds {
		for turn := range executors {
			// Nobody always follows the same one.
			i := (round + turn) % len(executors)
			executor := executors[i]
			if _, err := executor.Run(work.Call, form, 1+times/10, size); err != nil {
				return nil, fmt.Errorf("%s, %s, %s: %w", work.Title, form, executor.Name(), err)
			}
			turns, err := executor.Run(work.Call, form, times, size)
			if err != nil || len(turns) != times {
				return nil, fmt.Errorf("%s, %s, %s: %d of %d answers: %w", work.Title, form, executor.Name(), len(turns), times, err)
			}
			took[i] = append(took[i], turns...)
			medians[i] = append(medians[i], quantile(turns, 0.5))
		}
	}
	rows := make([]Row, len(executors))
	for i, executor := range executors {
		rows[i] = Row{Work: work.Title, Executor: executor.Name(), Form: form, P50: quantile(took[i], 0.5),
			P99: quantile(took[i], 0.99), Ratio: ratio(medians[i], medians[0]), Calls: len(took[i]) * size}
	}
	return rows, nil
}

// Missing names the rows that the plan promises and the measurement lacks.
func (p Plan) Missing(rows []Row) []string {
	var missing []string
	for _, work := range p.Works {
		for _, form := range []Form{Waiting, Batched} {
			for _, executor := range p.able(form) {
				r := find(rows, work.Title, executor.Name(), form)
				if r.Calls == 0 || r.P50 <= 0 || r.P99 < r.P50 || r.Ratio <= 0 {
					missing = append(missing, fmt.Sprintf("%s, %s, %s", work.Title, executor.Name(), form))
				}
			}
		}
	}
	return missing
}

// find returns a row, one without calls if there is none.
func find(rows []Row, work, executor string, form Form) Row {
	for _, r := range rows {
		if r.Work == work && r.Executor == executor && r.Form == form {
			return r
		}
	}
	return Row{}
}

// quantile is the value below which the given part of the values lies.
func quantile(values []time.Duration, part float64) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(part*float64(len(sorted)-1))]
}

// ratio is the median over the rounds.
func ratio(own, first []time.Duration) float64 {
	ratios := make([]float64, len(own))
	for i := range own {
		ratios[i] = float64(own[i]) / float64(max(1, first[i]))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}
