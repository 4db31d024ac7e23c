package template

import (
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// plan is what a schema says about defaults, prepared for filling. Plans form a
// graph as their schemas do: a schema may contain itself.
type plan struct {
	properties []planned // in the order of the schema
	also       []*plan   // of $ref and allOf: they judge the same value
	prefix     []*plan   // of the first elements of a list
	items      *plan     // of the other elements
	others     *plan     // of keys that no property names
}

// planned is one property of a plan.
type planned struct {
	name     string
	value    *plan
	fallback *node // the default, nil when there is none
}

// planner builds plans; its memory ends recursion.
type planner struct {
	schema   *schema
	done     map[*jsonschema.Schema]*plan
	defaults int
}

// planFor prepares the defaults of a schema, nil when it has none.
func planFor(s *schema) *plan {
	b := &planner{schema: s, done: map[*jsonschema.Schema]*plan{}}
	p := b.of(s.compiled)
	if b.defaults == 0 {
		return nil
	}
	return p
}

func (b *planner) of(s *jsonschema.Schema) *plan {
	if s == nil {
		return nil
	}
	if p, done := b.done[s]; done {
		return p
	}
	p := &plan{}
	b.done[s] = p
	p.properties = b.properties(s)
	for _, same := range append([]*jsonschema.Schema{s.Ref}, s.AllOf...) {
		if same != nil {
			p.also = append(p.also, b.of(same))
		}
	}
	b.elements(s, p)
	if others, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		p.others = b.of(others)
	}
	return p
}

// properties plans the properties in the order in which they are written.
func (b *planner) properties(s *jsonschema.Schema) []planned {
	written := b.schema.root.atURL(s.Location).get("properties")
	if written == nil {
		return nil
	}
	var out []planned
	for _, f := range written.fields {
		sub := s.Properties[f.name]
		if sub == nil {
			continue
		}
		one := planned{name: f.name, value: b.of(sub), fallback: b.fallback(sub)}
		if one.fallback != nil {
			b.defaults++
		}
		out = append(out, one)
	}
	return out
}

// fallback is the default of a schema, or of the one it refers to.
func (b *planner) fallback(s *jsonschema.Schema) *node {
	for range MaxDepth {
		if s == nil {
			return nil
		}
		if n, ok := b.schema.root.find(pointer(s.Location)); ok {
			if d := n.raw("default"); d != nil && n.kind == object {
				return d
			}
		}
		s = s.Ref
	}
	return nil
}

// elements plans the elements of a list; the drafts differ in how they say it.
func (b *planner) elements(s *jsonschema.Schema, p *plan) {
	p.items = b.of(s.Items2020)
	prefix := s.PrefixItems
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		p.items = b.of(items)
	case []*jsonschema.Schema:
		prefix = items
		if rest, ok := s.AdditionalItems.(*jsonschema.Schema); ok {
			p.items = b.of(rest)
		}
	}
	for _, e := range prefix {
		p.prefix = append(p.prefix, b.of(e))
	}
}

// splice is a text to insert at an offset.
type splice struct {
	at   int
	text []byte
}

// filler collects the insertions into one JSON text.
type filler struct {
	splices []splice
	added   map[*node]map[string]bool
	met     map[visit]bool
	left    *int // defaults that may still be added, shared with nested fillers
}

// visit is a value seen under a plan; seeing it twice would be a $ref to itself.
type visit struct {
	plan *plan
	node *node
}

// fill returns the text of n with the defaults of its plan inserted behind the
// present members; every other byte stays. Unchanged text is returned as it is.
func fill(p *plan, raw []byte, n *node, depth int, left *int) ([]byte, error) {
	if depth > MaxDepth || *left < 0 {
		return nil, fault.New(fault.LimitExceeded, "the defaults of the schema add more than %d values", MaxDefaults).
			With("limit", MaxDefaults).Advise("look for a default that contains itself by way of a $ref")
	}
	f := &filler{added: map[*node]map[string]bool{}, met: map[visit]bool{}, left: left}
	if err := f.value(p, n, depth); err != nil || len(f.splices) == 0 {
		return raw, err
	}
	slices.SortStableFunc(f.splices, func(a, b splice) int { return a.at - b.at })
	out := make([]byte, 0, len(raw)+64*len(f.splices))
	from := 0
	for _, s := range f.splices {
		out = append(append(out, raw[from:s.at]...), s.text...)
		from = s.at
	}
	return append(out, raw[from:]...), nil
}

// value fills one value and what is in it.
func (f *filler) value(p *plan, n *node, depth int) error {
	if p == nil || f.met[visit{p, n}] {
		return nil
	}
	f.met[visit{p, n}] = true
	if err := f.members(p, n, depth); err != nil {
		return err
	}
	if n.kind == list {
		for i, item := range n.items {
			plan := p.items
			if i < len(p.prefix) {
				plan = p.prefix[i]
			}
			if err := f.value(plan, item, depth); err != nil {
				return err
			}
		}
	}
	for _, same := range p.also {
		if err := f.value(same, n, depth); err != nil {
			return err
		}
	}
	return nil
}

// members fills an object: present members in depth, absent ones by default.
func (f *filler) members(p *plan, n *node, depth int) error {
	if n.kind != object {
		return nil
	}
	known := map[string]bool{}
	for _, property := range p.properties {
		known[property.name] = true
		present := n.raw(property.name)
		var err error
		switch {
		case present != nil:
			err = f.value(property.value, present, depth)
		case property.fallback != nil && !f.added[n][property.name]:
			err = f.add(property, n, depth)
		}
		if err != nil {
			return err
		}
	}
	if p.others == nil {
		return nil
	}
	for _, member := range n.fields {
		if !known[member.name] {
			if err := f.value(p.others, member.value, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// add inserts one default at the end of an object. A default that is itself a
// map or a list receives the defaults within it.
func (f *filler) add(property planned, n *node, depth int) error {
	*f.left--
	value, err := complete(property, depth, f.left)
	if err != nil {
		return err
	}
	insert := append(append(quoted(property.name), ':'), value...)
	at := n.start + 1
	if len(n.fields) > 0 {
		at = n.last()
	}
	if len(n.fields) > 0 || len(f.added[n]) > 0 {
		insert = append([]byte(","), insert...)
	}
	if f.added[n] == nil {
		f.added[n] = map[string]bool{}
	}
	f.added[n][property.name] = true
	f.splices = append(f.splices, splice{at, insert})
	return nil
}

// complete renders a default with the defaults within it.
func complete(property planned, depth int, left *int) (workflow.JSON, error) {
	raw := property.fallback.JSON()
	if k := property.fallback.kind; k != object && k != list {
		return raw, nil
	}
	n, err := readJSON(raw, &problems{})
	if err != nil {
		return nil, err
	}
	return fill(property.value, raw, n, depth+1, left)
}

// last is the offset behind the last member. Of a key given twice the later
// value stands in the earlier place, so it is the greatest end.
func (n *node) last() int {
	end := n.start + 1
	for _, f := range n.fields {
		end = max(end, f.value.end)
	}
	return end
}
