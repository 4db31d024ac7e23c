package insight_test

import (
	"fmt"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// One task of the last hour took ten minutes, another is in error.
func ExampleMeaning_Analytics() {
	now := workflow.At(time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC))
	created := now.Plus(-30 * time.Minute)
	tasks := []insight.Task{
		{ID: 1, Created: insight.Micros(created), State: workflow.Complete, Since: insight.Micros(created.Plus(10 * time.Minute))},
		{ID: 2, Created: insight.Micros(created), State: workflow.Error, Since: insight.Micros(created.Plus(time.Minute))},
	}
	a := insight.Meaning{OwnState: true}.Analytics(tasks, now.Plus(-time.Hour), now)
	fmt.Println(a.TaskThroughput, a.CompletionRate, a.ErrorRate, a.AvgTaskDuration, a.HealthScore)
	// Output: 2 50 50 600 0.5
}
