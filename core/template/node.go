package template

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// kind is the type of a value, in the words that messages use.
type kind string

const (
	null    kind = "null"
	boolean kind = "boolean"
	number  kind = "number"
	text    kind = "text"
	list    kind = "list"
	object  kind = "map"
)

// node is one value of a template or a context with the place where it is
// written. Both readers, YAML and JSON, give this one form. Nodes are read-only
// once read: merging makes new objects and shares the rest.
type node struct {
	kind   kind
	text   string  // decoded text, or the literal of a number or boolean
	items  []*node // of a list
	fields []field // of an object, in the order written

	parent *node  // where it was read, not where merging put it
	key    string // its name, when the parent is an object
	index  int    // its position, when the parent is a list

	line, column int
	start, end   int // byte range in a JSON text; unset for YAML
	weight       int // size when written out, aliases included
}

// field is one member of an object with the place of its key.
type field struct {
	name         string
	line, column int
	owner        *node // the object in which it was written
	value        *node
}

// get returns the member of that name, nil when it is absent or null.
func (n *node) get(name string) *node {
	if v := n.raw(name); v != nil && v.kind != null {
		return v
	}
	return nil
}

// raw returns the member of that name, null included, nil when it is absent.
func (n *node) raw(name string) *node {
	for i := range n.fields {
		if n.fields[i].name == name {
			return n.fields[i].value
		}
	}
	return nil
}

// plainKey are the names that a path shows without quotes.
var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// path tells where the value was written, such as step_templates[2].name.
func (n *node) path() string {
	var parts []string
	for ; n != nil && n.parent != nil; n = n.parent {
		if n.parent.kind == list {
			parts = append(parts, "["+strconv.Itoa(n.index)+"]")
			continue
		}
		parts = append(parts, member(n.key))
	}
	slices.Reverse(parts)
	return strings.TrimPrefix(strings.Join(parts, ""), ".")
}

// member is the part of a path that selects a key.
func member(key string) string {
	if plainKey.MatchString(key) {
		return "." + key
	}
	return "[" + strconv.Quote(key) + "]"
}

// child is the path of a member of n, whether present or not.
func (n *node) child(key string) string {
	return strings.TrimPrefix(n.path()+member(key), ".")
}

// found describes the value in a message about a wrong type.
func (n *node) found() string {
	switch n.kind {
	case number, boolean:
		return fmt.Sprintf("the %s %s", n.kind, clip(n.text))
	case text:
		return "the text " + strconv.Quote(clip(n.text))
	case null:
		return "nothing"
	}
	return "a " + string(n.kind)
}

// clip shortens what a message quotes.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}

// JSON renders the value: compact, in the order written, with the number text
// as written.
func (n *node) JSON() workflow.JSON {
	if n == nil {
		return nil
	}
	return n.render(nil, false)
}

// normal renders the value so that two texts of the same meaning give the same
// bytes: keys sorted, numbers reduced. jsonb reorders keys and rewrites
// exponents, so only this form may be compared or digested.
func (n *node) normal() []byte { return n.render(nil, true) }

func (n *node) render(out []byte, normal bool) []byte {
	switch n.kind {
	case null:
		return append(out, "null"...)
	case boolean:
		return append(out, n.text...)
	case number:
		if normal {
			return append(out, reduced(n.text)...)
		}
		return append(out, n.text...)
	case text:
		return append(out, quoted(n.text)...)
	case list:
		return n.renderList(out, normal)
	}
	return n.renderObject(out, normal)
}

func (n *node) renderList(out []byte, normal bool) []byte {
	out = append(out, '[')
	for i, item := range n.items {
		if i > 0 {
			out = append(out, ',')
		}
		out = item.render(out, normal)
	}
	return append(out, ']')
}

func (n *node) renderObject(out []byte, normal bool) []byte {
	fields := n.fields
	if normal {
		fields = slices.Clone(fields)
		slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	}
	out = append(out, '{')
	for i, f := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, quoted(f.name)...), ':')
		out = f.value.render(out, normal)
	}
	return append(out, '}')
}

// quoted writes s as a JSON string, without escaping for HTML.
func quoted(s string) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

// reduced writes a number as digits and a power of ten, so that 1000, 1e3 and
// 1000.00 are the same.
func reduced(literal string) string {
	sign, digits := "", literal
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	power := 0
	if i := strings.IndexAny(digits, "eE"); i >= 0 {
		power, _ = strconv.Atoi(digits[i+1:])
		digits = digits[:i]
	}
	if whole, fraction, ok := strings.Cut(digits, "."); ok {
		digits, power = whole+fraction, power-len(fraction)
	}
	trimmed := strings.TrimRight(digits, "0")
	power += len(digits) - len(trimmed)
	trimmed = strings.TrimLeft(trimmed, "0")
	if trimmed == "" {
		return "0"
	}
	return sign + trimmed + "e" + strconv.Itoa(power)
}

// span is the number of digits of a JSON number with its exponent written out,
// at least.
func span(literal string) int {
	power := 0
	if i := strings.IndexAny(literal, "eE"); i >= 0 {
		var err error
		if power, err = strconv.Atoi(literal[i+1:]); err != nil {
			return MaxNumberSpan + 1
		}
		literal = literal[:i]
	}
	return len(literal) + max(power, -power)
}

// value converts the node for the schema validator.
func (n *node) value() any {
	switch n.kind {
	case boolean:
		return n.text == "true"
	case number:
		return json.Number(n.text)
	case text:
		return n.text
	case list:
		items := make([]any, len(n.items))
		for i, item := range n.items {
			items[i] = item.value()
		}
		return items
	case object:
		members := make(map[string]any, len(n.fields))
		for _, f := range n.fields {
			members[f.name] = f.value.value()
		}
		return members
	}
	return nil
}
