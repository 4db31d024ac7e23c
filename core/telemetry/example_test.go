package telemetry_test

import (
	"fmt"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/telemetry"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func ExampleLog() {
	log, _ := telemetry.NewLog(2, telemetry.Info)
	now := workflow.At(time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC))
	log.Add(now, telemetry.Debug, "below the level", nil)
	log.Add(now, telemetry.Info, "first", nil)
	log.Add(now, telemetry.Warn, "second", map[string]any{"worker_id": 3})
	log.Add(now, telemetry.Error, "third", nil)
	records, next := log.Poll(0, 10)
	for _, record := range records {
		fmt.Println(record.ID, record.Level, record.Message)
	}
	fmt.Println(next, log.Dropped())
	// Output:
	// 2 warn second
	// 3 error third
	// 3 1
}
