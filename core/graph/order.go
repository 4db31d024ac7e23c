package graph

import "cmp"

// absent is the level of a node that has none.
const absent = int32(-1)

// Levels returns each node's level: the length of the longest path from a root
// (readiness sheet, rules L1 to L3). Nodes that no root reaches have none, nor
// have nodes on a cycle or behind one that a root reaches, since no path to
// them is the longest. The map is the caller's.
func (g *Graph[K]) Levels() map[K]int {
	levels, _ := g.levels(g.roots(false))
	return g.byKey(levels)
}

// Depths returns each node's depth: the length of the shortest path from a
// root. Nodes that no root reaches have none. The map is the caller's.
func (g *Graph[K]) Depths() map[K]int {
	depths, _ := g.depths(g.roots(false))
	return g.byKey(depths)
}

func (g *Graph[K]) byKey(values []int32) map[K]int {
	m := make(map[K]int, len(values))
	for i, v := range values {
		if v != absent {
			m[g.nodes[i]] = int(v)
		}
	}
	return m
}

// depths walks the graph breadth first and returns the depths and the nodes in
// the order of the visit.
func (g *Graph[K]) depths(roots []int32) (depths, visited []int32) {
	depths = filled(len(g.nodes), absent)
	visited = append(visited, roots...)
	for _, r := range roots {
		depths[r] = 0
	}
	for at := 0; at < len(visited); at++ {
		from := visited[at]
		for _, to := range g.out.of(from) {
			if depths[to] == absent {
				depths[to] = depths[from] + 1
				visited = append(visited, to)
			}
		}
	}
	return depths, visited
}

// levels is Kahn's algorithm over the part that the roots reach: a node is
// placed when its last parent in that part is. Parents outside that part do not
// count, as in the SQL function, which follows paths from the roots. It returns
// the levels and the placed nodes in topological order.
func (g *Graph[K]) levels(roots []int32) (levels, placed []int32) {
	_, reached := g.depths(roots)
	waiting := make([]int32, len(g.nodes))
	for _, from := range reached {
		for _, to := range g.out.of(from) {
			waiting[to]++
		}
	}
	levels = filled(len(g.nodes), absent)
	longest := make([]int32, len(g.nodes))
	placed = append(placed, roots...)
	for at := 0; at < len(placed); at++ {
		from := placed[at]
		levels[from] = longest[from]
		for _, to := range g.out.of(from) {
			longest[to] = max(longest[to], longest[from]+1)
			if waiting[to]--; waiting[to] == 0 {
				placed = append(placed, to)
			}
		}
	}
	return levels, placed
}

func filled(n int, value int32) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = value
	}
	return s
}

// Order returns a new slice of all nodes in topological order, by level and
// within a level as given to New, so that equal inputs give equal orders. A
// foreign parent holds nothing back. The order of a graph with a cycle is nil.
func (g *Graph[K]) Order() []K {
	order, acyclic := g.order()
	if !acyclic {
		return nil
	}
	return g.keysAt(order)
}

// order returns every node: first those that have a level, by level, then the
// rest as given. It also tells whether the graph is free of cycles.
func (g *Graph[K]) order() ([]int32, bool) {
	levels, placed := g.levels(g.roots(true))
	count := make([]int32, len(g.nodes)+2)
	for i := range levels {
		if levels[i] == absent {
			levels[i] = int32(len(g.nodes)) // behind every true level
		}
		count[levels[i]+1]++
	}
	for i := range len(g.nodes) + 1 {
		count[i+1] += count[i]
	}
	order := make([]int32, len(g.nodes))
	for i, level := range levels {
		order[count[level]] = int32(i)
		count[level]++
	}
	return order, len(placed) == len(g.nodes)
}

// Width returns the number of nodes on the fullest level: how many steps can
// run at once at most when all steps of a level run together. It is 0 for a
// graph with a cycle.
func (g *Graph[K]) Width() int {
	levels, placed := g.levels(g.roots(true))
	if len(placed) < len(g.nodes) {
		return 0
	}
	count := make([]int, len(g.nodes))
	widest := 0
	for _, level := range levels {
		count[level]++
		widest = max(widest, count[level])
	}
	return widest
}

// CriticalPath returns the path from a root to a leaf with the greatest total
// weight, and that total, in the unit of weight; weights must be finite. Of
// equal paths the one through the nodes given first wins. An empty graph or one
// with a cycle has no critical path.
func (g *Graph[K]) CriticalPath(weight func(K) float64) ([]K, float64) {
	order, acyclic := g.order()
	if !acyclic || len(order) == 0 {
		return nil, 0
	}
	total := make([]float64, len(g.nodes))
	via := filled(len(g.nodes), absent)
	last := absent
	for _, i := range order {
		for _, p := range g.in.of(i) {
			if via[i] == absent || heavier(total, p, via[i]) {
				via[i] = p
			}
		}
		total[i] = weight(g.nodes[i])
		if via[i] != absent {
			total[i] += total[via[i]]
		}
		if g.out.degree(i) == 0 && (last == absent || heavier(total, i, last)) {
			last = i
		}
	}
	return g.keysAt(backwards(via, last)), total[last]
}

// heavier reports whether node a beats node b, ties going to the one given
// first.
func heavier(total []float64, a, b int32) bool {
	return cmp.Or(cmp.Compare(total[a], total[b]), cmp.Compare(b, a)) > 0
}

// backwards follows the predecessors from last and returns the path in forward
// order.
func backwards(via []int32, last int32) []int32 {
	n := 0
	for i := last; i != absent; i = via[i] {
		n++
	}
	path := make([]int32, n)
	for i := last; i != absent; i = via[i] {
		n--
		path[n] = i
	}
	return path
}
