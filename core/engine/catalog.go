package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/backoff"
	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// catalogTrust is how long running steps may use a template before its stamp is
// compared again, so that a replacement by another process is seen. Creating a
// task always compares.
const catalogTrust = 2 * time.Second

// handlerTimeoutDefault is the deadline of a handler whose template is missing
// (a foreign task type): the same as the template's default.
const handlerTimeoutDefault = 300

// catalog keeps parsed templates by task type.
type catalog struct {
	mu      sync.Mutex // guards entries; never held across a store call
	entries map[int64]*catalogEntry
}

// catalogEntry is a task type as it was read; it is immutable but for checked,
// which the catalogue's mutex guards.
type catalogEntry struct {
	workflow.NamedTask
	template *template.Template // nil when the configuration is not a template
	routes   map[string]workflow.Route
	steps    map[string]template.Step
	plain    []plannedStep // of a task that bypasses nothing
	checked  time.Time
}

func newCatalog() *catalog { return &catalog{entries: map[int64]*catalogEntry{}} }

// forget drops every entry; they are loaded again when they are needed.
func (c *catalog) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
}

// get returns an entry, nil when it was never loaded.
func (c *catalog) get(id int64) *catalogEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[id]
}

// ensure loads the task types that are missing or not trusted any more.
func (c *catalog) ensure(ctx context.Context, r store.Reader, ids []int64) error {
	missing := c.missing(ids)
	if len(missing) == 0 {
		return nil
	}
	return c.load(ctx, r, missing)
}

// missing returns those of the task types that are to be read, each once.
func (c *catalog) missing(ids []int64) (missing []int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if e := c.entries[id]; (e == nil || time.Since(e.checked) > catalogTrust) && !slices.Contains(missing, id) {
			missing = append(missing, id)
		}
	}
	barrier.Point("catalog.missing")
	return missing
}

// load reads task types, but for those that it knows and that have not changed.
func (c *catalog) load(ctx context.Context, r store.Reader, ids []int64) error {
	ids, err := c.confirm(ctx, r, ids)
	if err != nil || len(ids) == 0 {
		return err
	}
	tasks, err := r.NamedTaskList(ctx, store.NamedTaskFilter{IDs: ids, Page: store.Page{Limit: store.MaxPage}})
	if err != nil {
		return err
	}
	routes, err := r.RouteList(ctx, ids)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, task := range tasks {
		if known := c.entries[task.ID]; known != nil && known.UpdatedAt == task.UpdatedAt {
			known.checked = time.Now()
			continue
		}
		c.entries[task.ID] = newEntry(task, routes)
	}
	return nil
}

// confirm compares the stamps of the task types that are known and returns the
// others: a template of ten thousand steps is not read every other second while
// its task is locked.
func (c *catalog) confirm(ctx context.Context, r store.Reader, ids []int64) (others []int64, err error) {
	var keys []store.NamedTaskKey
	for _, id := range ids {
		if e := c.get(id); e != nil {
			keys = append(keys, store.NamedTaskKey{Namespace: e.Namespace, Name: e.Name, Version: e.Version})
		}
	}
	if len(keys) == 0 {
		return ids, nil
	}
	stamps, err := r.NamedTaskFind(ctx, keys, false)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	current := map[int64]bool{}
	for _, stamp := range stamps {
		if e := c.entries[stamp.ID]; e != nil && e.UpdatedAt == stamp.UpdatedAt {
			e.checked, current[stamp.ID] = time.Now(), true
		}
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return current[id] }), nil
}

func newEntry(task workflow.NamedTask, routes []workflow.Route) *catalogEntry {
	entry := &catalogEntry{NamedTask: task, routes: map[string]workflow.Route{}, steps: map[string]template.Step{}, checked: time.Now()}
	for _, route := range routes {
		if route.NamedTaskID == task.ID {
			entry.routes[route.StepName] = route
		}
	}
	if parsed, err := template.FromJSON(task.Configuration); err == nil {
		entry.template = parsed
		for _, step := range parsed.Steps {
			entry.steps[step.Name] = step
		}
		entry.plain = planSteps(entry, nil)
	}
	return entry
}

// step returns what the template says about a step; the zero step when there is
// no template.
func (c *catalog) step(namedTask int64, name string) template.Step {
	if entry := c.get(namedTask); entry != nil {
		return entry.steps[name]
	}
	return template.Step{}
}

// retryable returns what the template says about a step's re-tries, which a
// permanent failure overwrites on the step itself (D2).
func (c *catalog) retryable(namedTask int64, step *workflow.Step) bool {
	if entry := c.get(namedTask); entry != nil {
		if route, known := entry.routes[step.Name]; known {
			return route.Retryable
		}
	}
	return true
}

// backoff returns the retry curve of a step. A wait that a server asked for is
// taken as it is, up to what a report may carry.
func (c *catalog) backoff(namedTask int64, name string) backoff.Policy {
	step := c.step(namedTask, name)
	policy := step.Policy(backoff.Default())
	policy.HintMaxSeconds = retryAfterMax
	return policy
}

// timeoutSeconds returns the deadline of a step's handler.
func (c *catalog) timeoutSeconds(namedTask int64, name string) int {
	if seconds := c.step(namedTask, name).TimeoutSeconds; seconds > 0 {
		return seconds
	}
	return handlerTimeoutDefault
}

// find returns the current entries of task types by key, loading what changed.
// A key that does not exist is absent.
func (c *catalog) find(ctx context.Context, r store.Reader, keys []store.NamedTaskKey) (map[store.NamedTaskKey]*catalogEntry, error) {
	stamps, err := r.NamedTaskFind(ctx, keys, false)
	if err != nil {
		return nil, err
	}
	var stale []int64
	for _, stamp := range stamps {
		if known := c.get(stamp.ID); known == nil || known.UpdatedAt != stamp.UpdatedAt {
			stale = append(stale, stamp.ID)
		}
	}
	if len(stale) > 0 {
		if err := c.load(ctx, r, stale); err != nil {
			return nil, err
		}
	}
	found := make(map[store.NamedTaskKey]*catalogEntry, len(stamps))
	for _, stamp := range stamps {
		found[store.NamedTaskKey{Namespace: stamp.Namespace, Name: stamp.Name, Version: stamp.Version}] = c.get(stamp.ID)
	}
	return found, nil
}

// latestVersion returns the greatest registered version by semantic order.
func latestVersion(ctx context.Context, r store.Reader, namespace, name string) (string, error) {
	latest, after := "", int64(0)
	for {
		page, err := r.NamedTaskList(ctx, store.NamedTaskFilter{Namespace: &namespace, Name: &name,
			Page: store.Page{After: after, Limit: store.MaxPage}})
		if err != nil {
			return "", err
		}
		for _, task := range page {
			if latest == "" || template.CompareVersions(task.Version, latest) > 0 {
				latest = task.Version
			}
			after = task.ID
		}
		if len(page) < store.MaxPage {
			break
		}
	}
	if latest == "" {
		return "", templateNotFound(namespace, name, "")
	}
	return latest, nil
}

// templateNotFound names the task type that does not exist, whole.
func templateNotFound(namespace, name, version string) error {
	label := namespace + "/" + name
	if version != "" {
		label += " version " + version
	}
	return fault.New(fault.NotFound, "no template %s is registered", label).At("name").
		With("namespace", namespace).With("name", name).With("version", version).
		Advise("Register it with template_register; template_list shows what is there.")
}
