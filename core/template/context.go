package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// CheckContext judges a task's context by the template's schema and returns it
// with the schema's defaults filled in (design, D14). Standard JSON Schema
// holds: draft 2020-12 unless $schema names an older one, and a format is a
// remark only, as the draft has it. Defaults are those of properties, also
// nested, within lists, and by way of $ref and allOf; they are inserted before
// the judgement, behind the members that are there, and every other byte stays
// as it was.
//
// The error is an InvalidRequest that lists every problem with its path, such
// as context.lines[2].sku; it is that too for a context that is no object or has
// no member, with or without a schema. CheckContext may be called concurrently.
func CheckContext(t *Template, context workflow.JSON) (workflow.JSON, error) {
	if err := objectWithMembers(context); err != nil {
		return nil, err
	}
	if len(t.Schema) == 0 {
		return context, nil
	}
	s, err := t.compiled()
	if err != nil {
		return nil, err
	}
	p := &problems{}
	filled, n, err := s.filled(context, p)
	if err != nil {
		return nil, err
	}
	var invalid *jsonschema.ValidationError
	if errors.As(s.compiled.Validate(n.value()), &invalid) {
		s.asProblems(n, invalid, p)
	}
	p.sort()
	relocate(p.list)
	if err := p.err("the context for "+t.Name, "context"); err != nil {
		return nil, err
	}
	return filled, nil
}

// objectWithMembers refuses what the tasks table and the Rails engine refuse.
func objectWithMembers(context workflow.JSON) error {
	trimmed := bytes.TrimSpace(context)
	var found string
	switch {
	case len(trimmed) == 0 || string(trimmed) == "null":
		found = "nothing"
	case !json.Valid(trimmed):
		return ofContext(syntax(context))
	case trimmed[0] != '{':
		found = "no object"
	case trimmed[0] == '{' && bytes.HasPrefix(bytes.TrimSpace(trimmed[1:]), []byte("}")):
		found = "an empty object"
	default:
		return nil
	}
	e := fault.New(fault.InvalidRequest, "the context must be an object with at least one key, found %s", found).At("context")
	e.Problems = []fault.Problem{{Path: "context", Message: e.Message}}
	return e
}

// compiled returns the schema that was compiled when the template was read; for
// a Template made by hand it compiles it now.
func (t *Template) compiled() (*schema, error) {
	if t.schema != nil {
		return t.schema, nil
	}
	p := &problems{}
	n, err := readJSON(t.Schema, p)
	if err != nil {
		return nil, err
	}
	r := &reader{problems: p, schemas: map[*node]*schema{}}
	s := r.compile(n)
	p.sort()
	return s, p.err("the schema of "+t.Name, "")
}

// filled reads a context and fills in the defaults.
func (s *schema) filled(context workflow.JSON, p *problems) (workflow.JSON, *node, error) {
	n, err := readJSON(context, p)
	if err != nil || s.plan == nil {
		return context, n, ofContext(err)
	}
	left := MaxDefaults
	out, err := fill(s.plan, context, n, 0, &left)
	if err != nil {
		return nil, nil, err
	}
	if len(out) != len(context) {
		n, err = readJSON(out, p)
	}
	return out, n, ofContext(err)
}

// ofContext names the context as the place of an error in reading it.
func ofContext(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	relocate(f.Problems)
	return f.At("context")
}

// relocate turns places within the context into places within the request: a
// line of the context says nothing there, and paths begin with its name.
func relocate(list []fault.Problem) {
	for i := range list {
		p := &list[i]
		p.Line, p.Column = 0, 0
		if p.Path != "" && !strings.HasPrefix(p.Path, "[") {
			p.Path = "." + p.Path
		}
		p.Path = "context" + p.Path
	}
}
