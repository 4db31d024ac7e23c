package template

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// jsonNumber are the texts that are numbers in JSON. YAML's core schema calls
// them numbers too; the parser leaves some (1e3, very long ones) as text.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// coreTags are the tags that say what a plain reading gives anyway.
var coreTags = []string{"!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq"}

// yamlReader turns the parser's tree into nodes, following aliases and merge
// keys within the limits.
type yamlReader struct {
	problems *problems
	anchors  map[string]*node // those that are complete: an alias within its own anchor finds nothing
	expanded int              // bytes that aliases have added
}

// readYAML reads the one document of a YAML text. The error is that of a text
// that is no YAML or exceeds a limit; all else goes to p.
func readYAML(raw []byte, p *problems) (*node, error) {
	tokens := lexer.Tokenize(string(raw))
	if err := guard(tokens); err != nil {
		return nil, err
	}
	file, err := parseTokens(tokens)
	if err != nil {
		return nil, err
	}
	var root ast.Node
	for _, doc := range file.Docs {
		switch doc.Body.(type) {
		case nil, *ast.DirectiveNode, *ast.CommentGroupNode:
			continue
		}
		if root != nil {
			at := first(doc.Body).Position
			return nil, notYAML(at.Line, at.Column, "a second document begins here; a file holds one template")
		}
		root = doc.Body
	}
	if root == nil {
		return nil, notYAML(1, 1, "the text is empty")
	}
	r := &yamlReader{problems: p, anchors: map[string]*node{}}
	return r.read(root, &node{}, 0)
}

// parseTokens runs the parser. It is the work of others on hostile input, so a
// panic in it means only that this text cannot be read.
func parseTokens(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = notYAML(1, 1, "the text cannot be read")
		}
	}()
	file, err = parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	var s yaml.Error
	if errors.As(err, &s) {
		at := &token.Position{Line: 1, Column: 1}
		if tk := s.GetToken(); tk != nil && tk.Position != nil {
			at = tk.Position
		}
		err = notYAML(at.Line, at.Column, s.GetMessage())
	} else if err != nil {
		err = notYAML(1, 1, err.Error())
	}
	return file, err
}

// notYAML is the error of a text that cannot be read as one document.
func notYAML(line, column int, message string) error {
	e := fault.New(fault.InvalidRequest, "the text cannot be read: line %d, column %d: %s", line, column, message)
	e.Problems = []fault.Problem{{Line: line, Column: column, Message: message}}
	return e
}

// first is the token with which a node begins; a block map's own token is the
// colon of its first key.
func first(n ast.Node) *token.Token {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken()
	}
	return n.GetToken()
}

// read converts one node; place holds where it stands.
func (r *yamlReader) read(n ast.Node, place *node, depth int) (*node, error) {
	out := *place
	if tk := first(n); tk != nil && tk.Position != nil {
		out.line, out.column = tk.Position.Line, tk.Position.Column
	}
	if depth > MaxDepth {
		return nil, tooMuch(&out, "levels of nesting", MaxDepth)
	}
	switch v := n.(type) {
	case *ast.AnchorNode:
		value, err := r.read(v.Value, &out, depth+1)
		if err == nil {
			r.anchors[v.Name.GetToken().Value] = value
		}
		return value, err
	case *ast.AliasNode:
		return r.alias(v, &out)
	case *ast.TagNode:
		return r.tagged(v, &out, depth)
	case *ast.MappingNode:
		return &out, r.fields(v.Values, &out, depth)
	case *ast.MappingValueNode:
		return &out, r.fields([]*ast.MappingValueNode{v}, &out, depth)
	case *ast.SequenceNode:
		return &out, r.items(v, &out, depth)
	}
	r.scalar(n, &out)
	return &out, nil
}

// alias returns the anchored node itself; its size counts once more.
func (r *yamlReader) alias(v *ast.AliasNode, out *node) (*node, error) {
	name := v.Value.GetToken().Value
	target, ok := r.anchors[name]
	if !ok {
		r.problems.add(out, "", "the alias *%s has no anchor before it", clip(name))
		out.kind = null
		return out, nil
	}
	if r.expanded += target.weight; r.expanded > MaxExpandedBytes {
		return nil, tooMuch(out, "bytes with aliases written out", MaxExpandedBytes)
	}
	return target, nil
}

func (r *yamlReader) tagged(v *ast.TagNode, out *node, depth int) (*node, error) {
	tag := v.Start.Value
	if tag == "!!str" {
		if s, ok := v.Value.(ast.ScalarNode); ok {
			out.kind, out.text = text, s.GetToken().Value
			if l, ok := v.Value.(*ast.LiteralNode); ok {
				out.text = l.Value.Value
			}
			out.weight = len(out.text) + 1
			return out, nil
		}
	}
	if !slices.Contains(coreTags, tag) {
		r.problems.add(out, "", "the tag %s is not supported", clip(tag))
	}
	if v.Value == nil {
		out.kind = null
		return out, nil
	}
	return r.read(v.Value, out, depth+1)
}

func (r *yamlReader) items(v *ast.SequenceNode, out *node, depth int) error {
	out.kind, out.weight = list, 2
	for i, item := range v.Values {
		value, err := r.read(item, &node{parent: out, index: i}, depth+1)
		if err != nil {
			return err
		}
		out.items = append(out.items, value)
		out.weight += value.weight + 1
	}
	return nil
}

// fields reads a map. Keys written in the map win over those that a merge key
// brings; of two with one name the last counts.
func (r *yamlReader) fields(values []*ast.MappingValueNode, out *node, depth int) error {
	out.kind, out.weight = object, 2
	names := map[string]int{}
	var merged []*node
	for _, v := range values {
		value, err := r.read(v.Value, &node{parent: out, key: keyText(v.Key)}, depth+1)
		if err != nil {
			return err
		}
		if v.Key.IsMergeKey() {
			merged = append(merged, r.mergeable(value)...)
			continue
		}
		at := keyToken(v.Key).Position
		f := field{name: keyText(v.Key), line: at.Line, column: at.Column, owner: out, value: value}
		checkStorable(out, f.name, r.problems)
		if i, double := names[f.name]; double {
			r.problems.addKey(f, "", "the key %q is given twice, first at line %d", f.name, out.fields[i].line)
			out.fields[i] = f
			continue
		}
		r.put(out, names, f)
	}
	for _, m := range merged {
		for _, f := range m.fields {
			if _, own := names[f.name]; !own {
				r.put(out, names, f)
			}
		}
	}
	return nil
}

func (r *yamlReader) put(out *node, names map[string]int, f field) {
	names[f.name] = len(out.fields)
	out.fields = append(out.fields, f)
	out.weight += len(f.name) + f.value.weight + 2
}

// mergeable returns the maps that a merge key names.
func (r *yamlReader) mergeable(value *node) []*node {
	maps := []*node{value}
	if value.kind == list {
		maps = value.items
	}
	for _, m := range maps {
		if m.kind != object {
			r.problems.add(m, "", "a merge key takes a map or a list of maps, found %s", m.found())
			return nil
		}
	}
	return maps
}

func keyToken(key ast.MapKeyNode) *token.Token {
	switch k := key.(type) {
	case *ast.MappingKeyNode:
		return first(k.Value)
	case *ast.AnchorNode:
		return first(k.Value)
	case *ast.TagNode:
		if k.Value != nil {
			return first(k.Value)
		}
	}
	return key.GetToken()
}

func keyText(key ast.MapKeyNode) string { return keyToken(key).Value }

// scalar reads a single value by YAML's core schema: only true and false are
// booleans, and what JSON cannot hold is a problem.
func (r *yamlReader) scalar(n ast.Node, out *node) {
	switch v := n.(type) {
	case *ast.NullNode:
		out.kind = null
	case *ast.BoolNode:
		out.kind, out.text = boolean, strconv.FormatBool(v.Value)
	case *ast.IntegerNode:
		out.kind, out.text = number, literalOr(v.Token.Value, fmt.Sprint(v.Value))
	case *ast.FloatNode:
		out.kind, out.text = number, literalOr(v.Token.Value, strconv.FormatFloat(v.Value, 'g', -1, 64))
	case *ast.LiteralNode:
		out.kind, out.text = text, v.Value.Value
	case *ast.StringNode:
		out.kind, out.text = text, v.Value
		if v.Token.Type == token.StringType && jsonNumber.MatchString(v.Value) {
			out.kind = number
		}
	case *ast.InfinityNode, *ast.NanNode:
		out.kind = null
		r.problems.add(out, "", "JSON has no number %s", n.GetToken().Value)
	default:
		out.kind = null
		r.problems.add(out, "", "this kind of YAML value is not supported")
	}
	if out.kind == number {
		checkNumber(out, r.problems)
	}
	checkStorable(out, out.text, r.problems)
	out.weight = len(out.text) + 1
}

// literalOr keeps the number as written where JSON can.
func literalOr(written, converted string) string {
	if jsonNumber.MatchString(written) {
		return written
	}
	return strings.TrimPrefix(converted, "+")
}
