package engine

import (
	"slices"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// routesTrust is how long a worker's routes are used before templates that
// other processes registered are looked for.
const routesTrust = 2 * time.Second

// workers are the workers that this engine registered.
type workers struct {
	mu   sync.Mutex // guards byID and generation; never held across a store call
	byID map[int64]*registered
	// generation grows with every template registered here, so that its routes
	// are found at once.
	generation int
}

// registered is one worker with its patterns and the routes they match.
type registered struct {
	workflow.Worker
	handlers   []HandlerMatch
	generation int
	resolved   time.Time
	stamp      store.RouteStamp // of the routes that were matched
}

func newWorkers() *workers { return &workers{byID: map[int64]*registered{}} }

// add takes in a worker that the store knows under its id.
func (w *workers) add(worker workflow.Worker, handlers []HandlerMatch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byID[worker.ID] = &registered{Worker: worker, handlers: handlers, generation: w.generation, resolved: time.Now()}
}

// remove forgets a worker.
func (w *workers) remove(id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.byID, id)
}

// all returns the workers as they are to be written, by id.
func (w *workers) all() []workflow.Worker {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]workflow.Worker, 0, len(w.byID))
	for _, r := range w.byID {
		list = append(list, r.Worker)
	}
	slices.SortFunc(list, func(a, b workflow.Worker) int { return int(a.ID - b.ID) })
	return list
}

// has reports whether a worker is of this engine.
func (w *workers) has(id int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.byID[id] != nil
}

// routes returns what a worker claims; nil when it is not registered here.
func (w *workers) routes(id int64) []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.byID[id]; r != nil {
		return r.Routes
	}
	return nil
}

// allRoutes returns what the workers of this engine claim together.
func (w *workers) allRoutes() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var routes []int64
	for _, r := range w.byID {
		routes = append(routes, r.Routes...)
	}
	slices.Sort(routes)
	return slices.Compact(routes)
}

// stale reports whether a worker's routes should be matched again, and whether
// it is registered at all.
func (w *workers) stale(id int64) (stale, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.byID[id]
	if r == nil {
		return false, false
	}
	return r.generation != w.generation || time.Since(r.resolved) > routesTrust, true
}

// confirm trusts a worker's routes for another while when no route was added, and
// reports whether that is so.
func (w *workers) confirm(id int64, stamp store.RouteStamp) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.byID[id]
	if r == nil || r.stamp != stamp {
		return false
	}
	r.generation, r.resolved = w.generation, time.Now()
	return true
}

// resolve matches a worker's patterns against all routes.
func (w *workers) resolve(id int64, names []store.RouteName, stamp store.RouteStamp) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.byID[id]; r != nil {
		r.Routes = matchRoutes(r.handlers, names)
		r.generation, r.resolved, r.stamp = w.generation, time.Now(), stamp
	}
}

// bump makes every worker's routes stale.
func (w *workers) bump() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.generation++
}

// matchRoutes returns the routes that some pattern matches; never nil.
func matchRoutes(handlers []HandlerMatch, names []store.RouteName) []int64 {
	routes := []int64{}
	for _, name := range names {
		if slices.ContainsFunc(handlers, func(h HandlerMatch) bool { return h.matches(name) }) {
			routes = append(routes, name.RouteID)
		}
	}
	return routes
}

func (h HandlerMatch) matches(name store.RouteName) bool {
	return (h.Namespace == "" || h.Namespace == name.Task.Namespace) && (h.Task == "" || h.Task == name.Task.Name) &&
		(h.Version == "" || h.Version == name.Task.Version) && (h.Step == "" || h.Step == name.Step)
}
