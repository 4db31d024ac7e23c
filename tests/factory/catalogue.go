package factory

import (
	"fmt"
	"strings"
)

// parse reads a shape's steps, one a line: name, optionally "<-" and its
// parents, all separated by blanks.
func parse(code, name, text string) Shape {
	shape := Shape{Code: code, Name: name}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		words := strings.Fields(line)
		step := Step{Name: words[0]}
		if len(words) > 2 {
			step.Parents = words[2:]
		}
		shape.Steps = append(shape.Steps, step)
	}
	return shape
}

// line is a chain of the named steps.
func line(code, name string, steps ...string) Shape {
	shape := Shape{Code: code, Name: name}
	for i, step := range steps {
		s := Step{Name: step}
		if i > 0 {
			s.Parents = []string{steps[i-1]}
		}
		shape.Steps = append(shape.Steps, s)
	}
	return shape
}

// fails sets the plans of steps, given as name and plan in turn.
func (s Shape) fails(plans map[string]Plan) Shape {
	for name, plan := range plans {
		s = s.With(name, func(step *Step) { step.Plan = plan })
	}
	return s
}

// limits sets the limits of the steps in declaration order.
func (s Shape) limits(limits ...int) Shape {
	for i, limit := range limits {
		s.Steps[i].Limit = limit
	}
	return s
}

// Linear is S1: six steps in a line, process_data fails once.
func Linear() Shape {
	return line("S1", "linear_workflow_task", "initialize_data", "validate_input", "process_data", "transform_results",
		"validate_output", "finalize_workflow").fails(map[string]Plan{"process_data": FailTimes(1)})
}

// Diamond is S2: two branches of two steps that meet.
func Diamond() Shape {
	return parse("S2", "diamond_workflow_task", `
		start_workflow
		branch_one_process <- start_workflow
		branch_one_validate <- branch_one_process
		branch_two_process <- start_workflow
		branch_two_validate <- branch_two_process
		merge_branches <- branch_one_validate branch_two_validate
		end_workflow <- merge_branches`).fails(map[string]Plan{
		"branch_one_process": FailTimes(1), "branch_two_process": TimeoutTimes(1)})
}

// ParallelMerge is S3: four roots that end in one step.
func ParallelMerge() Shape {
	return parse("S3", "parallel_merge_workflow_task", `
		fetch_user_data
		fetch_order_data
		fetch_inventory_data
		fetch_pricing_data
		process_user_data <- fetch_user_data
		process_order_data <- fetch_order_data
		merge_all_data <- process_user_data process_order_data fetch_inventory_data fetch_pricing_data`).fails(map[string]Plan{
		"fetch_order_data": FailTimes(1), "fetch_inventory_data": TimeoutTimes(1), "merge_all_data": FailTimes(1)})
}

// Tree is S4: a root, two branches, four tasks, one aggregate.
func Tree() Shape {
	return parse("S4", "tree_workflow_task", `
		root_initialization
		branch_a_setup <- root_initialization
		branch_b_setup <- root_initialization
		branch_a_task_one <- branch_a_setup
		branch_a_task_two <- branch_a_setup
		branch_b_task_one <- branch_b_setup
		branch_b_task_two <- branch_b_setup
		aggregate_results <- branch_a_task_one branch_a_task_two branch_b_task_one branch_b_task_two`).fails(map[string]Plan{
		"branch_b_setup": FailTimes(1), "branch_a_task_two": TimeoutTimes(1), "branch_b_task_two": FailTimes(1)})
}

// Mixed is S5: two roots, one joint, two leaves.
func Mixed() Shape {
	return parse("S5", "mixed_workflow_task", `
		init_auth
		init_config
		validate_permissions <- init_auth
		setup_environment <- init_config
		begin_processing <- validate_permissions setup_environment
		process_critical_data <- begin_processing
		process_optional_data <- begin_processing
		cleanup_temp_files <- setup_environment
		finalize_and_report <- process_critical_data cleanup_temp_files`).fails(map[string]Plan{
		"validate_permissions": FailTimes(1), "setup_environment": TimeoutTimes(1),
		"process_critical_data": FailTimes(2), "finalize_and_report": Idempotent()})
}

// ConfigurableFailure is S6.
func ConfigurableFailure() Shape {
	return line("S6", "configurable_failure_task", "reliable_step", "flaky_step", "timeout_step", "idempotent_step").
		fails(map[string]Plan{"flaky_step": FailTimes(2), "timeout_step": TimeoutTimes(1), "idempotent_step": Idempotent()})
}

// Dummy is S7: an isolated step beside a line of three.
func Dummy() Shape {
	return parse("S7", "dummy_task", "step-one\nstep-two\nstep-three <- step-two\nstep-four <- step-three")
}

// APIIntegration is S8: two roots, then a line, over three systems.
func APIIntegration() Shape {
	shape := parse("S8", "api_integration_workflow", `
		fetch_cart
		fetch_products
		validate_products <- fetch_cart fetch_products
		create_order <- validate_products
		publish_event <- create_order`)
	for i, system := range []string{"cart_service", "product_service", "product_service", "order_service", "order_service"} {
		shape.Steps[i].System = system
	}
	return shape
}

// SimpleLinear is S9: a chain of n steps, 3 when n is 0.
func SimpleLinear(n int) Shape {
	shape := Chain(or(n, 3))
	shape.Code, shape.Name = "S9", "simple_linear_workflow"
	return shape
}

// Parallel is S10: one initialiser, n chunks (3 when n is 0), one aggregate.
func Parallel(n int) Shape {
	shape := Shape{Code: "S10", Name: "parallel_workflow", Steps: []Step{{Name: "initialize"}}}
	var chunks []string
	for i := range or(n, 3) {
		chunks = append(chunks, fmt.Sprintf("process_chunk_%d", i+1))
		shape.Steps = append(shape.Steps, Step{Name: chunks[i], Parents: []string{"initialize"}})
	}
	shape.Steps = append(shape.Steps, Step{Name: "aggregate", Parents: chunks})
	return shape
}

func or(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}

// portShapes are P1 to P7, the shapes of the Rust port, in a namespace of their
// own since two of them have the names of S7 and S8.
func portShapes() []Shape {
	dummy, api := Dummy(), APIIntegration()
	dummy.Code, api.Code = "P6", "P7"
	shapes := []Shape{
		line("P1", "linear", "linear_step_1", "linear_step_2", "linear_step_3", "linear_step_4"),
		parse("P2", "diamond", "diamond_start\ndiamond_branch_b <- diamond_start\n"+
			"diamond_branch_c <- diamond_start\ndiamond_merge <- diamond_branch_b diamond_branch_c"),
		parse("P3", "parallel_merge", "parallel_step_1\nparallel_step_2\nparallel_step_3\n"+
			"parallel_merge <- parallel_step_1 parallel_step_2 parallel_step_3"),
		parse("P4", "tree", `
			tree_root
			tree_branch_left <- tree_root
			tree_branch_right <- tree_root
			tree_leaf_d <- tree_branch_left
			tree_leaf_e <- tree_branch_left
			tree_leaf_f <- tree_branch_right
			tree_leaf_g <- tree_branch_right`),
		parse("P5", "mixed_dag", `
			dag_init
			dag_process_left <- dag_init
			dag_process_right <- dag_init
			dag_validate <- dag_process_left dag_process_right
			dag_transform <- dag_process_left
			dag_analyze <- dag_process_right
			dag_finalize <- dag_validate dag_transform dag_analyze`),
		dummy, api,
	}
	for i := range shapes {
		shapes[i].Namespace = "rust_port"
	}
	return shapes
}

// OrderProcessing is W1.
func OrderProcessing() Shape {
	return line("W1", "order_processing", "validate_cart", "process_payment", "update_inventory", "create_order",
		"send_confirmation").limits(3, 3, 2, 3, 5)
}

// CustomerAnalytics is W2, an ETL with three roots.
func CustomerAnalytics() Shape {
	return parse("W2", "customer_analytics", `
		extract_orders
		extract_users
		extract_products
		transform_customer_metrics <- extract_orders extract_users
		transform_product_metrics <- extract_orders extract_products
		generate_insights <- transform_customer_metrics transform_product_metrics
		update_dashboard <- generate_insights
		send_notifications <- update_dashboard`).limits(3, 5, 3, 2, 2, 3, 3, 5)
}

// UserRegistration is W3.
func UserRegistration() Shape {
	return parse("W3", "user_registration", `
		create_user_account
		setup_billing_profile <- create_user_account
		initialize_preferences <- create_user_account
		send_welcome_sequence <- setup_billing_profile initialize_preferences
		update_user_status <- send_welcome_sequence`)
}

// PaymentsRefund is W4a; it has the name of W4b in another namespace.
func PaymentsRefund() Shape {
	shape := line("W4a", "process_refund", "validate_payment_eligibility", "process_gateway_refund", "update_payment_records",
		"notify_customer").limits(3, 2, 3, 5)
	shape.Namespace, shape.Version = "payments", "2.1.0"
	return shape
}

// CustomerSuccessRefund is W4b; it has the name of W4a in another namespace.
func CustomerSuccessRefund() Shape {
	shape := line("W4b", "process_refund", "validate_refund_request", "check_refund_policy", "get_manager_approval",
		"execute_refund_workflow", "update_ticket_status").limits(3, 2, 1, 2, 3)
	shape.Namespace, shape.Version = "customer_success", "1.3.0"
	return shape
}

// MonitoredCheckout is W5: the steps of W1 with a deadline each.
func MonitoredCheckout() Shape {
	shape := OrderProcessing().limits(2, 3, 2, 2, 3)
	shape.Code, shape.Name = "W5", "monitored_checkout"
	for i, seconds := range []int{10, 30, 15, 20, 10} {
		shape.Steps[i].TimeoutSeconds = seconds
	}
	return shape
}

// Catalogue returns every shape of the sheet, S1 to S10, P1 to P7, W1 to W5.
func Catalogue() []Shape {
	shapes := []Shape{Linear(), Diamond(), ParallelMerge(), Tree(), Mixed(), ConfigurableFailure(), Dummy(), APIIntegration(),
		SimpleLinear(0), Parallel(0)}
	shapes = append(shapes, portShapes()...)
	return append(shapes, OrderProcessing(), CustomerAnalytics(), UserRegistration(), PaymentsRefund(),
		CustomerSuccessRefund(), MonitoredCheckout())
}

// Get returns the shape with the number of the sheet, such as "P5"; it panics
// when there is none.
func Get(code string) Shape {
	for _, shape := range Catalogue() {
		if shape.Code == code {
			return shape
		}
	}
	panic("factory: no shape " + code)
}
