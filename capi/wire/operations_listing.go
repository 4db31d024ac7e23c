package wire

import "github.com/tasker-systems/tasker-core-go/core/query"

// listing are the lists and the catalogue that came after the first release of
// the table.
var listing = []Operation{
	{
		Name: "step_list", Request: "ListStepsRequest", Reply: "ListStepsReply", Kind: Database, Since: "0.1.0",
		Doc: `Lists steps, by id unless sort and order say otherwise, one page at a time. All given filters must match; the named ones are short for conditions in where.

` + query.Steps.Describe() + `

    {"states": ["error"], "where": [{"field": "namespace", "value": "shop"}, {"field": "retries_left", "value": false}]}`,
	},
}
