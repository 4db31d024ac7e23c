package engine

import (
	"context"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/cache"
	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// AnalyticsRequest asks for figures about all tasks.
type AnalyticsRequest struct {
	Call
	// Only tasks created after this instant count for the figures of the period. Default: an hour ago.
	Since workflow.Instant `json:"since,omitempty"`
}

// AnalyticsReply is the answer to insight_analytics.
type AnalyticsReply struct {
	insight.Analytics
}

// The facts about tasks are kept in memory, since reading them takes a pass over
// all steps: factsMax bounds them, factBytes is what one takes with its place in
// the cache. Beyond the bound, and when nothing may be cached, they are read anew
// with every call.
const (
	factsMax  = 16 << 20
	factBytes = 320
)

func newFacts(bytesMax int64) *cache.Cache[insight.Task] {
	return cache.New(min(bytesMax, factsMax), func(insight.Task) int64 { return factBytes })
}

// meaning is what figures count under the engine's policy.
func (e *Engine) meaning() insight.Meaning { return insight.Meaning{OwnState: e.Policy.OwnState} }

// Analytics answers figures about all tasks. What has not changed since the last
// call is not read again: one round trip when nothing changed, two otherwise.
func (e *Engine) Analytics(ctx context.Context, r AnalyticsRequest) (AnalyticsReply, error) {
	now, err := e.Store.Now(ctx)
	if err != nil {
		return AnalyticsReply{}, err
	}
	if r.Since.IsZero() {
		r.Since = now.Plus(-time.Hour)
	}
	stamps, err := e.Store.InsightStamps(ctx)
	if err != nil {
		return AnalyticsReply{}, err
	}
	tasks, err := e.currentFacts(ctx, stamps.Tasks)
	if err != nil {
		return AnalyticsReply{}, err
	}
	figures := e.meaning().Analytics(tasks, r.Since, now)
	figures.Namespaces, figures.TaskTypes = stamps.Namespaces, stamps.TaskTypes
	return AnalyticsReply{figures}, nil
}

// currentFacts returns the facts about the tasks with these stamps, in any
// order: from memory where the stamp proves them current, else from the store.
func (e *Engine) currentFacts(ctx context.Context, stamps []store.InsightStamp) ([]insight.Task, error) {
	tasks := make([]insight.Task, 0, len(stamps))
	unknown := []int64{}
	for i := range stamps {
		s := &stamps[i]
		if s.Stamp.Current() {
			if known, found := e.facts.Get(s.TaskID, s.Stamp.Version); found {
				tasks = append(tasks, known)
				continue
			}
		}
		unknown = append(unknown, s.TaskID)
	}
	if len(unknown) == 0 {
		return tasks, nil
	}
	if len(unknown) > len(stamps)/2 { // one pass over everything is cheaper
		unknown, tasks = nil, tasks[:0]
	}
	found, err := e.Store.InsightTasks(ctx, unknown, store.InsightFilter{})
	for i := range found {
		tasks = append(tasks, found[i].Task)
		if found[i].Stamp.Current() {
			e.facts.Put(found[i].ID, found[i].Stamp.Version, found[i].Task)
		}
	}
	return tasks, err
}
