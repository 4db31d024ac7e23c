package backoff_test

import (
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/backoff"
)

// The default curve in the middle of its jitter, and a server that asks for
// more.
func ExamplePolicy_Wait() {
	p := backoff.Default()
	for attempt := 1; attempt <= 6; attempt++ {
		fmt.Print(p.Wait(attempt, nil, 0.5), " ")
	}
	hint := 120
	fmt.Println(p.Wait(1, &hint, 0.5))
	// Output: 2 4 8 16 30 30 120
}
