package oracle

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Run carries out one drawn sequence of operations on every store and compares
// each with its model after each operation. It returns the first differences, or
// "" when there were none; the operations so far are in the log of r.
func Run(t testing.TB, r *rapid.T, stores ...Store) string {
	s := &scope{TB: t}
	defer s.close()
	m := &machine{r: r}
	for _, kind := range stores {
		m.parties = append(m.parties, newParty(s, kind))
	}
	m.setUp()
	r.Repeat(m.actions())
	m.finish()
	return m.difference
}

// machine draws operations and applies them to the parties.
type machine struct {
	r          *rapid.T
	parties    []*party
	difference string
}

// setUp registers a few drawn task types and one worker.
func (m *machine) setUp() {
	for i := range rapid.IntRange(1, 3).Draw(m.r, "types") {
		kind := drawType(m.r, i)
		m.r.Logf("%s", kind)
		for _, p := range m.parties {
			p.types = append(p.types, kind)
			_, err := p.engines[0].RegisterTemplate(context.Background(), engine.RegisterTemplateRequest{Template: kind.text()})
			require.NoError(p.scope, err)
		}
	}
	m.do(register{})
	for i := range m.parties[0].types {
		m.do(create{tasks: []newTask{{kind: i}}})
	}
}

// drawType draws a task type of one to five steps.
func drawType(r *rapid.T, n int) *taskType {
	kind := &taskType{namespace: rapid.SampledFrom([]string{"left", "right"}).Draw(r, "namespace"), name: fmt.Sprintf("type%d", n),
		serial: rapid.IntRange(0, 3).Draw(r, "serial") == 3, priority: rapid.IntRange(0, 2).Draw(r, "priority")}
	for i := range rapid.IntRange(1, 5).Draw(r, "steps") {
		s := stepType{name: string(rune('a' + i)), retryable: rapid.IntRange(0, 4).Draw(r, "final") < 4,
			limit: rapid.IntRange(0, 4).Draw(r, "limit"), skippable: rapid.Bool().Draw(r, "skippable"),
			timeout: time.Duration(rapid.SampledFrom([]int{300, 5, 20}).Draw(r, "timeout")) * time.Second,
			wait: rapid.SampledFrom([]waitType{{}, {strategy: "none"}, {strategy: "constant", base: 3, most: 9},
				{strategy: "linear", base: 1.5, most: 4}, {strategy: "exponential", base: 0.4, multiplier: 3, most: 10}}).Draw(r, "wait")}
		for p := range i {
			if rapid.IntRange(0, 2).Draw(r, "edge") == 0 {
				s.parents = append(s.parents, p)
			}
		}
		kind.steps = append(kind.steps, s)
	}
	return kind
}

// String is the type for people: what a step says of itself differs from the
// template's defaults.
func (k *taskType) String() string {
	text := fmt.Sprintf("template %s/%s priority %d", k.namespace, k.name, k.priority)
	if k.serial {
		text += " serial"
	}
	for _, s := range k.steps {
		text += fmt.Sprintf("; %s limit %d timeout %s", s.name, s.limit, s.timeout)
		if s.wait.strategy != "" {
			text += fmt.Sprintf(" %s %.1f max %d", s.wait.strategy, s.wait.base, s.wait.most)
		}
		if !s.retryable {
			text += " not retryable"
		}
		for _, p := range s.parents {
			text += " ←" + k.steps[p].name
		}
	}
	return text
}

// text is the type as a template.
func (k *taskType) text() workflow.JSON {
	var steps []map[string]any
	for _, s := range k.steps {
		text := map[string]any{"name": s.name, "default_retryable": s.retryable, "default_retry_limit": s.limit,
			"skippable": s.skippable, "timeout_seconds": int(s.timeout.Seconds())}
		var parents []string
		for _, p := range s.parents {
			parents = append(parents, k.steps[p].name)
		}
		if parents != nil {
			text["depends_on_steps"] = parents
		}
		switch w := s.wait; w.strategy {
		case "":
		case "none":
			text["backoff"] = map[string]any{"strategy": "none"}
		case "exponential":
			text["backoff"] = map[string]any{"strategy": w.strategy, "base_seconds": w.base, "max_seconds": w.most, "jitter": 0.2,
				"multiplier": w.multiplier}
		default:
			text["backoff"] = map[string]any{"strategy": w.strategy, "base_seconds": w.base, "max_seconds": w.most, "jitter": 0.2}
		}
		steps = append(steps, text)
	}
	raw, err := json.Marshal(map[string]any{"name": k.name, "namespace_name": k.namespace, "concurrent": !k.serial,
		"priority": k.priority, "step_templates": steps})
	if err != nil {
		panic(err)
	}
	return raw
}

// tasksMax bounds the tasks of a sequence: few enough that they interfere.
const tasksMax = 5

// actions are the operations by name; a name with a number weighs more.
func (m *machine) actions() map[string]func(*rapid.T) {
	actions := map[string]func(*rapid.T){}
	add := func(name string, weight int, draw func() operation) {
		for i := range weight {
			actions[fmt.Sprintf("%s %d", name, i+1)] = func(*rapid.T) {
				if m.difference == "" {
					m.do(draw())
				}
			}
		}
	}
	add("claim", 6, func() operation { return m.drawClaim() })
	add("report", 8, m.drawReport)
	add("create", 2, m.drawCreate)
	add("release", 1, func() operation { return release{process: m.process(), lease: m.pick()} })
	add("register", 1, func() operation { return register{process: m.process(), namespace: m.space()} })
	add("stop", 1, func() operation { return stop{worker: m.index("worker")} })
	add("beat", 2, func() operation { return beat{process: m.process(), lease: m.pick(), worker: m.index("worker")} })
	add("sweep", 4, func() operation { return sweep{process: m.process()} })
	add("crash", 1, func() operation { return crash{process: m.process()} })
	add("wait", 5, func() operation {
		return wait{by: rapid.SampledFrom([]time.Duration{time.Second, 2 * time.Second, 5 * time.Second, leasePeriod, time.Minute,
			999_999 * time.Microsecond, 6 * time.Minute}).Draw(m.r, "by")}
	})
	add("cancel", 1, func() operation {
		return cancel{task: m.index("task"), process: m.process(), cascade: rapid.Bool().Draw(m.r, "cascade")}
	})
	add("person step", 3, func() operation {
		return personStep{verb: rapid.SampledFrom(personVerbs).Draw(m.r, "verb"), process: m.process(), step: m.index("step"),
			number: rapid.IntRange(0, 4).Draw(m.r, "number"), worker: m.index("worker")}
	})
	add("person task", 2, func() operation {
		return personTask{verb: rapid.SampledFrom(personTaskVerbs).Draw(m.r, "verb"), process: m.process(), task: m.index("task"),
			number: rapid.IntRange(0, 5).Draw(m.r, "number")}
	})
	add("foreign step", 2, func() operation { return foreignStep{step: m.index("step"), target: m.index("target")} })
	add("foreign wait", 1, func() operation { return foreignWait{step: m.index("step")} })
	add("foreign cancel", 1, func() operation { return foreignCancel{task: m.index("task")} })
	return actions
}

func (m *machine) index(label string) int { return rapid.IntRange(0, 11).Draw(m.r, label) }
func (m *machine) process() int           { return rapid.IntRange(0, processes-1).Draw(m.r, "process") }
func (m *machine) pick() pick {
	return pick{n: m.index("lease"), open: rapid.IntRange(0, 3).Draw(m.r, "late") < 3}
}

func (m *machine) space() string {
	return rapid.SampledFrom([]string{"", "", "left", "right"}).Draw(m.r, "namespace")
}

func (m *machine) drawClaim() claim {
	return claim{worker: m.index("worker"), limit: rapid.IntRange(1, 5).Draw(m.r, "limit")}
}

// maybeClaim is a claim with another write, one time in three.
func (m *machine) maybeClaim() *claim {
	if rapid.IntRange(0, 2).Draw(m.r, "claims too") < 2 {
		return nil
	}
	c := m.drawClaim()
	return &c
}

func (m *machine) drawReport() operation {
	r := report{process: m.process(), unknown: rapid.IntRange(0, 9).Draw(m.r, "unknown") == 9, claim: m.maybeClaim()}
	for range rapid.IntRange(1, 3).Draw(m.r, "outcomes") {
		o := outcome{value: rapid.IntRange(0, 5).Draw(m.r, "value")}
		switch rapid.IntRange(0, 7).Draw(m.r, "how") {
		case 5, 6:
			o.failed = true
		case 7:
			o.failed = true
			if o.permanent = rapid.Bool().Draw(m.r, "permanent"); !o.permanent {
				hint := rapid.SampledFrom([]int{0, 7, 120}).Draw(m.r, "retry after")
				o.retryAfter = &hint
			}
		}
		r.leases, r.outcomes = append(r.leases, m.pick()), append(r.outcomes, o)
	}
	return r
}

func (m *machine) drawCreate() operation {
	model := m.parties[0].model
	if len(model.tasks) >= tasksMax {
		m.r.Skip("enough tasks")
	}
	c := create{process: m.process(), refuse: rapid.Bool().Draw(m.r, "refuse"), claim: m.maybeClaim(),
		mistaken: rapid.IntRange(0, 9).Draw(m.r, "mistaken") == 9}
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(m.r, "tasks") {
		n := newTask{kind: rapid.IntRange(0, len(model.types)-1).Draw(m.r, "type"),
			key: rapid.SampledFrom([]string{"", "", "k1", "k2"}).Draw(m.r, "key")}
		if rapid.IntRange(0, 3).Draw(m.r, "bypasses") == 3 {
			n.bypass = rapid.IntRange(1, 31).Draw(m.r, "bypass")
		}
		if rapid.IntRange(0, 4).Draw(m.r, "later") == 4 {
			n.startIn = time.Duration(rapid.SampledFrom([]int{1, 4, 30}).Draw(m.r, "start")) * time.Second
		}
		if rapid.IntRange(0, 3).Draw(m.r, "urgent") == 3 {
			priority := rapid.IntRange(-1, 3).Draw(m.r, "priority")
			n.priority = &priority
		}
		c.tasks = append(c.tasks, n)
	}
	return c
}

// do applies one operation to every party and compares.
func (m *machine) do(op operation) {
	for _, p := range m.parties {
		p.problems = nil
		text := op.apply(p)
		if p == m.parties[0] {
			m.r.Logf("%s", text)
		}
		if problems := slices.Concat(p.problems, p.check(!p.Sparing)); len(problems) > 0 {
			m.difference = fmt.Sprintf("%s differs from the design after: %s\n    %s", p.Name, text, strings.Join(problems, "\n    "))
			return
		}
	}
}

// finish compares once more whatever a sparing party left out, and asks the
// invariants of each database.
func (m *machine) finish() {
	for _, p := range m.parties {
		if problems := append(p.check(true), p.violations()...); m.difference == "" && len(problems) > 0 {
			m.difference = fmt.Sprintf("%s differs from the design in the end\n    %s", p.Name, strings.Join(problems, "\n    "))
		}
	}
}

// fullEvery is how often a sparing party reads everything, in operations.
const fullEvery = 8

// check compares what can be observed with the model: of every task, or of those
// that should have changed.
func (p *party) check(full bool) []string {
	p.rounds++
	tasks := p.tasks
	if !full && p.rounds%fullEvery != 0 {
		tasks = p.changed()
	}
	seen := p.observe(tasks)
	p.follow(seen, tasks)
	p.expected = p.expect()
	wanted := expectation{}
	for name, values := range p.expected {
		about, _, _ := strings.Cut(strings.Split(name, " ")[0], ".")
		if about[0] != 'T' || slices.ContainsFunc(tasks, func(t *task) bool { return t.String() == about }) {
			wanted[name] = values
		}
	}
	return wanted.compare(seen)
}

// changed are the tasks of which something else is expected than before, and
// those that the engine may mend at any time.
func (p *party) changed() []*task {
	moved := map[string]bool{}
	for name, values := range p.expect() {
		if !slices.Equal(values, p.expected[name]) || p.expected == nil {
			about, _, _ := strings.Cut(strings.Split(name, " ")[0], ".")
			moved[about] = true
		}
	}
	var tasks []*task
	for _, t := range p.tasks {
		if t.dirty || moved[t.String()] {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// follow lets the model reconcile the dirty tasks that the engine took off the
// list by itself: a claim does so with a task whose rows it tried, whether it got
// something of it or not (section 6). What came of it must follow from the truth.
func (p *party) follow(seen map[string]string, tasks []*task) {
	for _, t := range tasks {
		if t.dirty && seen[t.String()+" dirty"] == "false" {
			p.reconcile(t)
		}
	}
}
