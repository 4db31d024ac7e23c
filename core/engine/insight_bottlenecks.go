package engine

import (
	"context"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// BottlenecksRequest asks what slows tasks down.
type BottlenecksRequest struct {
	Call
	// Only tasks of this namespace.
	Namespace string `json:"namespace,omitempty"`
	// Only tasks of this name.
	Name string `json:"name,omitempty"`
	// Only tasks of this version.
	Version string `json:"version,omitempty"`
	// Only tasks created in the last so many hours, 1 to 87600. Default 24.
	PeriodHours int64 `json:"period_hours,omitempty"`
}

// BottlenecksReply is the answer to insight_bottlenecks.
type BottlenecksReply struct {
	// What the answer covers.
	ScopeSummary insight.Scope `json:"scope_summary"`
	// What slows tasks down.
	Analysis BottleneckAnalysis `json:"bottleneck_analysis"`
	// How the durations of tasks spread.
	Distribution insight.Distribution `json:"performance_distribution"`
	// What deserves a look, one sentence each; empty when nothing stands out.
	Recommendations []string `json:"recommendations"`
	// The filter that was asked for.
	Scope BottleneckScope `json:"scope"`
	// The period that was looked at.
	PeriodHours int64 `json:"analysis_period_hours"`
	// When this was calculated.
	GeneratedAt workflow.Instant `json:"generated_at"`
}

// BottleneckAnalysis is what slows tasks down.
type BottleneckAnalysis struct {
	// The ten tasks that took longest.
	SlowestTasks []insight.SlowTask `json:"slowest_tasks"`
	// The ten complete steps that took longest.
	SlowestSteps []insight.SlowStep `json:"slowest_steps"`
	// How attempts fail.
	ErrorPatterns insight.ErrorPatterns `json:"error_patterns"`
	// Which steps others wait for.
	Dependencies insight.DependencyBottlenecks `json:"dependency_bottlenecks"`
}

// BottleneckScope repeats the filter of the request; what was absent is null.
type BottleneckScope struct {
	// Namespace of the tasks.
	Namespace *string `json:"namespace"`
	// Name of the tasks.
	Name *string `json:"name"`
	// Version of the tasks.
	Version *string `json:"version"`
}

// How far back a look for bottlenecks goes, and how long its lists are (analysis
// sheet, section 4).
const (
	periodDefaultHours = 24
	periodMaxHours     = 87_600 // ten years
	troublesListed     = 3
)

// Bottlenecks answers what slows the tasks of a period down.
func (e *Engine) Bottlenecks(ctx context.Context, r BottlenecksRequest) (reply BottlenecksReply, err error) {
	if r.PeriodHours == 0 {
		r.PeriodHours = periodDefaultHours
	}
	if err := checkRange("period_hours", r.PeriodHours, 1, periodMaxHours); err != nil {
		return reply, err
	}
	now, err := e.Store.Now(ctx)
	if err != nil {
		return reply, err
	}
	filter, err := insightFilter(now.Plus(-time.Duration(r.PeriodHours)*time.Hour), r.Namespace, r.Name, r.Version)
	if err != nil {
		return reply, err
	}
	tasks, err := e.selectedFacts(ctx, filter)
	if err != nil {
		return reply, err
	}
	troubles, err := e.Store.InsightTroubles(ctx, filter, now, troublesListed)
	if err != nil {
		return reply, err
	}
	steps, err := e.Store.InsightSlowestSteps(ctx, filter, slowestDefault)
	if err != nil {
		return reply, err
	}
	a := BottleneckAnalysis{SlowestSteps: append([]insight.SlowStep{}, steps...), ErrorPatterns: troubles.Patterns(),
		Dependencies: troubles.Dependencies()}
	reply = BottlenecksReply{ScopeSummary: insight.Summarise(tasks, now), Distribution: insight.Distribute(tasks),
		Scope:       BottleneckScope{Namespace: filter.Namespace, Name: filter.Name, Version: filter.Version},
		PeriodHours: r.PeriodHours, GeneratedAt: now}
	reply.Recommendations = insight.Recommend(a.ErrorPatterns, a.Dependencies, reply.Distribution)
	a.SlowestTasks, err = e.slowestTasks(ctx, tasks, slowestDefault)
	reply.Analysis = a
	return reply, err
}
