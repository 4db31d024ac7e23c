package wire

import "github.com/tasker-systems/tasker-core-go/core/fault"

// insights are the operations that tell figures about tasks.
var insights = []Operation{
	{
		Name: "task_graph", Request: "GraphRequest", Reply: "GraphReply", Kind: Database, Since: "0.1.0",
		Errors: []fault.Kind{fault.NotFound},
		Doc: `Answers the DAG of a task and what follows from it: levels and depths, the paths that deserve most attention, how much can run at once, which failures hold what back, and what the bottlenecks are; on request as text for a terminal, Mermaid or DOT.

Paths are counted and scored without listing them, so a wide task costs no more than a long one. A cycle or a parent in another task, which only somebody else can have written, is told as it is.
    {"task_id": 7, "include": ["text", "mermaid"]}`,
	},
	{
		Name: "insight_analytics", Request: "AnalyticsRequest", Reply: "AnalyticsReply", Kind: Database, Since: "0.1.0",
		Doc: `Answers figures about all tasks: how many are active, and of those created since an instant how many are complete or in error, how long tasks and steps took, and the same over the last hour, 4 and 24 hours.

A task is judged by its own state; one without any history is pending. An empty database answers zeros. The facts about tasks stay in memory, proved current by their versions, so that a call reads again only what has changed.
    {"since": "2026-01-31T00:00:00Z"}`,
	},
	{
		Name: "insight_slowest_steps", Request: "SlowestRequest", Reply: "SlowestStepsReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists the complete steps that took longest from creation to completion, of those created in the last 24 hours or since an instant.
    {"namespace": "shop", "limit": 5}`,
	},
	{
		Name: "insight_slowest_tasks", Request: "SlowestRequest", Reply: "SlowestTasksReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists the tasks that took longest from creation to the last end of a step, of those created in the last 24 hours or since an instant. A task of which no step is complete or in error is left out.
    {"since": "2026-01-31T00:00:00Z", "name": "order_flow"}`,
	},
	{
		Name: "insight_health_counts", Request: "Empty", Reply: "HealthCountsReply", Kind: Database, Since: "0.1.0",
		Doc: `Counts tasks and steps by state over the whole database, tells how many failed steps will be tried again, wait for it, or have no attempt left, and how many connections the database has and allows.

The counts by state add up to the totals. It reads every step: for a page that a person looks at, not for a probe.`,
	},
	{
		Name: "insight_bottlenecks", Request: "BottlenecksRequest", Reply: "BottlenecksReply", Kind: Database, Since: "0.1.0",
		Doc: `Answers what slows tasks down, of those created in the last 24 hours or another period: the slowest tasks and steps, how attempts fail, which steps others wait for, how durations spread, and what deserves a look.
    {"namespace": "shop", "period_hours": 72}`,
	},
}
