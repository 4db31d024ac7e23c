package lifecycle_test

import (
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/lifecycle"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// A failed step cannot start directly: claiming it takes two moves.
func ExampleStepPath() {
	path, ok := lifecycle.StepPath(workflow.Error, workflow.InProgress)
	fmt.Println(lifecycle.StepAllowed(workflow.Error, workflow.InProgress), path, ok)
	// Output: false [pending in_progress] true
}
