package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// newTask is one task of a creation as drawn.
type newTask struct {
	kind     int
	bypass   int // bits by step; only those of skippable steps are asked for
	startIn  time.Duration
	priority *int
	key      string
}

// create is task_create, or task_create_many when it has several tasks.
type create struct {
	process  int
	tasks    []newTask
	refuse   bool // on_duplicate: error
	mistaken bool // the last task asks to bypass a step that may not be skipped
	claim    *claim
}

// bypassed reports whether the task asks to bypass the step.
func (n *newTask) bypassed(kind *taskType, i int) bool {
	return n.bypass>>i&1 == 1 && kind.steps[i].skippable
}

func (p *party) request(n *newTask, refuse bool) engine.NewTask {
	kind := p.types[n.kind]
	r := engine.NewTask{Name: kind.name, Namespace: kind.namespace, Context: workflow.JSON(`{"n":1}`), Priority: n.priority,
		IdentityKey: n.key}
	if n.startIn > 0 {
		r.StartAt = at(p.now.Add(n.startIn))
	}
	for i := range kind.steps {
		if n.bypassed(kind, i) {
			r.BypassSteps = append(r.BypassSteps, kind.steps[i].name)
		}
	}
	if refuse {
		r.OnDuplicate = "error"
	}
	return r
}

// withKey finds the task with the key, in the model.
func (m *model) withKey(n *newTask) *task {
	if n.key == "" {
		return nil
	}
	i := slices.IndexFunc(m.tasks, func(t *task) bool { return t.key == n.key && t.kind == m.types[n.kind] })
	if i < 0 {
		return nil
	}
	return m.tasks[i]
}

// add creates a task in the model (D12: bypassed steps are resolved at once).
func (m *model) add(n *newTask) *task {
	kind := m.types[n.kind]
	t := &task{n: len(m.tasks) + 1, kind: kind, key: n.key, priority: kind.priority, created: m.now}
	if n.priority != nil {
		t.priority = *n.priority
	}
	if n.startIn > 0 {
		t.startAt = m.now.Add(n.startIn)
	}
	for i := range kind.steps {
		s := &step{task: t, kind: &kind.steps[i], retryable: kind.steps[i].retryable, results: "{}"}
		if n.bypassed(kind, i) {
			s.enter(workflow.ResolvedManually, m.now, "core", "bypass_steps")
		}
		t.steps = append(t.steps, s)
	}
	m.tasks = append(m.tasks, t)
	if t.done() { // every step is bypassed
		m.completeTask(t)
	}
	return t
}

func (c create) apply(p *party) string {
	r := engine.CreateTasksRequest{}
	for i := range c.tasks {
		r.Tasks = append(r.Tasks, p.request(&c.tasks[i], c.refuse))
	}
	text := "create " + c.describe(p.model)
	if c.mistaken {
		r.Tasks[len(r.Tasks)-1].BypassSteps = []string{"nowhere"}
		_, err := p.engines[c.process].CreateTasks(ctx(), r)
		p.allow("a creation with a wrong bypass", fault.KindOf(err), fault.InvalidRequest)
		return text + ", with a step to bypass that does not exist"
	}
	var w *worker
	if c.claim != nil {
		w = p.worker(c.claim.worker)
		r.Claim = &engine.ClaimRequest{WorkerID: p.workerIDs[w], Limit: c.claim.limit}
		c.process = w.process
		text += fmt.Sprintf(", claim %d for %s", c.claim.limit, w)
	}
	reply, err := p.engines[c.process].CreateTasks(ctx(), r)
	if c.refuse && c.duplicates(p.model) {
		p.allow("a creation that refuses duplicates", fault.KindOf(err), fault.Duplicate)
		return text + " → duplicate"
	}
	if err != nil {
		p.differ("the creation failed: %v", err)
		return text
	}
	p.created(c, reply)
	if w != nil {
		text += " → " + p.claimedAlong(w, c.claim.limit, reply.Claimed, reply.ClaimProblem)
	}
	return text
}

// duplicates reports whether one of the tasks exists already or twice.
func (c create) duplicates(m *model) bool {
	for i := range c.tasks {
		twice := slices.ContainsFunc(c.tasks[:i], func(o newTask) bool { return o.key != "" && o.key == c.tasks[i].key && o.kind == c.tasks[i].kind })
		if twice || m.withKey(&c.tasks[i]) != nil {
			return true
		}
	}
	return false
}

// created takes the answer into the model.
func (p *party) created(c create, reply engine.CreateTasksReply) {
	for i := range c.tasks {
		item := reply.Items[i]
		existing := p.withKey(&c.tasks[i])
		p.allow(fmt.Sprintf("duplicate of task %d", i+1), item.Duplicate, existing != nil)
		if existing != nil {
			p.allow(fmt.Sprintf("id of task %d", i+1), item.TaskID, p.taskIDs[existing])
			continue
		}
		t := p.add(&c.tasks[i])
		p.taskIDs[t] = item.TaskID
		found, err := p.engines[0].GetTask(ctx(), engine.GetTaskRequest{TaskID: item.TaskID, Include: []string{"steps"}})
		require.NoError(p.scope, err)
		for _, info := range found.Steps {
			for _, s := range t.steps {
				if s.kind.name == info.Name {
					p.steps[info.StepID], p.stepIDs[s] = s, info.StepID
				}
			}
		}
	}
}

func (c create) describe(m *model) string {
	var texts []string
	for _, n := range c.tasks {
		kind := m.types[n.kind]
		text := kind.namespace + "/" + kind.name
		for i := range kind.steps {
			if n.bypassed(kind, i) {
				text += " without " + kind.steps[i].name
			}
		}
		if n.startIn > 0 {
			text += " in " + n.startIn.String()
		}
		if n.priority != nil {
			text += fmt.Sprintf(" priority %d", *n.priority)
		}
		if n.key != "" {
			text += " key " + n.key
		}
		texts = append(texts, text)
	}
	if c.refuse {
		texts = append(texts, "refusing duplicates")
	}
	return strings.Join(texts, ", ")
}
