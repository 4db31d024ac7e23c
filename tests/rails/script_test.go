package rails_test

import (
	"errors"
)

// record is a step as the Rails engine has loaded it: it writes only what has
// changed since, by the values that it knows.
type record struct {
	id                   int64
	attempts             int
	processed, inProcess bool
}

func (r *rails) load(id int64) (s record, err error) {
	s.id = id
	err = r.read("SELECT coalesce(attempts, 0), processed, in_process FROM tasker_workflow_steps WHERE workflow_step_id = $1",
		[]any{id}, &s.attempts, &s.processed, &s.inProcess)
	return s, err
}

// attempt runs one step as section 8.3 says. ran tells whether the handler was
// called.
func (r *rails) attempt(id int64, handler func() error) (ran bool, err error) {
	if state, err := r.state(step(id)); err != nil || state != "pending" {
		return false, err
	}
	s, err := r.load(id)
	if err != nil {
		return false, err
	}
	if err := r.move(step(id), "in_progress", "{}"); err != nil {
		return false, errors.Join(err, r.fail(s)) // also when somebody else has it (T12)
	}
	if err := handler(); err != nil {
		return true, errors.Join(err, r.fail(s))
	}
	return true, r.succeed(s)
}

// succeed is 5a: the step is saved, then moved, in one transaction.
func (r *rails) succeed(s record) error {
	return r.transaction(func() error {
		if err := r.do(`UPDATE tasker_workflow_steps SET attempts = $2, last_attempted_at = $3, processed = true, processed_at = $3,
			results = '{"by": "rails"}', updated_at = $3 WHERE workflow_step_id = $1`, s.id, s.attempts+1, r.now); err != nil {
			return err
		}
		return r.move(step(s.id), "complete", "{}")
	})
}

// fail is 5b.
func (r *rails) fail(s record) error {
	return r.transaction(func() error {
		if err := r.do(`UPDATE tasker_workflow_steps SET attempts = $2, last_attempted_at = $3,
			results = coalesce(results, '{}') || '{"error": "no luck", "error_class": "Flaky", "backtrace": "a"}', updated_at = $3
			WHERE workflow_step_id = $1`, s.id, s.attempts+1, r.now); err != nil {
			return err
		}
		return r.move(step(s.id), "error", "{}")
	})
}

// retry is what the test support of the Rails engine does by hand (8.4), the rows
// in the opposite order to a success.
func (r *rails) retry(id int64) error {
	return r.transaction(func() error {
		state, key, err := r.history(step(id))
		if err != nil || state != "error" {
			return errors.Join(err, errNotAllowed)
		}
		if err := r.do("UPDATE tasker_workflow_step_transitions SET most_recent = false, updated_at = $2 WHERE workflow_step_id = $1 "+
			"AND most_recent = true", id, r.now); err != nil {
			return err
		}
		if err := r.append(step(id), "pending", `{"retry_attempt": true}`, key); err != nil {
			return err
		}
		return r.do(`UPDATE tasker_workflow_steps SET processed = false, in_process = false, processed_at = NULL, updated_at = $2
			WHERE workflow_step_id = $1`, id, r.now)
	})
}

// start is section 8.2.
func (r *rails) start(id int64) error {
	return r.move(task(id), "in_progress", `{"initialization_completed": true, "step_dependencies_established": 3}`)
}

// finalise is section 8.5, the synchronous path.
func (r *rails) finalise(id int64) error {
	var status string
	if err := r.read("SELECT coalesce((SELECT execution_status FROM get_task_execution_context($1)), 'none')", []any{id}, &status); err != nil {
		return err
	}
	switch status {
	case "all_complete":
		return r.complete(id)
	case "blocked_by_failures", "none":
		return r.safely(task(id), "error")
	case "has_ready_steps":
		return r.safely(task(id), "in_progress")
	default:
		return r.safely(task(id), "pending")
	}
}

// complete takes the hops that are missing, then sets the flag and moves the task
// in one transaction.
func (r *rails) complete(id int64) error {
	for _, hop := range []struct{ from, to string }{{"error", "pending"}, {"pending", "in_progress"}} {
		if state, err := r.state(task(id)); err != nil || state == hop.from {
			if err := errors.Join(err, r.move(task(id), hop.to, "{}")); err != nil {
				return err
			}
		}
	}
	return r.transaction(func() error {
		if err := r.do("UPDATE tasker_tasks SET complete = true, updated_at = $2 WHERE task_id = $1", id, r.now); err != nil {
			return err
		}
		return r.move(task(id), "complete", "{}")
	})
}

// edit is a person's change of a step through the API (8.6).
func (r *rails) edit(id int64, limit int) error {
	return r.do(`UPDATE tasker_workflow_steps SET retry_limit = $3, inputs = '{"edited": true}', updated_at = $2
		WHERE workflow_step_id = $1`, id, r.now, limit)
}

// extend adds a step below another, as 8.1 stores them; there are no transitions.
func (r *rails) extend(id int64) error {
	return r.transaction(func() error {
		if err := r.do(`INSERT INTO tasker_workflow_steps (task_id, named_step_id, attempts, inputs, results, created_at, updated_at)
			SELECT task_id, named_step_id, 0, '{}', '{}', $2, $2 FROM tasker_workflow_steps WHERE workflow_step_id = $1`, id, r.now); err != nil {
			return err
		}
		return r.do(`INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
			SELECT $1, max(workflow_step_id), 'provides', $2, $2 FROM tasker_workflow_steps
			WHERE task_id = (SELECT task_id FROM tasker_workflow_steps WHERE workflow_step_id = $1)`, id, r.now)
	})
}

// destroy deletes a task with all that belongs to it, row by row in application
// code (schema sheet, section 6).
func (r *rails) destroy(id int64) error {
	return r.transaction(func() error {
		steps := "IN (SELECT workflow_step_id FROM tasker_workflow_steps WHERE task_id = $1)"
		for _, text := range []string{
			"DELETE FROM tasker_workflow_step_edges WHERE from_step_id " + steps + " OR to_step_id " + steps,
			"DELETE FROM tasker_workflow_step_transitions WHERE workflow_step_id " + steps,
			"DELETE FROM tasker_workflow_steps WHERE task_id = $1", "DELETE FROM tasker_task_annotations WHERE task_id = $1",
			"DELETE FROM tasker_task_transitions WHERE task_id = $1", "DELETE FROM tasker_tasks WHERE task_id = $1",
		} {
			if err := r.do(text, id); err != nil {
				return err
			}
		}
		return nil
	})
}
