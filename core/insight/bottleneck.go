package insight

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Scope sums up what a look for bottlenecks covers.
type Scope struct {
	// Tasks that were created in the period and match the filter.
	TotalTasks int64 `json:"total_tasks"`
	// Task types among them; each version counts.
	UniqueTaskTypes int64 `json:"unique_task_types"`
	// Hours since the first of them was created, with two decimals.
	TimeSpanHours float64 `json:"time_span_hours"`
}

// ErrorPatterns tells how attempts fail.
type ErrorPatterns struct {
	// Attempts that failed.
	TotalErrors int64 `json:"total_errors"`
	// They in percent of all attempts that have ended, with two decimals.
	RecentErrorRate float64 `json:"recent_error_rate"`
	// The most frequent classes.
	CommonErrorTypes []ErrorClass `json:"common_error_types"`
	// Steps that failed once and are complete or resolved now, in percent of all that failed once, with two decimals.
	RetrySuccessRate float64 `json:"retry_success_rate"`
}

// DependencyBottlenecks tells which steps others wait for.
type DependencyBottlenecks struct {
	// Edges from a step that is neither complete nor resolved to a pending one.
	BlockingDependencies int64 `json:"blocking_dependencies"`
	// Pending steps with such an edge.
	BlockedSteps int64 `json:"blocked_steps"`
	// Mean seconds since the creation of those steps, with three decimals.
	AvgWaitTime float64 `json:"avg_wait_time"`
	// The steps that most others wait for.
	MostBlockedSteps []Blocker `json:"most_blocked_steps"`
}

// Percentiles are durations of tasks in seconds, from creation to the last end of a step: so many percent of the tasks took no longer.
type Percentiles struct {
	// Half of the tasks.
	P50 float64 `json:"p50"`
	// 95 percent of them.
	P95 float64 `json:"p95"`
	// 99 percent of them.
	P99 float64 `json:"p99"`
}

// Bucket counts tasks whose duration lies in a range.
type Bucket struct {
	// The range in seconds; the lower end is included.
	Range string `json:"range"`
	// Tasks in it.
	Count int64 `json:"count"`
}

// Distribution tells how the durations of tasks spread.
type Distribution struct {
	// Durations that so many percent of the tasks keep to.
	Percentiles Percentiles `json:"percentiles"`
	// Tasks by duration; their counts add up to the tasks of which a step has ended.
	Buckets []Bucket `json:"distribution_buckets"`
}

// Summarise tells what a look at these tasks covers.
func Summarise(tasks []Task, now workflow.Instant) Scope {
	types, first := map[int64]bool{}, Micros(now)
	for i := range tasks {
		types[tasks[i].Type] = true
		first = min(first, tasks[i].Created)
	}
	const hour = 3_600_000_000 // microseconds
	return Scope{TotalTasks: int64(len(tasks)), UniqueTaskTypes: int64(len(types)),
		TimeSpanHours: float64(quotient(100*(Micros(now)-first), hour)) / 100}
}

// bounds of the buckets in seconds: what a person waits for, what a cup of
// coffee lasts, what is a job for the night.
var bounds = []int64{1, 10, 60, 600, 3600}

// Distribute tells how the durations of those tasks spread of which a step has
// ended. The percentiles are by nearest rank: durations that occurred.
func Distribute(tasks []Task) Distribution {
	var took []int64
	for i := range tasks {
		if d, ended := tasks[i].Took(); ended {
			took = append(took, d)
		}
	}
	slices.Sort(took)
	d := Distribution{Percentiles: Percentiles{P50: rank(took, 50), P95: rank(took, 95), P99: rank(took, 99)}}
	lower, before := "0", 0
	for _, bound := range bounds {
		upto, _ := slices.BinarySearch(took, 1_000_000*bound)
		upper := strconv.FormatInt(bound, 10)
		d.Buckets = append(d.Buckets, Bucket{Range: lower + "-" + upper, Count: int64(upto - before)})
		lower, before = upper, upto
	}
	d.Buckets = append(d.Buckets, Bucket{Range: lower + "+", Count: int64(len(took) - before)})
	return d
}

// rank is the shortest of the sorted durations that so many percent of them keep
// to, in seconds, 0 of none.
func rank(sorted []int64, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return seconds(sorted[(percent*len(sorted)+99)/100-1], 1)
}

// Patterns tells how attempts failed.
func (t Troubles) Patterns() ErrorPatterns {
	return ErrorPatterns{TotalErrors: t.Failures, RecentErrorRate: percent(t.Failures, t.Attempts),
		CommonErrorTypes: append([]ErrorClass{}, t.Classes...), RetrySuccessRate: percent(t.RecoveredSteps, t.FailedSteps)}
}

// Dependencies tells which steps others wait for.
func (t Troubles) Dependencies() DependencyBottlenecks {
	return DependencyBottlenecks{BlockingDependencies: t.BlockingEdges, BlockedSteps: t.BlockedSteps,
		AvgWaitTime: seconds(t.WaitMicroseconds, t.BlockedSteps), MostBlockedSteps: append([]Blocker{}, t.Blockers...)}
}

// From where on Recommend has something to say.
const (
	errorRateHigh     = 5  // percent of attempts (queries sheet, high error rate)
	retrySuccessLow   = 50 // percent of steps that failed once
	slowestTailFactor = 10 // the slowest in a hundred against the one in the middle
)

// Recommend says in sentences what deserves a look; empty when nothing does.
func Recommend(p ErrorPatterns, d DependencyBottlenecks, spread Distribution) []string {
	said := []string{}
	if p.RecentErrorRate > errorRateHigh {
		said = append(said, fmt.Sprintf("%.2f %% of the attempts fail%s.", p.RecentErrorRate, mostly(p.CommonErrorTypes)))
	}
	if p.TotalErrors > 0 && p.RetrySuccessRate < retrySuccessLow {
		said = append(said, fmt.Sprintf("Only %.2f %% of the steps that failed recover: look at what is retried in vain.", p.RetrySuccessRate))
	}
	if len(d.MostBlockedSteps) > 0 {
		b := d.MostBlockedSteps[0]
		said = append(said, fmt.Sprintf("Most waited for is %s of %s/%s: by %d of the %s that wait for others.",
			b.StepName, b.Namespace, b.TaskName, b.BlockedSteps, counted(d.BlockedSteps, "step")))
	}
	if q := spread.Percentiles; q.P50 > 0 && q.P99 >= slowestTailFactor*q.P50 {
		said = append(said, fmt.Sprintf("One task in a hundred takes %.0f times as long as the one in the middle: look at the slowest tasks.",
			q.P99/q.P50))
	}
	return said
}

// counted is a number with the noun it counts.
func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func mostly(classes []ErrorClass) string {
	if len(classes) == 0 {
		return ""
	}
	return fmt.Sprintf(", most often with %s (%d)", classes[0].Class, classes[0].Count)
}
