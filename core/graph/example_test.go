package graph_test

import (
	"fmt"

	"github.com/tasker-systems/tasker-core-go/core/graph"
)

// The eight-step customer analytics pipeline, drawn for a terminal.
func ExampleGraph_Text() {
	g := graph.New(
		[]string{
			"extract_orders", "extract_users", "extract_products", "transform_customer_metrics",
			"transform_product_metrics", "generate_insights", "update_dashboard", "send_notifications",
		},
		[]graph.Edge[string]{
			{From: "extract_orders", To: "transform_customer_metrics"},
			{From: "extract_users", To: "transform_customer_metrics"},
			{From: "extract_orders", To: "transform_product_metrics"},
			{From: "extract_products", To: "transform_product_metrics"},
			{From: "transform_customer_metrics", To: "generate_insights"},
			{From: "transform_product_metrics", To: "generate_insights"},
			{From: "generate_insights", To: "update_dashboard"},
			{From: "update_dashboard", To: "send_notifications"},
		})
	fmt.Print(g.Text(func(k string) string { return k }, func(string) string { return "" }))
	// Output:
	// ●     extract_orders
	// │ ●   extract_users
	// │ │ ● extract_products
	// ├─● │ transform_customer_metrics
	// ●─│─┘ transform_product_metrics
	// ●─┘   generate_insights
	// ●     update_dashboard
	// ○     send_notifications
}

// A dependency cycle is reported as a path that comes back to its start.
func ExampleGraph_Cycle() {
	g := graph.New([]string{"a", "b", "c"}, []graph.Edge[string]{{From: "a", To: "b"}, {From: "b", To: "c"}, {From: "c", To: "a"}})
	fmt.Println(g.Cycle())
	// Output: [a b c a]
}
