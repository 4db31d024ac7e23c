package template_test

import (
	"errors"
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

const order = `
name: place_order
version: "1.0.0"
schema:
  required: [basket]
  properties:
    basket: {type: integer}
    gift: {type: boolean, default: false}
step_templates:
  - name: check_basket
  - name: hold_stock
    depends_on_step: check_basket
  - name: take_payment
    depends_on_step: check_basket
  - name: dispatch
    depends_on_steps: [hold_stock, take_payment]
`

func ExampleParse() {
	t, err := template.Parse([]byte(order), template.Options{})
	fmt.Println(t.Namespace, t.Name, t.Version, len(t.Steps), err)

	_, err = template.Parse([]byte("name: a\nversion: 1.0\nsteps: []\n"), template.Options{})
	var f *fault.Error
	errors.As(err, &f)
	for _, p := range f.Problems {
		fmt.Printf("%d:%d %s (%s)\n", p.Line, p.Column, p.Message, p.Suggestion)
	}
	// Output:
	// default place_order 1.0.0 4 <nil>
	// 1:1 the required key "step_templates" is missing ()
	// 2:10 version must be a text, found the number 1.0 (quote it: "1.0")
	// 3:1 unknown key "steps" (did you mean "step_templates"?)
}

func ExampleAnalyse() {
	t, _ := template.Parse([]byte(order), template.Options{})
	a := template.Analyse(t)
	fmt.Println(a.Levels, a.Parallelism, a.CriticalPath)
	// Output: [[check_basket] [hold_stock take_payment] [dispatch]] 2 [check_basket hold_stock dispatch]
}

func ExampleCheckContext() {
	t, _ := template.Parse([]byte(order), template.Options{})
	context, _ := template.CheckContext(t, workflow.JSON(`{"basket": 7}`))
	fmt.Println(string(context))
	_, err := template.CheckContext(t, workflow.JSON(`{"basket": "7"}`))
	fmt.Println(err)
	// Output:
	// {"basket": 7,"gift":false}
	// invalid_request at context: the context for place_order has a problem in context.basket: must be integer, found string
}
