package engine

import (
	"cmp"
	"context"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// EntryInfo describes a namespace, a dependent system or an annotation type.
type EntryInfo struct {
	// Its id.
	ID int64 `json:"id"`
	// Its name.
	Name string `json:"name"`
	// Its description.
	Description string `json:"description"`
	// When it was created.
	CreatedAt workflow.Instant `json:"created_at"`
	// When it last changed.
	UpdatedAt workflow.Instant `json:"updated_at"`
}

// GetEntryRequest names an entry by id or by name.
type GetEntryRequest struct {
	Call
	// Its id; give this or name.
	ID int64 `json:"id,omitempty"`
	// Its name.
	Name string `json:"name,omitempty"`
}

// ListEntriesRequest selects entries.
type ListEntriesRequest struct {
	Call
	PageRequest
	Selection
}

// ListEntriesReply is a page of entries.
type ListEntriesReply struct {
	// The entries, by id unless asked otherwise.
	Items []EntryInfo `json:"items"`
	// Cursor of the next page, null at the end.
	Next *string `json:"next"`
}

// CreateEntryRequest is an entry to store.
type CreateEntryRequest struct {
	Call
	// Its name, 1 to 64 characters.
	Name string `json:"name"`
	// Its description, at most 255 characters.
	Description string `json:"description,omitempty"`
}

// CreateEntryReply is the entry that is stored now.
type CreateEntryReply struct {
	EntryInfo
	// Whether it was there already; then it is answered as it is.
	Duplicate bool `json:"duplicate"`
}

// UpdateEntryRequest changes the description of an entry. Names stay: templates, handlers and tasks refer to them.
type UpdateEntryRequest struct {
	Call
	// Its id.
	ID int64 `json:"id"`
	// The new description, at most 255 characters; "" removes it.
	Description *string `json:"description,omitempty"`
}

// The kinds of entries that have a name and a description alone.
const (
	NamespaceEntry      = store.Namespace
	SystemEntry         = store.DependentSystem
	AnnotationTypeEntry = store.AnnotationType
)

func entryInfo(e workflow.CatalogueEntry) EntryInfo {
	return EntryInfo{ID: e.ID, Name: e.Name, Description: e.Description, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt}
}

// GetEntry returns a namespace, dependent system or annotation type.
func (e *Engine) GetEntry(ctx context.Context, kind store.CatalogueKind, r GetEntryRequest) (EntryInfo, error) {
	entry, err := e.getEntry(ctx, kind, "", r.ID, workflow.CatalogueEntry{Name: r.Name})
	return entryInfo(entry), err
}

// ListEntries lists namespaces, dependent systems or annotation types.
func (e *Engine) ListEntries(ctx context.Context, kind store.CatalogueKind, r ListEntriesRequest) (ListEntriesReply, error) {
	reply := ListEntriesReply{Items: []EntryInfo{}}
	entries, next, err := e.listEntries(ctx, kind, r.Selection, r.PageRequest, false)
	for _, entry := range entries {
		reply.Items = append(reply.Items, entryInfo(entry))
	}
	reply.Next = next
	return reply, err
}

// CreateEntry stores a namespace, dependent system or annotation type, unless
// there is one of the name.
func (e *Engine) CreateEntry(ctx context.Context, kind store.CatalogueKind, r CreateEntryRequest) (CreateEntryReply, error) {
	if err := cmp.Or(checkLength("name", r.Name, 1, nameMax), checkDescription(&r.Description)); err != nil {
		return CreateEntryReply{}, err
	}
	entry, duplicate, err := e.createEntry(ctx, kind, "", r.CorrelationID,
		workflow.CatalogueEntry{Name: r.Name, Description: r.Description})
	return CreateEntryReply{EntryInfo: entryInfo(entry), Duplicate: duplicate}, err
}

// UpdateEntry changes the description of a namespace, dependent system or
// annotation type.
func (e *Engine) UpdateEntry(ctx context.Context, kind store.CatalogueKind, r UpdateEntryRequest) (EntryInfo, error) {
	entry, err := e.describeEntry(ctx, kind, r)
	return entryInfo(entry), err
}

func (e *Engine) describeEntry(ctx context.Context, kind store.CatalogueKind, r UpdateEntryRequest) (workflow.CatalogueEntry, error) {
	if err := checkDescription(r.Description); err != nil {
		return workflow.CatalogueEntry{}, err
	}
	return e.updateEntry(ctx, kind, r.CorrelationID, r.ID, func(_ *unit, entry *workflow.CatalogueEntry) error {
		if r.Description != nil {
			entry.Description = *r.Description
		}
		return nil
	})
}

// NamedStepInfo describes a named step.
type NamedStepInfo struct {
	EntryInfo
	// The system it belongs to.
	DependentSystem string `json:"dependent_system"`
}

// GetNamedStepRequest names a named step by id, or by name and system.
type GetNamedStepRequest struct {
	GetEntryRequest
	// The system it belongs to, with name. Default "default".
	DependentSystem string `json:"dependent_system,omitempty"`
}

// ListNamedStepsReply is a page of named steps.
type ListNamedStepsReply struct {
	// The named steps, by id unless asked otherwise.
	Items []NamedStepInfo `json:"items"`
	// Cursor of the next page, null at the end.
	Next *string `json:"next"`
}

// CreateNamedStepRequest is a named step to store.
type CreateNamedStepRequest struct {
	Call
	// Its name, 1 to 128 characters.
	Name string `json:"name"`
	// The system it belongs to, which is created if it is not there. Default "default".
	DependentSystem string `json:"dependent_system,omitempty"`
	// Its description, at most 255 characters.
	Description string `json:"description,omitempty"`
}

// CreateNamedStepReply is the named step that is stored now.
type CreateNamedStepReply struct {
	NamedStepInfo
	// Whether it was there already; then it is answered as it is.
	Duplicate bool `json:"duplicate"`
}

// systemDefault is the system of steps that name none, and the namespace of task
// types that name none.
const systemDefault = "default"

func namedStepInfo(e workflow.CatalogueEntry) NamedStepInfo {
	return NamedStepInfo{EntryInfo: entryInfo(e), DependentSystem: e.Parent}
}

// GetNamedStep returns a named step.
func (e *Engine) GetNamedStep(ctx context.Context, r GetNamedStepRequest) (NamedStepInfo, error) {
	entry, err := e.getEntry(ctx, store.NamedStep, store.DependentSystem, r.ID,
		workflow.CatalogueEntry{Name: r.Name, Parent: cmp.Or(r.DependentSystem, systemDefault)})
	return namedStepInfo(entry), err
}

// ListNamedSteps lists named steps.
func (e *Engine) ListNamedSteps(ctx context.Context, r ListEntriesRequest) (ListNamedStepsReply, error) {
	reply := ListNamedStepsReply{Items: []NamedStepInfo{}}
	entries, next, err := e.listEntries(ctx, store.NamedStep, r.Selection, r.PageRequest, false)
	for _, entry := range entries {
		reply.Items = append(reply.Items, namedStepInfo(entry))
	}
	reply.Next = next
	return reply, err
}

// CreateNamedStep stores a named step, unless its system has one of the name.
func (e *Engine) CreateNamedStep(ctx context.Context, r CreateNamedStepRequest) (CreateNamedStepReply, error) {
	system := cmp.Or(r.DependentSystem, systemDefault)
	err := cmp.Or(checkLength("name", r.Name, 1, stepNameMax), checkLength("dependent_system", system, 1, nameMax),
		checkDescription(&r.Description))
	if err != nil {
		return CreateNamedStepReply{}, err
	}
	entry, duplicate, err := e.createEntry(ctx, store.NamedStep, store.DependentSystem, r.CorrelationID,
		workflow.CatalogueEntry{Name: r.Name, Description: r.Description, Parent: system})
	return CreateNamedStepReply{NamedStepInfo: namedStepInfo(entry), Duplicate: duplicate}, err
}

// UpdateNamedStep changes the description of a named step.
func (e *Engine) UpdateNamedStep(ctx context.Context, r UpdateEntryRequest) (NamedStepInfo, error) {
	entry, err := e.describeEntry(ctx, store.NamedStep, r)
	return namedStepInfo(entry), err
}
