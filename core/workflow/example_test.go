package workflow_test

import (
	"fmt"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func ExampleJSON_Field() {
	metadata := workflow.JSON(`{"epoch": 42, "note": "a \"quoted\" word"}`)
	epoch, _ := metadata.Field("epoch").Int()
	fmt.Println(epoch, metadata.Field("note").Text())
	// Output: 42 a "quoted" word
}

func ExampleObject() {
	object := (&workflow.Object{}).Int("attempt", 2).TextIf("reason", "").Flag("permanent", true)
	fmt.Println(string(object.JSON()))
	// Output: {"attempt":2,"permanent":true}
}

func ExampleAt() {
	fmt.Println(workflow.At(time.Date(2026, 1, 31, 9, 30, 0, 123456789, time.UTC)))
	// Output: 2026-01-31T09:30:00.123456Z
}
