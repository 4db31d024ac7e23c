// Package bench measures the library beside what it replaces, all in one run:
// the machine may be busy, so the ratios count, and absolute figures are only
// context. With small sizes it is a test that the contestants agree; `make
// bench/…` gives it the sizes that a claim is about.
package bench

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// Contestant is one way to do the work.
type Contestant struct {
	Name string
	// Prepare, if there is one, runs before each turn and is not measured.
	Prepare func()
	Run     func()
	// Times is how often Run is repeated within one turn, for work that is too
	// short for a clock; 1 when 0.
	Times int
}

// Result is what a contestant took.
type Result struct {
	Name           string
	Median         time.Duration // of one Run
	Fastest, Worst time.Duration
}

// Race lets the contestants take turns, so that all suffer alike from whatever
// else the machine does, after one turn that warms up and does not count.
func Race(turns int, contestants ...Contestant) []Result {
	took := make([][]time.Duration, len(contestants))
	for turn := range turns + 1 {
		for i, c := range contestants {
			if c.Prepare != nil {
				c.Prepare()
			}
			times := max(1, c.Times)
			begin := time.Now()
			for range times {
				c.Run()
			}
			if turn > 0 {
				took[i] = append(took[i], time.Since(begin)/time.Duration(times))
			}
		}
	}
	results := make([]Result, len(contestants))
	for i, c := range contestants {
		slices.Sort(took[i])
		results[i] = Result{Name: c.Name, Median: took[i][len(took[i])/2], Fastest: took[i][0], Worst: took[i][len(took[i])-1]}
	}
	return results
}

// Table writes the results below a title, each with its ratio to the first: how
// many times as fast it is.
func Table(title string, results []Result) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n%s\n", title)
	w := tabwriter.NewWriter(&text, 2, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "median\tfastest\tslowest\ttimes as fast\t \t")
	for _, r := range results {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t  %s\n", short(r.Median), short(r.Fastest), short(r.Worst),
			ratio(float64(results[0].Median)/float64(r.Median)), r.Name)
	}
	_ = w.Flush() // into memory, which cannot fail
	return text.String()
}

// short writes a duration in the unit that suits it.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Microsecond:
		return fmt.Sprintf("%.2f µs", float64(d.Nanoseconds())/1e3)
	case d < time.Millisecond:
		return fmt.Sprintf("%.0f µs", float64(d.Nanoseconds())/1e3)
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1e3)
	}
	return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1e3)
}

func ratio(r float64) string {
	if r < 100 {
		return fmt.Sprintf("%.1f", r)
	}
	return fmt.Sprintf("%.0f", r)
}

// Machine says what the figures were measured on.
func Machine() string {
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown")
	}
	return fmt.Sprintf("%s/%s, %d processors, GOMAXPROCS %d, %s, load %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		runtime.GOMAXPROCS(0), runtime.Version(), strings.TrimSpace(string(load)))
}

// Size is a number from the environment, or what a plain test run takes.
func Size(t testing.TB, variable string, plain int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return plain
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, not a number from 1 on", variable, text)
	}
	return n
}
