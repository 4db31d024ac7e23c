package answers

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// insight answers a call of the analytic functions.
func (g *Engine) insight(ctx context.Context, w *World, a Arguments, c Call) (any, error) {
	var since workflow.Instant
	if a.SinceAgo != nil {
		since = w.ago(*a.SinceAgo)
	}
	slowest := engine.SlowestRequest{Since: since, Namespace: text(a.Namespace), Name: text(a.TaskName), Version: text(a.Version)}
	if a.Limit != nil {
		slowest.Limit = *a.Limit
	}
	switch c.function {
	case "analytics":
		reply, err := g.engine.Analytics(ctx, engine.AnalyticsRequest{Since: since})
		row, _ := w.rendered(Normal(reply)).(map[string]any)
		return withScales(row, reply), err
	case "slowest_steps":
		reply, err := g.engine.SlowestSteps(ctx, slowest)
		return w.rendered(Normal(reply.Items)), err
	case "slowest_tasks":
		reply, err := g.engine.SlowestTasks(ctx, slowest)
		return w.rendered(Normal(reply.Items)), err
	case "health":
		reply, err := g.engine.HealthCounts(ctx, engine.Empty{})
		row, _ := w.rendered(Normal(reply)).(map[string]any)
		return ofRows(row), err
	}
	return nil, fmt.Errorf("an unknown call")
}

// ofRows leaves out of the health counts what is of the server.
func ofRows(row map[string]any) map[string]any {
	delete(row, "active_connections")
	delete(row, "max_connections")
	return row
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// withScales writes the figures as numeric has them: with one decimal where
// there was nothing to divide by.
func withScales(row map[string]any, reply engine.AnalyticsReply) map[string]any {
	rate, score := "%.2f", "%.3f"
	if reply.TaskThroughput == 0 {
		rate = "%.1f"
	}
	if hour := reply.Trends.LastHour; hour.CompletionCount+hour.ErrorCount == 0 {
		score = "%.1f"
	}
	for key, form := range map[string]string{
		"completion_rate": rate, "error_rate": rate, "system_health_score": score, "avg_task_duration": "%.3f", "avg_step_duration": "%.3f",
	} {
		row[key] = fmt.Sprintf(form, row[key])
	}
	return row
}

// rendered renders a reply as rows of the functions are: names instead of ids,
// instants relative to now, durations as text; what is empty is NULL.
func (w *World) rendered(value any) any {
	switch x := value.(type) {
	case []any:
		for i := range x {
			x[i] = w.rendered(x[i])
		}
	case map[string]any:
		row := map[string]any{}
		for key, inner := range x {
			key, inner = w.column(key, inner)
			row[key] = inner
		}
		return row
	}
	return value
}

func (w *World) column(key string, value any) (string, any) {
	switch key {
	case "workflow_step_id":
		return "step", w.stepNames[int64(value.(float64))]
	case "task_id":
		return "task", w.taskNames[int64(value.(float64))]
	case "duration_seconds":
		return key, fmt.Sprintf("%.3f", value)
	case "initiator", "source_system":
		if value == "" {
			return key, nil
		}
	}
	if written, ok := value.(string); ok && (strings.HasSuffix(key, "_at") || key == "analysis_period_start") {
		if at, err := time.Parse(time.RFC3339Nano, written); err == nil {
			return key + "_rel", w.rel(workflow.At(at))
		}
	}
	return key, value
}
