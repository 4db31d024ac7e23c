package engine

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// TransitionStatistics sums up one history (queries sheet, section 5). Rows that only lead through a state to another are left out.
type TransitionStatistics struct {
	// Rows.
	Total int `json:"total"`
	// Rows by the state that they lead to.
	ByState map[string]int `json:"by_state"`
	// Rows of the last 24 hours.
	LastDay int `json:"last_24_hours"`
	// Mean time from one row to the next, null below two rows.
	MeanGapSeconds *float64 `json:"mean_gap_seconds"`
	// Of a step: rows that lead to pending after an error.
	Retries int `json:"retries"`
	// Of a step: mean time that handlers told they took, null when none did.
	MeanDurationSeconds *float64 `json:"mean_duration_seconds"`
}

// statistics reads the whole history of the owner that the request names.
func (r ListTransitionsRequest) statistics(ctx context.Context, reader store.Reader, now workflow.Instant) (*TransitionStatistics, error) {
	if !r.Statistics {
		return nil, nil
	}
	switch {
	case r.StepID != 0:
		rows, err := reader.StepTransitions(ctx, []int64{r.StepID})
		return summed(rows, now, true), err
	case r.TaskID != 0 && r.Of != "step":
		rows, err := reader.TaskTransitions(ctx, []int64{r.TaskID})
		return summed(rows, now, false), err
	}
	return nil, fault.New(fault.InvalidRequest, "statistics are of one history").At("statistics").Advise("Give task_id or step_id.")
}

// summed sums up a history in the order of its sort keys.
func summed(rows []workflow.Transition, now workflow.Instant, step bool) *TransitionStatistics {
	s := &TransitionStatistics{ByState: map[string]int{}}
	rows = slices.DeleteFunc(rows, func(row workflow.Transition) bool { return row.Metadata.Field("via") != nil })
	failed, durations, seconds := false, 0, 0.0
	for _, row := range rows {
		s.Total++
		s.ByState[string(row.To)]++
		if now.Sub(row.CreatedAt.Time) < 24*time.Hour {
			s.LastDay++
		}
		if step && failed && row.To == workflow.Pending {
			s.Retries++
		}
		failed = failed || row.To == workflow.Error
		if took, told := duration(row.Metadata); step && told {
			durations, seconds = durations+1, seconds+took
		}
	}
	if len(rows) > 1 {
		at := func(a, b workflow.Transition) int { return a.CreatedAt.Compare(b.CreatedAt.Time) }
		first, last := slices.MinFunc(rows, at), slices.MaxFunc(rows, at)
		mean := last.CreatedAt.Sub(first.CreatedAt.Time).Seconds() / float64(len(rows)-1)
		s.MeanGapSeconds = &mean
	}
	if durations > 0 {
		mean := seconds / float64(durations)
		s.MeanDurationSeconds = &mean
	}
	return s
}

// duration returns what a handler told it took, in seconds: in our words or in
// those of the Rails engine.
func duration(metadata workflow.JSON) (seconds float64, told bool) {
	if ms, ok := metadata.Field("duration_ms").Int(); ok {
		return float64(ms) / 1000, true
	}
	seconds, err := strconv.ParseFloat(string(metadata.Field("execution_duration")), 64)
	return seconds, err == nil
}
