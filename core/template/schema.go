package template

import (
	"errors"
	"fmt"
	"math/big"
	neturl "net/url"
	"slices"
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
	var invalid *jsonschema.SchemaValidationError
	var tree *jsonschema.ValidationError
	var load *jsonschema.LoadURLError
	var lost *jsonschema.JSONPointerNotFoundError
	var unanchored *jsonschema.AnchorNotFoundError
	switch {
	case errors.As(err, &invalid) && errors.As(invalid.Err, &tree):
		for _, l := range leaves(tree) {
			at, _ := n.find(l.where)
			r.add(at, "", "this is not a valid JSON Schema: %s", l.message())
		}
	case errors.As(err, &load):
		at := n.mention(load.URL)
		advice := "put it into $defs and refer to it as #/$defs/…"
		if at.key == "$schema" {
			advice = "leave $schema out, or write " + jsonschema.Draft2020.String()
		}
		r.add(at, advice, "the schema refers to %s, and %v", clip(load.URL), errRemote)
	case errors.As(err, &lost):
		target := strings.TrimPrefix(lost.URL, schemaURL)
		r.add(n.mention(target), "", "the schema refers to %s, which does not exist", clip(target))
	case errors.As(err, &unanchored):
		target := strings.TrimPrefix(unanchored.Reference, schemaURL)
		r.add(n.mention(target), "", "the schema refers to %s, which does not exist", clip(target))
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
		if reference && f.value.refersTo(url) {
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

// refersTo reports whether a reference, relative or not, may mean an address.
func (n *node) refersTo(url string) bool {
	file, _, _ := strings.Cut(n.text, "#")
	file = strings.TrimLeft(file, "./")
	return n.text != "" && (strings.HasSuffix(url, n.text) || file != "" && strings.HasSuffix(url, file))
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
	case *finding.Minimum:
		return fmt.Sprintf("must be at least %s, found %s", decimal(k.Want), decimal(k.Got))
	case *finding.Maximum:
		return fmt.Sprintf("must be at most %s, found %s", decimal(k.Want), decimal(k.Got))
	case *finding.MinLength:
		return fmt.Sprintf("must be at least %d characters long, found %d", k.Want, k.Got)
	case *finding.MaxLength:
		return fmt.Sprintf("must be at most %d characters long, found %d", k.Want, k.Got)
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

// decimal writes a bound without the fraction bar of its type.
func decimal(r *big.Rat) string {
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
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
			for _, f := range at.fields {
				if slices.Contains(k.Properties, f.name) {
					p.addKey(f, p.nearest(f.name, s.declared(l.url)), "the key %q is not allowed", clip(f.name))
				}
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
