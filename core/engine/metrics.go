package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/telemetry"
)

// MetricsReply is the answer to engine_metrics.
type MetricsReply struct {
	// Figures in Prometheus' text format.
	Text string `json:"text"`
	// What an HTTP endpoint says that serves the text.
	ContentType string `json:"content_type"`
}

// Metrics tells what engine_health does as figures for a monitor. Those of the
// queues are of the database, so every process on it answers the same.
func (e *Engine) Metrics(ctx context.Context, _ Empty) (MetricsReply, error) {
	h, err := e.Health(ctx, HealthRequest{})
	if err != nil {
		return MetricsReply{}, err
	}
	gauge := func(name, help string, value float64, labels ...telemetry.Label) telemetry.Metric {
		return telemetry.Metric{Name: name, Help: help, Labels: labels, Value: value}
	}
	counter := func(name, help string, value int64) telemetry.Metric {
		return telemetry.Metric{Name: name, Help: help, Grows: true, Value: float64(value)}
	}
	healthy := 0.0
	if h.Status == "ok" {
		healthy = 1
	}
	return MetricsReply{ContentType: telemetry.ContentType, Text: telemetry.Exposition([]telemetry.Metric{
		gauge("tasker_info", "The library and its store.", 1, telemetry.Label{Name: "version", Value: h.Version},
			telemetry.Label{Name: "store", Value: h.Store}, telemetry.Label{Name: "server_version", Value: h.ServerVersion}),
		gauge("tasker_healthy", "Whether engine_health finds nothing wrong.", healthy),
		gauge("tasker_open_seconds", "How long the engine has been open.", h.Now.Sub(h.OpenedAt.Time).Seconds()),
		gauge("tasker_schema_version", "Highest applied migration.", float64(h.SchemaVersion)),
		gauge("tasker_database_bytes", "Size of the database, 0 when unknown.", float64(h.SizeBytes)),
		gauge("tasker_foreign_opens", "Descriptors of others in this process on the embedded database, which endanger it.", float64(len(h.ForeignOpens))),
		gauge("tasker_tasks_open", "Tasks that have not ended.", float64(h.OpenTasks)),
		gauge("tasker_tasks_dirty", "Tasks whose derived rows wait to be checked.", float64(h.DirtyTasks)),
		gauge("tasker_steps_ready", "Steps that may run now.", float64(h.ReadySteps)),
		gauge("tasker_steps_scheduled", "Steps that wait for a time.", float64(h.ScheduledSteps)),
		gauge("tasker_steps_leased", "Steps that are leased.", float64(h.LeasedSteps)),
		gauge("tasker_workers", "Workers that are registered.", float64(h.Workers)),
		gauge("tasker_cache_graphs", "Task graphs kept in memory.", float64(h.Cache.Graphs)),
		gauge("tasker_cache_bytes", "What they take, as estimated.", float64(h.Cache.Bytes)),
		counter("tasker_cache_hits_total", "Graphs that were found and proved current.", h.Cache.Hits),
		counter("tasker_cache_misses_total", "Graphs that had to be read.", h.Cache.Misses),
		counter("tasker_panics_total", "Panics that were caught.", h.Panics),
	})}, nil
}
