package engine

import (
	"cmp"
	"context"
	"regexp"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// NamedTaskInfo describes a task type.
type NamedTaskInfo struct {
	EntryInfo
	// Its namespace.
	Namespace string `json:"namespace"`
	// Its version.
	Version string `json:"version"`
	// Its configuration: the template, if it was registered as one.
	Configuration workflow.JSON `json:"configuration"`
}

// GetNamedTaskRequest names a task type by id, or by namespace, name and version.
type GetNamedTaskRequest struct {
	GetEntryRequest
	// Its namespace, with name. Default "default".
	Namespace string `json:"namespace,omitempty"`
	// Its version, with name; absent: the greatest.
	Version string `json:"version,omitempty"`
}

// ListNamedTasksRequest selects task types.
type ListNamedTasksRequest struct {
	ListEntriesRequest
	// Only the greatest version of each, by the order of semantic versions. Default false.
	Latest bool `json:"latest,omitempty"`
}

// ListNamedTasksReply is a page of task types.
type ListNamedTasksReply struct {
	// The task types, by id unless asked otherwise.
	Items []NamedTaskInfo `json:"items"`
	// Cursor of the next page, null at the end.
	Next *string `json:"next"`
}

// CreateNamedTaskRequest is a task type to store without a template.
type CreateNamedTaskRequest struct {
	Call
	// Its name, 1 to 64 characters.
	Name string `json:"name"`
	// Its namespace, which is created if it is not there. Default "default".
	Namespace string `json:"namespace,omitempty"`
	// Its version, three numbers with dots. Default "0.1.0".
	Version string `json:"version,omitempty"`
	// Its description, at most 255 characters.
	Description string `json:"description,omitempty"`
	// Its configuration, an object. Default {}.
	Configuration workflow.JSON `json:"configuration,omitempty"`
}

// CreateNamedTaskReply is the task type that is stored now.
type CreateNamedTaskReply struct {
	NamedTaskInfo
	// Whether it was there already; then it is answered as it is.
	Duplicate bool `json:"duplicate"`
}

// UpdateNamedTaskRequest changes what describes a task type.
type UpdateNamedTaskRequest struct {
	UpdateEntryRequest
	// Keys to merge into the configuration, at any depth. A registered template is changed by template_register instead.
	Configuration workflow.JSON `json:"configuration,omitempty"`
}

// versionDefault is the version of a task type that names none.
const versionDefault = "0.1.0"

// versionForm is what the Rails engine takes for a version.
var versionForm = regexp.MustCompile(`^\d+\.\d+\.\d+$`)

func namedTaskInfo(e workflow.CatalogueEntry) NamedTaskInfo {
	return NamedTaskInfo{EntryInfo: entryInfo(e), Namespace: e.Parent, Version: e.Version, Configuration: e.Configuration}
}

// GetNamedTask returns a task type.
func (e *Engine) GetNamedTask(ctx context.Context, r GetNamedTaskRequest) (NamedTaskInfo, error) {
	key := workflow.CatalogueEntry{Name: r.Name, Parent: cmp.Or(r.Namespace, systemDefault), Version: r.Version}
	if r.ID == 0 && r.Name != "" && r.Version == "" {
		err := e.Store.Read(ctx, func(reader store.Reader) (err error) {
			key.Version, err = latestVersion(ctx, reader, key.Parent, key.Name)
			return err
		})
		if err != nil {
			return NamedTaskInfo{}, err
		}
	}
	entry, err := e.getEntry(ctx, store.NamedTask, store.Namespace, r.ID, key)
	return namedTaskInfo(entry), err
}

// ListNamedTasks lists task types.
func (e *Engine) ListNamedTasks(ctx context.Context, r ListNamedTasksRequest) (ListNamedTasksReply, error) {
	reply := ListNamedTasksReply{Items: []NamedTaskInfo{}}
	entries, next, err := e.listEntries(ctx, store.NamedTask, r.Selection, r.PageRequest, r.Latest)
	for _, entry := range entries {
		reply.Items = append(reply.Items, namedTaskInfo(entry))
	}
	reply.Next = next
	return reply, err
}

// CreateNamedTask stores a task type, unless its namespace has one of the name
// and version. Tasks need a template; this is for engines that keep their own.
func (e *Engine) CreateNamedTask(ctx context.Context, r CreateNamedTaskRequest) (CreateNamedTaskReply, error) {
	entry := workflow.CatalogueEntry{Name: r.Name, Description: r.Description, Parent: cmp.Or(r.Namespace, systemDefault),
		Version: cmp.Or(r.Version, versionDefault), Configuration: r.Configuration.Or("{}")}
	err := cmp.Or(checkLength("name", r.Name, 1, nameMax), checkLength("namespace", entry.Parent, 1, nameMax),
		checkLength("version", entry.Version, 1, 16), checkVersion(entry.Version), checkDescription(&r.Description),
		checkObject("configuration", entry.Configuration))
	if err != nil {
		return CreateNamedTaskReply{}, err
	}
	stored, duplicate, err := e.createEntry(ctx, store.NamedTask, store.Namespace, r.CorrelationID, entry)
	return CreateNamedTaskReply{NamedTaskInfo: namedTaskInfo(stored), Duplicate: duplicate}, err
}

func checkVersion(version string) error {
	if !versionForm.MatchString(version) {
		return fault.New(fault.InvalidRequest, "version is %.40q", version).At("version").Advise("Write three numbers, such as 1.0.0.")
	}
	return nil
}

func checkObject(path string, value workflow.JSON) error {
	if !value.IsObject() {
		return fault.New(fault.InvalidRequest, "%s is not an object", path).At(path).Advise("Send a JSON object.")
	}
	return nil
}

// UpdateNamedTask changes the description of a task type and merges keys into
// its configuration, unless that is a template: what runs must not change by
// halves.
func (e *Engine) UpdateNamedTask(ctx context.Context, r UpdateNamedTaskRequest) (NamedTaskInfo, error) {
	if len(r.Configuration) > 0 {
		if err := checkObject("configuration", r.Configuration); err != nil {
			return NamedTaskInfo{}, err
		}
	}
	if err := checkDescription(r.Description); err != nil {
		return NamedTaskInfo{}, err
	}
	entry, err := e.updateEntry(ctx, store.NamedTask, r.CorrelationID, r.ID, func(_ *unit, entry *workflow.CatalogueEntry) error {
		if r.Description != nil {
			entry.Description = *r.Description
		}
		if len(r.Configuration) == 0 {
			return nil
		}
		if _, err := template.FromJSON(entry.Configuration); err == nil {
			return fault.New(fault.Conflict, "the configuration of task type %d is a template", entry.ID).At("configuration").
				Advise("Change it with template_register and replace.")
		}
		base := entry.Configuration
		if !base.IsObject() { // the default of the column is a JSON string, which means none
			base = workflow.JSON("{}")
		}
		entry.Configuration = workflow.Merged(base, r.Configuration)
		return nil
	})
	return namedTaskInfo(entry), err
}

// ObjectMapInfo says that two systems know the same object by two names.
type ObjectMapInfo struct {
	// Its id.
	ID int64 `json:"id"`
	// The first system.
	SystemOne string `json:"system_one"`
	// What the first system calls the object.
	RemoteIDOne string `json:"remote_id_one"`
	// The second system.
	SystemTwo string `json:"system_two"`
	// What the second system calls it.
	RemoteIDTwo string `json:"remote_id_two"`
	// When it was created.
	CreatedAt workflow.Instant `json:"created_at"`
	// When it last changed.
	UpdatedAt workflow.Instant `json:"updated_at"`
}

// GetObjectMapRequest names an object map.
type GetObjectMapRequest struct {
	Call
	// Its id. By what it holds it is found with object_map_list.
	ID int64 `json:"id"`
}

// ListObjectMapsReply is a page of object maps.
type ListObjectMapsReply struct {
	// The object maps, by id unless asked otherwise.
	Items []ObjectMapInfo `json:"items"`
	// Cursor of the next page, null at the end.
	Next *string `json:"next"`
}

// CreateObjectMapRequest is an object map to store.
type CreateObjectMapRequest struct {
	Call
	// The first system, which must be there.
	SystemOne string `json:"system_one"`
	// What it calls the object, 1 to 128 characters.
	RemoteIDOne string `json:"remote_id_one"`
	// The second system, which must be there.
	SystemTwo string `json:"system_two"`
	// What it calls the object, 1 to 128 characters.
	RemoteIDTwo string `json:"remote_id_two"`
}

// CreateObjectMapReply is the object map that is stored now.
type CreateObjectMapReply struct {
	ObjectMapInfo
	// Whether it was there already, in either order; then it is answered as it is.
	Duplicate bool `json:"duplicate"`
}

// UpdateObjectMapRequest changes what the systems of an object map call the object.
type UpdateObjectMapRequest struct {
	Call
	// Its id.
	ID int64 `json:"id"`
	// What the first system calls the object from now on; absent: as before.
	RemoteIDOne string `json:"remote_id_one,omitempty"`
	// What the second system calls it from now on; absent: as before.
	RemoteIDTwo string `json:"remote_id_two,omitempty"`
}

func objectMapInfo(e workflow.CatalogueEntry) ObjectMapInfo {
	return ObjectMapInfo{ID: e.ID, SystemOne: e.Parent, RemoteIDOne: e.RemoteOne, SystemTwo: e.Other, RemoteIDTwo: e.RemoteTwo,
		CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt}
}

// GetObjectMap returns an object map.
func (e *Engine) GetObjectMap(ctx context.Context, r GetObjectMapRequest) (info ObjectMapInfo, err error) {
	err = e.Store.Read(ctx, func(reader store.Reader) error {
		entry, err := entryByID(ctx, reader, store.ObjectMap, r.ID, "id")
		info = objectMapInfo(entry)
		return err
	})
	return info, err
}

// ListObjectMaps lists object maps.
func (e *Engine) ListObjectMaps(ctx context.Context, r ListEntriesRequest) (ListObjectMapsReply, error) {
	reply := ListObjectMapsReply{Items: []ObjectMapInfo{}}
	entries, next, err := e.listEntries(ctx, store.ObjectMap, r.Selection, r.PageRequest, false)
	for _, entry := range entries {
		reply.Items = append(reply.Items, objectMapInfo(entry))
	}
	reply.Next = next
	return reply, err
}

// CreateObjectMap stores an object map, unless there is one with the same
// systems and names in either order.
func (e *Engine) CreateObjectMap(ctx context.Context, r CreateObjectMapRequest) (reply CreateObjectMapReply, err error) {
	err = cmp.Or(checkLength("remote_id_one", r.RemoteIDOne, 1, remoteMax), checkLength("remote_id_two", r.RemoteIDTwo, 1, remoteMax),
		checkLength("system_one", r.SystemOne, 1, nameMax), checkLength("system_two", r.SystemTwo, 1, nameMax))
	if err != nil {
		return reply, err
	}
	err = e.write(ctx, r.CorrelationID, func(u *unit) error {
		entry := workflow.CatalogueEntry{RemoteOne: r.RemoteIDOne, RemoteTwo: r.RemoteIDTwo}
		if entry.ParentID, err = u.system("system_one", r.SystemOne); err != nil {
			return err
		}
		if entry.OtherID, err = u.system("system_two", r.SystemTwo); err != nil {
			return err
		}
		id, existed, err := u.entry(store.ObjectMap, entry)
		if err != nil {
			return err
		}
		entry, err = entryByID(u.ctx, u.tx, store.ObjectMap, id, "id")
		reply = CreateObjectMapReply{ObjectMapInfo: objectMapInfo(entry), Duplicate: existed}
		return err
	})
	return reply, err
}

// system returns the id of a dependent system that must be there.
func (u *unit) system(path, name string) (int64, error) {
	id, err := u.tx.CatalogueIdentify(u.ctx, store.DependentSystem, workflow.CatalogueEntry{Name: name})
	if err == nil && id == 0 {
		return 0, entryNotFound(store.DependentSystem, path)
	}
	return id, err
}

// UpdateObjectMap changes the remote ids of an object map.
func (e *Engine) UpdateObjectMap(ctx context.Context, r UpdateObjectMapRequest) (ObjectMapInfo, error) {
	err := cmp.Or(checkLength("remote_id_one", r.RemoteIDOne, 0, remoteMax), checkLength("remote_id_two", r.RemoteIDTwo, 0, remoteMax))
	if err != nil {
		return ObjectMapInfo{}, err
	}
	entry, err := e.updateEntry(ctx, store.ObjectMap, r.CorrelationID, r.ID, func(u *unit, entry *workflow.CatalogueEntry) error {
		entry.RemoteOne, entry.RemoteTwo = cmp.Or(r.RemoteIDOne, entry.RemoteOne), cmp.Or(r.RemoteIDTwo, entry.RemoteTwo)
		other, err := u.tx.CatalogueIdentify(u.ctx, store.ObjectMap, *entry)
		if err == nil && other != 0 && other != entry.ID {
			return fault.New(fault.Duplicate, "object map %d says the same already", other).At("id").With("id", other).
				Advise("Use that one.")
		}
		return err
	})
	return objectMapInfo(entry), err
}
