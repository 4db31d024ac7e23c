package template

import (
	"github.com/goccy/go-yaml/token"
)

// opened is one construct that a token has begun and a later one ends.
type opened struct {
	column int
	flow   bool
	keys   int // keys of a block map
}

// nesting follows the structure of a token list just closely enough to bound
// it: the parser recurses for each level, and for each key of a block map, and
// an unbounded recursion ends the process.
type nesting struct {
	stack []opened
	run   int // properties (tags, anchors, explicit keys) in a row
}

// guard refuses a token list that would make the parser recurse without bound.
func guard(tokens token.Tokens) error {
	var n nesting
	for _, tk := range tokens {
		if tk.Position == nil {
			continue
		}
		if !n.follow(tk) {
			return tooMuch(&node{line: tk.Position.Line, column: tk.Position.Column}, "levels of nesting", MaxDepth)
		}
		if last := len(n.stack) - 1; last >= 0 && n.stack[last].keys > MaxMapKeys {
			return tooMuch(&node{line: tk.Position.Line, column: tk.Position.Column}, "keys in one map", MaxMapKeys)
		}
	}
	return nil
}

// follow takes one token; it answers false when the nesting is too deep.
func (n *nesting) follow(tk *token.Token) bool {
	column := tk.Position.Column
	switch tk.Type {
	case token.TagType, token.AnchorType, token.MappingKeyType:
		n.run++
	case token.SequenceStartType, token.MappingStartType:
		n.stack = append(n.stack, opened{column: column, flow: true})
	case token.SequenceEndType, token.MappingEndType:
		n.closeFlow()
	case token.SequenceEntryType:
		n.block(column)
	case token.MappingValueType:
		n.run = 0
		if tk.Prev != nil && tk.Prev.Position != nil {
			n.key(tk.Prev.Position.Column)
		}
	case token.StringType:
		if tk.Prev == nil || tk.Prev.Type != token.AnchorType {
			n.run = 0
		}
	default:
		n.run = 0
	}
	// A block level takes two entries here: its list and its map.
	return len(n.stack) <= 2*MaxDepth && n.run <= MaxDepth
}

// inFlow reports whether the innermost construct is in flow style.
func (n *nesting) inFlow() bool { return len(n.stack) > 0 && n.stack[len(n.stack)-1].flow }

// closeFlow ends the innermost flow construct; an end too many is the parser's
// to report.
func (n *nesting) closeFlow() {
	if n.inFlow() {
		n.stack = n.stack[:len(n.stack)-1]
	}
}

// block begins an entry of a block list, ending everything further right.
func (n *nesting) block(column int) {
	if n.inFlow() {
		return
	}
	n.end(column)
	if len(n.stack) == 0 || n.stack[len(n.stack)-1].column != column {
		n.stack = append(n.stack, opened{column: column})
	}
}

// key takes a key of a block map.
func (n *nesting) key(column int) {
	if n.inFlow() {
		return
	}
	n.end(column)
	if len(n.stack) == 0 || n.stack[len(n.stack)-1].column != column {
		n.stack = append(n.stack, opened{column: column})
	}
	n.stack[len(n.stack)-1].keys++
}

// end closes the block constructs that begin right of a column.
func (n *nesting) end(column int) {
	for len(n.stack) > 0 && !n.inFlow() && n.stack[len(n.stack)-1].column > column {
		n.stack = n.stack[:len(n.stack)-1]
	}
}
