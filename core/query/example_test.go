package query_test

import (
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func ExampleEntity_Parse() {
	q, err := query.Tasks.Parse(query.Request{
		Where: []query.Filter{{Place: "where[0]", Field: "state", Operator: "in", Value: workflow.JSON(`["error","pending"]`)}},
		Sort:  "created_at",
	})
	fmt.Println(len(q.Where[0].Values), q.Sort.Name, q.Limit, err)

	_, err = query.Tasks.Parse(query.Request{Where: []query.Filter{{Place: "where[0]", Field: "state", Value: workflow.JSON(`"done"`)}}})
	fmt.Println(err)
	// Output:
	// 2 created_at 50 <nil>
	// invalid_request at where[0].value: state is never "done"
}
