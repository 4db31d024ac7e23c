package wire_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// faulty says what is wrong with a row of the table, "" if nothing.
func faulty(o wire.Operation) string {
	switch {
	case !regexp.MustCompile(`^[a-z]+(_[a-z]+)+$`).MatchString(o.Name):
		return "the name is not noun_verb"
	case len(o.Doc) < 40 || !strings.Contains(o.Doc, ".") || strings.Contains(o.Doc, "\t"):
		return "the documentation is too thin"
	case o.Request == "" || o.Reply == "" || o.Since == "":
		return "a column is empty"
	}
	for _, kind := range o.Errors {
		if !slices.Contains(fault.Kinds, kind) || slices.Contains(wire.CommonErrors(o.Kind), kind) {
			return "the error " + string(kind) + " is unknown or listed twice"
		}
	}
	for _, line := range strings.Split(o.Doc, "\n") {
		if example, ok := strings.CutPrefix(line, "    "); ok && !json.Valid([]byte(example)) {
			return "the example is not JSON: " + example
		}
	}
	return ""
}

func TestEveryOperationIsComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, o := range wire.Operations {
		require.Empty(t, faulty(o), o.Name)
		require.False(t, seen[o.Name], o.Name)
		seen[o.Name] = true
	}
	require.GreaterOrEqual(t, len(wire.Operations), 30)
}

func TestTheCheckOfOperationsFindsFaults(t *testing.T) {
	t.Parallel()
	good := wire.Operations[0]
	for _, spoil := range []func(*wire.Operation){
		func(o *wire.Operation) { o.Name = "health" },
		func(o *wire.Operation) { o.Doc = "Tells." },
		func(o *wire.Operation) { o.Reply = "" },
		func(o *wire.Operation) { o.Errors = []fault.Kind{fault.Internal} },
		func(o *wire.Operation) { o.Doc += "\n    {task_id: 7}" },
	} {
		bad := good
		spoil(&bad)
		require.NotEmpty(t, faulty(bad))
	}
}

func TestNumbersOfOperationsNeverChange(t *testing.T) {
	t.Parallel()
	require.Equal(t, strings.Fields(`engine_health engine_config_get engine_clock_advance engine_logs_poll schema_migrate schema_status
		template_register template_load template_get template_list template_validate task_create task_create_many task_get task_list
		task_context task_context_many task_wait task_cancel step_readiness step_ready step_claim step_report step_release
		step_heartbeat step_get transition_list worker_register worker_list worker_stop`), names()[:30])
}

func names() []string {
	list := make([]string, len(wire.Operations))
	for i, o := range wire.Operations {
		list[i] = o.Name
	}
	return list
}
