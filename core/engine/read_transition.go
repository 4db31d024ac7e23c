package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ListTransitionsRequest selects rows of histories.
type ListTransitionsRequest struct {
	Call
	PageRequest
	Selection
	// The task whose own history is wanted, or with of "step" the histories of its steps.
	TaskID int64 `json:"task_id,omitempty"`
	// The step whose history is wanted.
	StepID int64 `json:"step_id,omitempty"`
	// Whose histories: "task" or "step". Default "step" with step_id, else "task".
	Of string `json:"of,omitempty"`
	// Sum up the whole history of the owner as well, whatever the page and the filters. Default false.
	Statistics bool `json:"statistics,omitempty"`
}

// ListTransitionsReply is the answer to transition_list.
type ListTransitionsReply struct {
	// The rows, oldest first unless asked otherwise.
	Items []TransitionInfo `json:"items"`
	// Cursor of the next page, null at the end.
	Next *string `json:"next"`
	// The history in figures, on request.
	Statistics *TransitionStatistics `json:"statistics,omitempty"`
}

// ListTransitions lists the history of a task or of a step, oldest first unless
// asked otherwise, or rows of many histories.
func (e *Engine) ListTransitions(ctx context.Context, r ListTransitionsRequest) (ListTransitionsReply, error) {
	reply := ListTransitionsReply{Items: []TransitionInfo{}}
	entity, err := r.entity()
	if err != nil {
		return reply, err
	}
	var l listing
	l.id("task_id", "task_id", r.TaskID)
	l.id("step_id", "step_id", r.StepID)
	sort := ""
	if len(l.filters) > 0 {
		sort = "sort_key"
	}
	q, err := l.parse(entity, r.Selection, r.PageRequest, sort, "asc")
	if err != nil {
		return reply, err
	}
	now, err := e.Store.Now(ctx)
	if err != nil {
		return reply, err
	}
	err = e.Store.Read(ctx, func(reader store.Reader) error {
		if err := r.exist(ctx, reader); err != nil {
			return err
		}
		if reply.Statistics, err = r.statistics(ctx, reader, now); err != nil {
			return err
		}
		fetch, info := reader.TaskTransitionFind, taskTransitionInfo
		if entity == &query.StepTransitions {
			fetch, info = reader.StepTransitionFind, stepTransitionInfo
		}
		rows, next, err := page(ctx, reader, q, nil, fetch, func(t *workflow.Transition) int64 { return t.ID })
		for _, row := range rows {
			reply.Items = append(reply.Items, info(row))
		}
		reply.Next = next
		return err
	})
	return reply, err
}

// entity tells which histories are asked for.
func (r ListTransitionsRequest) entity() (*query.Entity, error) {
	switch {
	case r.TaskID != 0 && r.StepID != 0:
		return nil, fault.New(fault.InvalidRequest, "both task_id and step_id are given").At("step_id").
			Advise("A task's history and those of its steps together come with task_get and transitions.")
	case r.Of == "task" && r.StepID == 0, r.Of == "" && r.StepID == 0:
		return &query.TaskTransitions, nil
	case r.Of == "step", r.Of == "":
		return &query.StepTransitions, nil
	case r.Of == "task":
		return nil, fault.New(fault.InvalidRequest, "a step's history is not of a task").At("of").Advise("Leave of out.")
	}
	return nil, fault.New(fault.InvalidRequest, "of is %.40q", r.Of).At("of").Advise(`Use "task" or "step".`)
}

// exist makes sure that the owner that is named is there: a wrong id is no empty
// history.
func (r ListTransitionsRequest) exist(ctx context.Context, reader store.Reader) error {
	if r.TaskID != 0 {
		_, err := readTask(ctx, reader, r.TaskID)
		return err
	}
	if r.StepID != 0 {
		steps, err := reader.StepList(ctx, []int64{r.StepID})
		if err == nil && len(steps) == 0 {
			return stepNotFound(r.StepID)
		}
		return err
	}
	return nil
}

func taskTransitionInfo(row workflow.Transition) TransitionInfo {
	return transitionInfo(row, row.OwnerID, 0)
}

func stepTransitionInfo(row workflow.Transition) TransitionInfo {
	return transitionInfo(row, 0, row.OwnerID)
}
