package engine

import (
	"context"

	"github.com/tasker-systems/tasker-core-go/core/query"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// ListTemplates lists registered templates, by id unless asked otherwise.
func (e *Engine) ListTemplates(ctx context.Context, r ListTemplatesRequest) (ListTemplatesReply, error) {
	reply := ListTemplatesReply{Items: []TemplateInfo{}}
	var l listing
	l.text("namespace", "namespace", r.Namespace)
	l.text("name", "name", r.Name)
	q, err := l.parse(&query.NamedTasks, r.Selection, r.PageRequest, "", "asc")
	if err != nil {
		return reply, err
	}
	err = e.Store.Read(ctx, func(reader store.Reader) error {
		types, next, err := namedTaskPage(ctx, reader, q, r.Latest)
		if err != nil {
			return err
		}
		ids := make([]int64, len(types))
		for i := range types {
			ids[i] = types[i].ID
		}
		if err := e.catalog.ensure(ctx, reader, ids); err != nil {
			return err
		}
		for _, id := range ids {
			reply.Items = append(reply.Items, e.catalog.get(id).info())
		}
		reply.Next = next
		return nil
	})
	return reply, err
}

// namedTaskPage reads a page of task types, on request only the greatest version
// of each.
func namedTaskPage(ctx context.Context, r store.Reader, q query.Query, latest bool) ([]workflow.NamedTask, *string, error) {
	var more []query.Condition
	if latest {
		var err error
		if more, err = latestVersions(ctx, r, q.Entity); err != nil {
			return nil, nil, err
		}
	}
	return page(ctx, r, q, more, func(ctx context.Context, ids []int64) ([]workflow.NamedTask, error) {
		return r.NamedTaskList(ctx, store.NamedTaskFilter{IDs: ids, Page: store.Page{Limit: store.MaxPage}})
	}, func(t *workflow.NamedTask) int64 { return t.ID })
}

// latestVersions returns the condition that a task type is the greatest version
// of its name by semantic order, which is not the order of texts: 0.10.0 comes
// after 0.9.0.
func latestVersions(ctx context.Context, r store.Reader, types *query.Entity) ([]query.Condition, error) {
	versions, err := r.NamedTaskVersions(ctx)
	if err != nil {
		return nil, err
	}
	latest := map[store.NamedTaskKey]store.NamedTaskVersion{}
	for _, v := range versions {
		kind := store.NamedTaskKey{Namespace: v.Namespace, Name: v.Name}
		if known, ok := latest[kind]; !ok || template.CompareVersions(v.Version, known.Version) > 0 {
			latest[kind] = v
		}
	}
	condition := query.Condition{Field: types.Field(types.Key), Operator: query.In}
	for _, v := range latest {
		condition.Values = append(condition.Values, query.Value{Integer: v.ID})
	}
	return []query.Condition{condition}, nil
}
