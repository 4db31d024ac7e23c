package graph

import (
	"cmp"
	"strings"
	"unicode"
)

// Bounds of a picture. Sixteen lanes leave two thirds of the line to the text;
// a bundle of more than six lines into one node is harder to follow than a
// list of names.
const (
	pictureColumns = 100
	laneMax        = 16
	drawnParentMax = 6
	labelColumns   = 40
)

// Text draws the graph for a terminal: one node per line in topological order,
// at most 100 columns wide. Lines run down from a parent to its children, and
// the last child takes over its parent's line:
//
//	●   extract_orders
//	├─● clean_orders
//	├─┴─○ archive
//	○   report
//
// A ● leads on below, a ○ does not. A line that only crosses another is drawn
// as ─│─, one that joins it as ─┼─. Edges that are not drawn (into a node with
// more than six parents, beyond sixteen open lines, or backwards in a cycle) are
// named behind the node as "← a, b, c". label gives a node's text, annotate an
// optional remark behind it; control characters in both are blanked, and what
// is too long is cut with an ellipsis.
func (g *Graph[K]) Text(label, annotate func(K) string) string {
	order, _ := g.order()
	p := newPicture(g)
	for _, i := range order {
		p.add(i)
	}
	return p.render(label, annotate)
}

// row is one node's line before its text is known.
type row struct {
	node  int32
	rails []rune  // the drawn part
	below []rune  // the lanes that go on, for continuation lines
	named []int32 // parents whose edge is not drawn
}

// picture draws rows from top to bottom. lanes holds the node whose edges run
// down in each column, absent for a free one; open counts the children that a
// node's lane still has to meet.
type picture[K cmp.Ordered] struct {
	g     *Graph[K]
	lanes []int32
	open  []int32
	lane  []int32
	done  []bool
	rows  []row
	width int
}

func newPicture[K cmp.Ordered](g *Graph[K]) *picture[K] {
	n := len(g.nodes)
	return &picture[K]{g: g, open: make([]int32, n), lane: filled(n, absent), done: make([]bool, n)}
}

// add draws the row of the next node.
func (p *picture[K]) add(node int32) {
	joined, named := p.parents(node)
	column := p.place(joined)
	p.close(joined)
	opens := p.openLane(node, column)
	rails := p.rails(node, column, joined, opens)
	p.rows = append(p.rows, row{node: node, rails: rails, below: p.verticals(), named: named})
	p.width = max(p.width, len(rails))
	p.done[node] = true
}

// parents splits the parents of node into those whose lane can be joined,
// given as columns, and those that have to be named.
func (p *picture[K]) parents(node int32) (joined []bool, named []int32) {
	joined = make([]bool, len(p.lanes))
	for _, parent := range p.g.in.of(node) {
		if p.drawable(node) && p.lane[parent] != absent {
			joined[p.lane[parent]] = true
		} else {
			named = append(named, parent)
		}
	}
	return joined, named
}

// drawable reports whether node has few enough parents to draw lines to it.
func (p *picture[K]) drawable(node int32) bool { return p.g.in.degree(node) <= drawnParentMax }

// place chooses the node's column: the lane of a parent that ends here, else
// the first free column.
func (p *picture[K]) place(joined []bool) int {
	for column, join := range joined {
		if join && p.open[p.lanes[column]] == 1 {
			return column
		}
	}
	for column, owner := range p.lanes {
		if owner == absent {
			return column
		}
	}
	return len(p.lanes)
}

// close counts the node off at each joined lane.
func (p *picture[K]) close(joined []bool) {
	for column, join := range joined {
		if join {
			p.open[p.lanes[column]]--
		}
	}
}

// openLane starts the node's own lane when it has children to draw and a lane
// is left, and reports whether it did.
func (p *picture[K]) openLane(node int32, column int) bool {
	for _, child := range p.g.out.of(node) {
		if !p.done[child] && child != node && p.drawable(child) {
			p.open[node]++
		}
	}
	if column >= laneMax {
		p.open[node] = 0
	}
	return p.open[node] > 0
}

// rails draws the row and hands the column over: lanes without further children
// end, the node's own begins.
func (p *picture[K]) rails(node int32, column int, joined []bool, opens bool) []rune {
	for len(p.lanes) <= column {
		p.lanes = append(p.lanes, absent)
		joined = append(joined, false)
	}
	left, right := column, column
	for c, join := range joined {
		if join {
			left, right = min(left, c), max(right, c)
		}
	}
	cells := make([]rune, 0, 2*len(p.lanes))
	for c := range p.lanes {
		if c > 0 {
			cells = append(cells, horizontal(c > left && c <= right))
		}
		cells = append(cells, p.cell(c, column, left, right, joined[c], opens))
	}
	p.handOver(node, column, joined, opens)
	return trimRight(cells)
}

// cell draws one column of the row of a node that stands in the column at and
// whose joining line spans left to right.
func (p *picture[K]) cell(c, at, left, right int, join, opens bool) rune {
	switch {
	case c == at && opens:
		return '●'
	case c == at:
		return '○'
	case join:
		return joint(p.open[p.lanes[c]] > 0, c == left, c == right)
	case p.lanes[c] != absent:
		return '│'
	default:
		return horizontal(c > left && c < right)
	}
}

// joint is the sign of a lane that meets the node's line: whether it goes on
// below, and whether it is the outermost on either side.
func joint(goesOn, leftmost, rightmost bool) rune {
	switch {
	case goesOn && leftmost:
		return '├'
	case goesOn && rightmost:
		return '┤'
	case goesOn:
		return '┼'
	case leftmost:
		return '└'
	case rightmost:
		return '┘'
	default:
		return '┴'
	}
}

func horizontal(passes bool) rune {
	if passes {
		return '─'
	}
	return ' '
}

// handOver frees the lanes that ended and gives the node's column to the node.
func (p *picture[K]) handOver(node int32, column int, joined []bool, opens bool) {
	for c, join := range joined {
		if owner := p.lanes[c]; join && p.open[owner] == 0 {
			p.lanes[c], p.lane[owner] = absent, absent
		}
	}
	if opens {
		p.lanes[column], p.lane[node] = node, int32(column)
	}
	for len(p.lanes) > 0 && p.lanes[len(p.lanes)-1] == absent {
		p.lanes = p.lanes[:len(p.lanes)-1]
	}
}

// verticals draws the lanes that go on below the row.
func (p *picture[K]) verticals() []rune {
	cells := make([]rune, 0, 2*len(p.lanes))
	for _, owner := range p.lanes {
		if owner == absent {
			cells = append(cells, ' ', ' ')
		} else {
			cells = append(cells, '│', ' ')
		}
	}
	return trimRight(cells)
}

// render sets the texts behind the rails, in columns.
func (p *picture[K]) render(label, annotate func(K) string) string {
	labels := make([][]rune, len(p.g.nodes))
	widest := 0
	for i, k := range p.g.nodes {
		labels[i] = cut(plain(label(k)), labelColumns)
		widest = max(widest, len(labels[i]))
	}
	var out strings.Builder
	for _, r := range p.rows {
		line := append(pad(r.rails, p.width+1), labels[r.node]...)
		if note := plain(annotate(p.g.nodes[r.node])); len(note) > 0 {
			line = append(pad(line, p.width+1+widest+2), note...)
		}
		p.write(&out, r, cut(line, pictureColumns), labels)
	}
	return out.String()
}

// write ends the row: the parents that are not drawn follow on the same line,
// and on further lines when they do not fit.
func (p *picture[K]) write(out *strings.Builder, r row, line []rune, labels [][]rune) {
	lead := []rune("  ← ")
	for n, parent := range r.named {
		name := labels[parent]
		if n < len(r.named)-1 {
			name = append(name[:len(name):len(name)], ',')
		}
		if len(line)+len(lead)+len(name) > pictureColumns {
			out.WriteString(string(trimRight(line)) + "\n")
			line, lead = pad(r.below, p.width+1), []rune("  ← ")
		}
		line = append(append(line, lead...), name...)
		lead = []rune(" ")
	}
	out.WriteString(string(trimRight(line)) + "\n")
}

// plain returns the text with every control character and line break blanked,
// so that no label can move the cursor or break the picture.
func plain(text string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Cf) {
			return ' '
		}
		return r
	}, text))
}

// cut shortens the text to so many columns.
func cut(text []rune, columns int) []rune {
	if len(text) <= columns {
		return text
	}
	return append(text[:columns-1:columns-1], '…')
}

// pad returns a copy of the text filled with blanks up to so many columns.
func pad(text []rune, columns int) []rune {
	padded := append([]rune(nil), text...)
	for len(padded) < columns {
		padded = append(padded, ' ')
	}
	return padded
}

func trimRight(cells []rune) []rune {
	for len(cells) > 0 && cells[len(cells)-1] == ' ' {
		cells = cells[:len(cells)-1]
	}
	return cells
}
