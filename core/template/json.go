package template

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// jsonReader turns a JSON text into nodes that know their place. The text has
// been found valid before, so the reader only finds its way.
type jsonReader struct {
	text     []byte
	at       int // offset of the next byte
	line     int // 1-based
	column   int // characters of the line before counted
	counted  int // offset up to which column counts; counting from the line's begin would be quadratic
	problems *problems
}

// readJSON reads a JSON text. The error is that of a text that is no JSON or is
// too deep; double keys and characters that no database stores go to p.
func readJSON(raw []byte, p *problems) (*node, error) {
	if err := syntax(raw); err != nil {
		return nil, err
	}
	r := &jsonReader{text: raw, line: 1, problems: p}
	return r.value(nil, "", 0, 0)
}

// syntax returns the error of a text that is not one JSON value.
func syntax(raw []byte) error {
	if json.Valid(raw) {
		return nil
	}
	var discard json.RawMessage
	err := json.Unmarshal(raw, &discard)
	offset := len(raw)
	var s *json.SyntaxError
	if errors.As(err, &s) {
		offset = max(int(s.Offset)-1, 0)
	}
	line, column := position(raw, offset)
	e := fault.New(fault.InvalidRequest, "the text is not JSON: line %d, column %d: %v", line, column, err).
		With("offset", offset)
	e.Problems = []fault.Problem{{Line: line, Column: column, Message: "not JSON: " + err.Error()}}
	return e
}

// position is the line and column of an offset, columns counted in characters.
func position(raw []byte, offset int) (line, column int) {
	before := string(raw[:min(offset, len(raw))])
	begin := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[begin:]) + 1
}

// skip moves past white space, commas and colons, which a valid text has only
// where they belong.
func (r *jsonReader) skip() {
	for ; r.at < len(r.text); r.at++ {
		switch r.text[r.at] {
		case '\n':
			r.line, r.column, r.counted = r.line+1, 0, r.at+1
		case ' ', '\t', '\r', ',', ':':
		default:
			return
		}
	}
}

// open begins a node at the next byte that is not white space.
func (r *jsonReader) open(parent *node, key string, index int) *node {
	r.skip()
	r.column += utf8.RuneCount(r.text[r.counted:r.at])
	r.counted = r.at
	return &node{parent: parent, key: key, index: index, start: r.at, line: r.line, column: r.column + 1}
}

func (r *jsonReader) value(parent *node, key string, index, depth int) (*node, error) {
	n := r.open(parent, key, index)
	if depth > MaxDepth {
		return nil, tooMuch(n, "levels of nesting", MaxDepth)
	}
	var err error
	switch r.text[r.at] {
	case '{':
		n.kind = object
		err = r.members(n, depth)
	case '[':
		n.kind = list
		err = r.elements(n, depth)
	case '"':
		n.kind = text
		n.text = r.stringAt(n)
	default:
		r.literal(n)
	}
	n.end = r.at
	return n, err
}

// members reads an object; of two members with one name the last counts, and
// the first is left out.
func (r *jsonReader) members(n *node, depth int) error {
	names := map[string]int{}
	for r.at++; ; {
		k := r.open(n.parent, n.key, n.index) // a problem in a key's text is shown at its map
		if r.text[r.at] == '}' {
			r.at++
			return nil
		}
		f := field{name: r.stringAt(k), line: k.line, column: k.column, owner: n}
		v, err := r.value(n, f.name, 0, depth+1)
		if err != nil {
			return err
		}
		f.value = v
		if i, double := names[f.name]; double {
			r.problems.addKey(f, "", "the key %q is given twice, first at line %d", f.name, n.fields[i].line)
			n.fields[i] = f
			continue
		}
		names[f.name] = len(n.fields)
		n.fields = append(n.fields, f)
	}
}

func (r *jsonReader) elements(n *node, depth int) error {
	for r.at++; ; {
		r.skip()
		if r.text[r.at] == ']' {
			r.at++
			return nil
		}
		v, err := r.value(n, "", len(n.items), depth+1)
		if err != nil {
			return err
		}
		n.items = append(n.items, v)
	}
}

// stringAt decodes the string that begins here; a problem with it is shown at n.
func (r *jsonReader) stringAt(n *node) string {
	begin := r.at
	escaped := false
	for r.at++; r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			escaped = true
			r.at++
		}
	}
	r.at++
	if !escaped {
		return string(r.text[begin+1 : r.at-1])
	}
	literal := r.text[begin:r.at]
	var s string
	if json.Unmarshal(literal, &s) != nil || loneSurrogate(literal) {
		r.problems.add(n, "", "the text holds half of a surrogate pair, which no database stores")
	}
	checkStorable(n, s, r.problems)
	return s
}

// loneSurrogate reports whether a JSON string escapes half a surrogate pair,
// which decoding would silently replace.
func loneSurrogate(literal []byte) bool {
	high := false
	for i := 0; i < len(literal); i++ {
		var code uint64
		if literal[i] == '\\' {
			i++
			if literal[i] == 'u' {
				code, _ = strconv.ParseUint(string(literal[i+1:i+5]), 16, 32)
				i += 4
			}
		}
		low := code >= 0xDC00 && code <= 0xDFFF
		if high != low {
			return true
		}
		high = code >= 0xD800 && code <= 0xDBFF
	}
	return false
}

// literal reads a number, true, false or null.
func (r *jsonReader) literal(n *node) {
	begin := r.at
	for r.at < len(r.text) && !strings.ContainsRune(" \t\r\n,]}", rune(r.text[r.at])) {
		r.at++
	}
	n.text = string(r.text[begin:r.at])
	switch n.text {
	case "null":
		n.kind, n.text = null, ""
	case "true", "false":
		n.kind = boolean
	default:
		n.kind = number
		checkNumber(n, r.problems)
	}
}

// checkStorable reports what jsonb and the text columns refuse.
func checkStorable(n *node, s string, p *problems) {
	if strings.ContainsRune(s, 0) {
		p.add(n, "", "the text holds a NUL character, which no database stores")
	}
}

// checkNumber reports a number that jsonb refuses, and goes on with zero in its
// place: the schema validator would write such a number out.
func checkNumber(n *node, p *problems) {
	if span(n.text) > MaxNumberSpan {
		p.add(n, "", "the number %s has more than %d digits when written out", clip(n.text), MaxNumberSpan)
		n.text = "0"
	}
}
