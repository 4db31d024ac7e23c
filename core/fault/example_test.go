package fault_test

import (
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

func Example() {
	err := fault.New(fault.NotFound, "there is no task %d", 7).At("task_id").Advise("Check the id.")
	wrapped := fmt.Errorf("reading: %w", err)
	fmt.Println(fault.KindOf(wrapped), fault.Retryable(wrapped))
	fmt.Println(err)
	// Output:
	// not_found false
	// not_found at task_id: there is no task 7
}
