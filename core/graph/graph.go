// Package graph is a directed graph over identifiers and the questions a
// workflow asks of it: order, levels, cycles, the critical path, a picture.
// Every answer takes time linear in nodes and edges and uses no recursion, so
// that a chain of 100,000 steps is as safe as one of three.
package graph

import "cmp"

// Edge leads from a parent to the child that waits for it.
type Edge[K cmp.Ordered] struct{ From, To K }

// Graph is a set of nodes and the edges between them. It is immutable after
// New and may be used concurrently. Slices that its methods return are shared
// unless the method says otherwise: callers must not change them.
type Graph[K cmp.Ordered] struct {
	nodes   []K
	index   map[K]int32
	out, in links[K]
	foreign int
	// outside marks nodes with a parent that is no node here: they are no
	// roots (readiness sheet, rule L1).
	outside []bool
}

// links is one direction of the edges: the neighbours of node i are
// ids[first[i]:first[i+1]], with their keys in the same places of keys.
type links[K cmp.Ordered] struct {
	first []int32
	ids   []int32
	keys  []K
}

// of returns the neighbours of node i.
func (l *links[K]) of(i int32) []int32 { return l.ids[l.first[i]:l.first[i+1]] }

// keysOf returns the keys of the neighbours of node i, capped so that an append
// by the caller cannot write into the graph.
func (l *links[K]) keysOf(i int32) []K {
	from, to := l.first[i], l.first[i+1]
	return l.keys[from:to:to]
}

// degree returns the number of neighbours of node i.
func (l *links[K]) degree(i int32) int32 { return l.first[i+1] - l.first[i] }

// New builds a graph. Nodes keep their order, repeated nodes and repeated edges
// count once, and an edge with an end that is not among the nodes is left out
// and counted in Foreign. Cycles and self edges are kept: Cycle finds them.
func New[K cmp.Ordered](nodes []K, edges []Edge[K]) *Graph[K] {
	g := &Graph[K]{nodes: make([]K, 0, len(nodes)), index: make(map[K]int32, len(nodes))}
	for _, k := range nodes {
		if _, known := g.index[k]; !known {
			g.index[k] = int32(len(g.nodes))
			g.nodes = append(g.nodes, k)
		}
	}
	g.outside = make([]bool, len(g.nodes))
	pairs := make([][2]int32, 0, len(edges))
	for _, e := range edges {
		from, fromKnown := g.index[e.From]
		to, toKnown := g.index[e.To]
		if fromKnown && toKnown {
			pairs = append(pairs, [2]int32{from, to})
			continue
		}
		g.foreign++
		if toKnown {
			g.outside[to] = true
		}
	}
	g.out = g.link(pairs, 0)
	g.in = g.link(pairs, 1)
	return g
}

// link gathers the pairs by their given side, in the order of the pairs,
// without repetitions. It is a counting sort, hence linear.
func (g *Graph[K]) link(pairs [][2]int32, side int) links[K] {
	n := len(g.nodes)
	start := make([]int32, n+1)
	for _, p := range pairs {
		start[p[side]+1]++
	}
	for i := range n {
		start[i+1] += start[i]
	}
	sorted := make([]int32, len(pairs))
	next := append([]int32(nil), start[:n]...)
	for _, p := range pairs {
		sorted[next[p[side]]] = p[1-side]
		next[p[side]]++
	}
	l := links[K]{first: make([]int32, n+1), ids: sorted[:0]}
	seen := make([]int32, n)
	for i := range n {
		for _, to := range sorted[start[i]:start[i+1]] {
			if seen[to] != int32(i)+1 { // the mark of this round, so that the array is never cleared
				seen[to] = int32(i) + 1
				l.ids = append(l.ids, to)
			}
		}
		l.first[i+1] = int32(len(l.ids))
	}
	l.keys = g.keysAt(l.ids)
	return l
}

// keysAt returns the keys of the given node numbers as a new slice, nil for
// none.
func (g *Graph[K]) keysAt(ids []int32) []K {
	if len(ids) == 0 {
		return nil
	}
	keys := make([]K, len(ids))
	for i, id := range ids {
		keys[i] = g.nodes[id]
	}
	return keys
}

// Len returns the number of nodes.
func (g *Graph[K]) Len() int { return len(g.nodes) }

// EdgeCount returns the number of distinct edges between nodes of the graph.
func (g *Graph[K]) EdgeCount() int { return len(g.out.ids) }

// Foreign returns the number of edges given to New that were left out because
// one of their ends is not among the nodes.
func (g *Graph[K]) Foreign() int { return g.foreign }

// Has reports whether k is a node.
func (g *Graph[K]) Has(k K) bool { _, known := g.index[k]; return known }

// Nodes returns the nodes in the order in which they were given.
func (g *Graph[K]) Nodes() []K { return g.nodes[:len(g.nodes):len(g.nodes)] }

// Parents returns the nodes that k waits for, in the order of the edges; none
// for an unknown node.
func (g *Graph[K]) Parents(k K) []K { return g.neighbours(&g.in, k) }

// Children returns the nodes that wait for k, in the order of the edges; none
// for an unknown node.
func (g *Graph[K]) Children(k K) []K { return g.neighbours(&g.out, k) }

func (g *Graph[K]) neighbours(l *links[K], k K) []K {
	i, known := g.index[k]
	if !known {
		return nil
	}
	return l.keysOf(i)
}

// Roots returns a new slice of the nodes without any parent, foreign parents
// included (readiness sheet, rule L1).
func (g *Graph[K]) Roots() []K { return g.keysAt(g.roots(false)) }

// roots returns the nodes without parents; lenient ones overlook foreign
// parents, which is right for order and pictures.
func (g *Graph[K]) roots(lenient bool) []int32 {
	var roots []int32
	for i := range int32(len(g.nodes)) {
		if g.in.degree(i) == 0 && (lenient || !g.outside[i]) {
			roots = append(roots, i)
		}
	}
	return roots
}

// Leaves returns a new slice of the nodes without children.
func (g *Graph[K]) Leaves() []K {
	var leaves []int32
	for i := range int32(len(g.nodes)) {
		if g.out.degree(i) == 0 {
			leaves = append(leaves, i)
		}
	}
	return g.keysAt(leaves)
}

// Descendants returns a new slice of every node that can be reached from k,
// nearest first. k is among them only when it lies on a cycle.
func (g *Graph[K]) Descendants(k K) []K { return g.reach(&g.out, k) }

// Ancestors returns a new slice of every node from which k can be reached,
// nearest first. k is among them only when it lies on a cycle.
func (g *Graph[K]) Ancestors(k K) []K { return g.reach(&g.in, k) }

func (g *Graph[K]) reach(l *links[K], k K) []K {
	start, known := g.index[k]
	if !known {
		return nil
	}
	seen := make([]bool, len(g.nodes))
	var found []int32
	visit := func(from int32) {
		for _, to := range l.of(from) {
			if !seen[to] {
				seen[to] = true
				found = append(found, to)
			}
		}
	}
	visit(start)
	for at := 0; at < len(found); at++ {
		visit(found[at])
	}
	return g.keysAt(found)
}
