package query_test

import (
	"context"
	"maps"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// record is a row as a naive reader sees it: the values of each field, none
// where there is none. A value of JSON is a document.
type record map[string][]any

// document is a JSON value in which a path is followed; typed, that of an
// annotation of this type.
type document struct {
	kind  string
	value any
}

// read decodes a stored value.
func read(raw workflow.JSON) document { return document{value: decoded(raw)} }

// catalogue holds all rows of each list.
type catalogue map[string][]record

// load reads everything there is by the plain readers, without any filter.
func (d *dataset) load() catalogue {
	d.t.Helper()
	all := catalogue{}
	require.NoError(d.t, d.store.Read(context.Background(), func(r store.Reader) error {
		ctx := context.Background()
		tasks, err := r.TaskList(ctx, store.TaskFilter{IDs: d.tasks})
		require.NoError(d.t, err)
		steps, err := r.StepListByTask(ctx, d.tasks)
		require.NoError(d.t, err)
		edges, err := r.EdgeListByTask(ctx, d.tasks)
		require.NoError(d.t, err)
		taskRows, err := r.TaskTransitions(ctx, d.tasks)
		require.NoError(d.t, err)
		stepRows, err := r.StepTransitions(ctx, idsOf(steps))
		require.NoError(d.t, err)
		workers, err := r.WorkerFind(ctx, d.workers)
		require.NoError(d.t, err)
		byTask := map[int64]*workflow.Task{}
		for i := range tasks {
			byTask[tasks[i].ID] = &tasks[i]
			all["Task"] = append(all["Task"], taskRecord(&tasks[i], steps, d.notes))
		}
		byStep := map[int64]*workflow.Step{}
		for i := range steps {
			byStep[steps[i].ID] = &steps[i]
			all["Step"] = append(all["Step"], stepRecord(&steps[i], byTask[steps[i].TaskID], edges))
		}
		for _, row := range taskRows {
			all["TaskTransition"] = append(all["TaskTransition"], transitionRecord(row).with("task_id", row.OwnerID))
		}
		for _, row := range stepRows {
			all["StepTransition"] = append(all["StepTransition"], stepTransitionRecord(row, byStep[row.OwnerID], stepRows))
		}
		for _, w := range workers {
			all["Worker"] = append(all["Worker"], workerRecord(w))
		}
		for _, n := range d.types {
			all["NamedTask"] = append(all["NamedTask"], record{}.with("id", n.ID).with("namespace", n.Namespace).with("name", n.Name).
				with("version", n.Version).with("description", n.Description).with("configuration", read(n.Configuration)).
				with("created_at", n.CreatedAt).with("updated_at", n.UpdatedAt))
		}
		d.loadEntries(ctx, r, all)
		return nil
	}))
	return all
}

// loadEntries reads the catalogue, whose ids are small.
func (d *dataset) loadEntries(ctx context.Context, r store.Reader, all catalogue) {
	ids := make([]int64, 200)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	for _, kind := range []store.CatalogueKind{
		store.Namespace, store.DependentSystem, store.AnnotationType, store.NamedStep, store.ObjectMap,
	} {
		entries, err := r.CatalogueFind(ctx, kind, ids)
		require.NoError(d.t, err)
		require.Less(d.t, len(entries), len(ids))
		for _, e := range entries {
			row := record{}.with("id", e.ID).with("name", e.Name).with("description", e.Description).with("dependent_system", e.Parent).
				with("system_one", e.Parent).with("system_two", e.Other).with("remote_id_one", e.RemoteOne).
				with("remote_id_two", e.RemoteTwo).with("created_at", e.CreatedAt).with("updated_at", e.UpdatedAt)
			all[string(kind)] = append(all[string(kind)], row)
		}
	}
}

func idsOf(steps []workflow.Step) (ids []int64) {
	for i := range steps {
		ids = append(ids, steps[i].ID)
	}
	return ids
}

// with adds a value of a field; nil and zero instants are no value.
func (r record) with(field string, values ...any) record {
	for _, value := range values {
		switch typed := value.(type) {
		case int:
			value = int64(typed)
		case *int:
			if value = nil; typed != nil {
				value = int64(*typed)
			}
		case workflow.State:
			value = string(typed)
		case workflow.Instant:
			if typed.IsZero() {
				value = nil
			}
		}
		if value != nil {
			r[field] = append(r[field], value)
		}
	}
	return r
}

func taskRecord(t *workflow.Task, steps []workflow.Step, notes []note) record {
	r := record{}.with("task_id", t.ID).with("state", t.State).with("state_since", t.StateSince).with("namespace", t.Namespace).
		with("name", t.Name).with("version", t.Version).with("named_task_id", t.NamedTaskID).with("priority", t.Priority).
		with("complete", t.Complete).with("initiator", t.Initiator).with("source_system", t.SourceSystem).with("reason", t.Reason).
		with("identity_hash", t.IdentityHash).with("context", read(t.Context)).with("requested_at", t.RequestedAt).
		with("created_at", t.CreatedAt).with("updated_at", t.UpdatedAt)
	for _, tag := range t.Tags {
		r.with("tag", tag)
	}
	for _, step := range t.BypassSteps {
		r.with("bypass_step", step)
	}
	for _, n := range notes {
		if n.task == t.ID {
			r.with("annotation", document{n.kind, decoded(n.value)})
		}
	}
	active := false
	for i := range steps {
		if s := &steps[i]; s.TaskID == t.ID {
			r.with("step_state", s.State)
			active = active || s.State == workflow.Pending || s.State == workflow.InProgress
			if s.State == workflow.Complete {
				r.with("step_completed_at", s.StateSince)
			}
		}
	}
	return r.with("active", active)
}

func stepRecord(s *workflow.Step, t *workflow.Task, edges []workflow.Edge) record {
	since, limit := s.StateSince, 3
	if since.IsZero() {
		since = s.CreatedAt
	}
	if s.RetryLimit != nil {
		limit = *s.RetryLimit
	}
	r := record{}.with("step_id", s.ID).with("task_id", s.TaskID).with("name", s.Name).with("named_step_id", s.NamedStepID).
		with("state", s.State).with("state_since", since).with("namespace", t.Namespace).with("task_name", t.Name).
		with("version", t.Version).with("task_created_at", t.CreatedAt).with("attempts", s.Tries()).with("retry_limit", limit).
		with("retryable", s.Retryable).with("retries_left", s.Retryable && s.Tries() < limit).with("in_process", s.InProcess).
		with("processed", s.Processed).with("skippable", s.Skippable).with("processed_at", s.ProcessedAt).
		with("last_attempted_at", s.LastAttemptedAt).with("backoff_request_seconds", s.BackoffSeconds).
		with("inputs", read(s.Inputs)).with("results", read(s.Results)).with("created_at", s.CreatedAt).
		with("updated_at", s.UpdatedAt)
	parents := map[int64][]int64{}
	for _, e := range edges {
		parents[e.To] = append(parents[e.To], e.From)
		if e.From == s.ID {
			r.with("child_id", e.To)
		}
	}
	for _, p := range parents[s.ID] {
		r.with("parent_id", p)
	}
	for step := range parents {
		slices.Sort(parents[step])
	}
	for _, step := range slices.Sorted(maps.Keys(parents)) {
		if step != s.ID && slices.Equal(parents[step], parents[s.ID]) {
			r.with("sibling_id", step)
		}
	}
	return r.with("parent_count", len(r["parent_id"])).with("child_count", len(r["child_id"]))
}

func transitionRecord(row workflow.Transition) record {
	r := record{}.with("id", row.ID).with("to_state", row.To).with("sort_key", row.SortKey).with("most_recent", row.MostRecent).
		with("metadata", read(row.Metadata)).with("created_at", row.CreatedAt)
	if row.From != "" {
		r.with("from_state", row.From)
	}
	return r
}

func stepTransitionRecord(row workflow.Transition, s *workflow.Step, all []workflow.Transition) record {
	retry := false
	for _, other := range all {
		retry = retry || (row.To == workflow.Pending && other.OwnerID == row.OwnerID && other.SortKey < row.SortKey && other.To == workflow.Error)
	}
	return transitionRecord(row).with("step_id", s.ID).with("task_id", s.TaskID).with("name", s.Name).with("retry", retry)
}

func workerRecord(w store.WorkerLoad) record {
	r := record{}.with("worker_id", w.ID).with("name", w.Name).with("host", w.Host).with("pid", w.PID).with("language", w.Language).
		with("leases", w.Leases).with("started_at", w.StartedAt).with("heartbeat_at", w.HeartbeatAt)
	for _, id := range w.Routes {
		r.with("route_id", id)
	}
	return r
}
