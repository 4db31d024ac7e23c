package template

import (
	"errors"
	"fmt"
	neturl "net/url"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	finding "github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// schemaURL is the address under which the compiler knows a template's schema.
const schemaURL = "tasker://template/schema"

// schema is the compiled schema of a context. It is immutable.
type schema struct {
	compiled *jsonschema.Schema
	root     *node // as written, for the order of properties and the text of defaults
	plan     *plan // how to fill in defaults; nil when the schema has none
}

// errRemote is why a schema is not loaded.
var errRemote = errors.New("schemas are not loaded from elsewhere")

// noLoader refuses every address, since a template must not make the engine
// read files or the network.
type noLoader struct{}

// Load implements the compiler's loader.
func (noLoader) Load(string) (any, error) { return nil, errRemote }

// compile compiles a schema once and reports what is wrong with it.
func (r *reader) compile(n *node) *schema {
	if s, done := r.schemas[n]; done {
		return s
	}
	s, err := compileSchema(n)
	r.schemas[n] = s
	if err != nil {
		r.schemaProblems(n, err)
	}
	return s
}

func compileSchema(n *node) (*schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(noLoader{})
	if err := c.AddResource(schemaURL, n.value()); err != nil {
		return nil, err
	}
	compiled, err := c.Compile(schemaURL)
	if err != nil {
		return nil, err
	}
	s := &schema{compiled: compiled, root: n}
	s.plan = planFor(s)
	return s, nil
}

// schemaProblems reports a compiler's error at the part of the schema it names.
func (r *reader) schemaProblems(n *node, err error) {
	var invalid *jsonschema.ValidationError
	var load *jsonschema.LoadURLError
	var regex *jsonschema.InvalidRegexError
	switch {
	case errors.As(err, &invalid):
		for _, l := range leaves(invalid) {
			at, _ := n.find(l.where)
			r.add(at, "", "this is not a valid JSON Schema: %s", l.message())
		}
	case errors.As(err, &load):
		r.add(n.mention(load.URL), "put it into $defs and refer to it as #/$defs/…",
			"the schema refers to %s, and %v", clip(load.URL), errRemote)
	case errors.As(err, &regex):
		r.add(n.atURL(regex.URL), "", "the pattern %q is not supported: %v", clip(regex.Regex), regex.Err)
	default:
		text := strings.ReplaceAll(err.Error(), schemaURL, "")
		r.add(n.atURL(err.Error()), "", "this is not a valid JSON Schema: %s", clip(text))
	}
}

// find follows object keys and list positions as far as they exist; it tells
// whether they all did.
func (n *node) find(where []string) (*node, bool) {
	for _, token := range where {
		next := n.raw(token)
		if i, err := strconv.Atoi(token); n.kind == list && err == nil && i >= 0 && i < len(n.items) {
			next = n.items[i]
		}
		if next == nil {
			return n, false
		}
		n = next
	}
	return n, true
}

// pointer splits the fragment of a schema's address, a JSON pointer, into its
// tokens.
func pointer(url string) []string {
	_, fragment, ok := strings.Cut(url, "#/")
	if !ok {
		return nil
	}
	var tokens []string
	for _, t := range strings.Split(fragment, "/") {
		if plain, err := neturl.PathUnescape(t); err == nil {
			t = plain
		}
		tokens = append(tokens, strings.NewReplacer("~1", "/", "~0", "~").Replace(t))
	}
	return tokens
}

// atURL is the part of the schema that an address names, as far as it exists.
func (n *node) atURL(url string) *node {
	at, _ := n.find(pointer(url))
	return at
}

// mention finds the first text in the schema that an address ends in.
func (n *node) mention(url string) *node {
	if found := n.search(url); found != nil {
		return found
	}
	return n
}

func (n *node) search(url string) *node {
	for _, f := range n.fields {
		reference := strings.HasSuffix(strings.ToLower(f.name), "ref") || f.name == "$schema"
		plain, _, _ := strings.Cut(f.value.text, "#")
		if reference && plain != "" && strings.HasSuffix(url, strings.TrimLeft(plain, "./")) {
			return f.value
		}
		if found := f.value.search(url); found != nil {
			return found
		}
	}
	for _, item := range n.items {
		if found := item.search(url); found != nil {
			return found
		}
	}
	return nil
}

// leaf is one thing that a validation found wrong.
type leaf struct {
	where []string // keys and positions from the root
	kind  jsonschema.ErrorKind
	under []leaf // of a choice none of whose forms fits: why not
	url   string // address of the schema that objects
}

// leaves flattens the tree of a validation's findings.
func leaves(e *jsonschema.ValidationError) []leaf {
	var under []leaf
	for _, cause := range e.Causes {
		under = append(under, leaves(cause)...)
	}
	switch e.ErrorKind.(type) {
	case *finding.AnyOf, *finding.OneOf:
		return []leaf{{where: e.InstanceLocation, kind: e.ErrorKind, under: under, url: e.SchemaURL}}
	}
	if len(under) > 0 {
		return under
	}
	return []leaf{{where: e.InstanceLocation, kind: e.ErrorKind, url: e.SchemaURL}}
}

// message says what is wrong in words of ours for the common findings.
func (l leaf) message() string {
	switch k := l.kind.(type) {
	case *finding.Type:
		return fmt.Sprintf("must be %s, found %s", strings.Join(k.Want, " or "), k.Got)
	case *finding.FalseSchema:
		return "is not allowed here"
	case *finding.Pattern:
		return fmt.Sprintf("%q does not match the pattern %s", clip(k.Got), clip(k.Want))
	case *finding.AnyOf:
		return "fits none of the allowed forms: " + l.reasons()
	case *finding.OneOf:
		if len(k.Subschemas) > 0 {
			return "fits more than one of forms that exclude each other"
		}
		return "fits none of the allowed forms: " + l.reasons()
	}
	unit := (&jsonschema.ValidationError{ErrorKind: l.kind}).BasicOutput()
	return unit.Error.String()
}

// reasons joins why each form of a choice does not fit.
func (l leaf) reasons() string {
	var out []string
	for _, u := range l.under {
		text := u.message()
		if extra := u.where[len(l.where):]; len(extra) > 0 {
			text = strings.Join(extra, ".") + " " + text
		}
		out = append(out, text)
	}
	return strings.Join(out, "; or ")
}

// asProblems reports the findings on a context.
func (s *schema) asProblems(n *node, e *jsonschema.ValidationError, p *problems) {
	for _, l := range leaves(e) {
		at, _ := n.find(l.where)
		switch k := l.kind.(type) {
		case *finding.Required:
			for _, name := range k.Missing {
				p.put(fault.Problem{Path: at.child(name), Line: at.line, Column: at.column,
					Message: fmt.Sprintf("the required key %q is missing", name)})
			}
		case *finding.AdditionalProperties:
			for _, name := range k.Properties {
				p.put(fault.Problem{Path: at.child(name), Line: at.line, Column: at.column,
					Message:    fmt.Sprintf("the key %q is not allowed", clip(name)),
					Suggestion: p.nearest(name, s.declared(l.url))})
			}
		default:
			p.add(at, "", "%s", l.message())
		}
	}
}

// declared lists the properties that the schema at an address declares.
func (s *schema) declared(url string) []string {
	var names []string
	if properties := s.root.atURL(url).get("properties"); properties != nil {
		for _, f := range properties.fields {
			names = append(names, f.name)
		}
	}
	return names
}
