package answers

import (
	"fmt"
	"strings"
)

// Call is one key of a vector's expectations: a function, and what it is called
// with where that is not the vector's first task, as in `readiness(T,
// step_ids=[x])`, `levels(NULL)` or `contexts_batch([U,T,unknown])`.
type Call struct {
	function string
	null     bool     // the task, or the list of them, is NULL
	tasks    []string // names; "unknown" is no task
	steps    []string // with stepsGiven: the names of step_ids
	// stepsGiven tells an empty list of steps from none.
	stepsGiven bool
}

// unknownTask is the id of no task.
const unknownTask = 999_999

// ParseCall reads a key; first is the task of one without arguments.
func ParseCall(key string, first string) (Call, error) {
	function, rest, hasArguments := strings.Cut(key, "(")
	c := Call{function: function}
	if !hasArguments {
		c.tasks = []string{first}
		return c, nil
	}
	inside, ok := strings.CutSuffix(rest, ")")
	if !ok {
		return c, fmt.Errorf("%q is no call", key)
	}
	owner, option, _ := strings.Cut(inside, ", step_ids=")
	if c.stepsGiven = option != "" && option != "NULL"; c.stepsGiven {
		if c.steps, ok = list(option); !ok {
			return c, fmt.Errorf("%q: step_ids is no list", key)
		}
	}
	switch names, isList := list(owner); {
	case isList:
		c.tasks = names
	case owner == "NULL":
		c.null = true
	default:
		c.tasks = []string{owner}
	}
	return c, nil
}

// list reads `[a,b]`.
func list(text string) ([]string, bool) {
	if !strings.HasPrefix(text, "[") || !strings.HasSuffix(text, "]") {
		return nil, false
	}
	names := []string{}
	for _, name := range strings.Split(text[1:len(text)-1], ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names, true
}

// ids returns the ids of the call's tasks, nil for NULL.
func (w *World) ids(c Call) []int64 {
	if c.null {
		return nil
	}
	ids := []int64{}
	for _, name := range c.tasks {
		id, known := w.Tasks[name]
		if !known {
			id = unknownTask
		}
		ids = append(ids, id)
	}
	return ids
}

// only returns the ids of the steps that the call names, nil for none named.
func (w *World) only(c Call) []int64 {
	if !c.stepsGiven {
		return nil
	}
	ids := []int64{}
	for _, name := range c.steps {
		ids = append(ids, w.Steps[name])
	}
	return ids
}
