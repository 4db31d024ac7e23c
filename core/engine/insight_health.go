package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// HealthCountsReply is the answer to insight_health_counts.
type HealthCountsReply struct {
	insight.Health
	// When this was counted.
	CalculatedAt workflow.Instant `json:"calculated_at"`
}

// HealthCounts counts tasks and steps by state, and what is left to failed
// steps, over the whole database.
func (e *Engine) HealthCounts(ctx context.Context, _ Empty) (HealthCountsReply, error) {
	now, err := e.Store.Now(ctx)
	if err != nil {
		return HealthCountsReply{}, err
	}
	facts, err := e.Store.InsightHealth(ctx, now)
	return HealthCountsReply{Health: e.meaning().Health(facts), CalculatedAt: now}, err
}
