package graph

import "slices"

// PathsMax caps PathCount: the greatest whole number that every JSON reader
// takes exactly.
const PathsMax = 1<<53 - 1

// PathCount returns the number of paths from a node without parents to one
// without children, at most PathsMax. It counts without walking them: their
// number can double with every level. A graph with a cycle has none.
func (g *Graph[K]) PathCount() int64 {
	order, acyclic := g.order()
	if !acyclic {
		return 0
	}
	total, ways := int64(0), make([]int64, len(g.nodes))
	for _, i := range order {
		if g.in.degree(i) == 0 {
			ways[i] = 1
		}
		for _, p := range g.in.of(i) {
			ways[i] = min(PathsMax, ways[i]+ways[p])
		}
		if g.out.degree(i) == 0 {
			total = min(PathsMax, total+ways[i])
		}
	}
	return total
}

// Path is one way from a node without parents to one without children.
type Path[K any] struct {
	Nodes  []K
	Weight float64 // the sum over its nodes
}

// Paths returns the count heaviest paths, the heaviest first, of which
// CriticalPath is the first; weights must be finite. Of equal ones the order is
// always the same. It takes time linear in the edges for a given count, since
// of the paths that end in a node only the count heaviest can go on to be among
// the answer. A graph with a cycle has no paths.
func (g *Graph[K]) Paths(weight func(K) float64, count int) []Path[K] {
	order, acyclic := g.order()
	if !acyclic || count <= 0 {
		return nil
	}
	best := make([][]tail, len(g.nodes))
	var ends []tail
	for _, i := range order {
		best[i] = heaviest(best, g.in.of(i), count)
		own := weight(g.nodes[i])
		if len(best[i]) == 0 {
			best[i] = []tail{{via: absent}}
		}
		for rank := range best[i] {
			best[i][rank].weight += own
		}
		if g.out.degree(i) == 0 {
			ends = append(ends, heaviest(best, []int32{i}, count)...)
		}
	}
	slices.SortStableFunc(ends, tail.compare)
	paths := make([]Path[K], 0, min(count, len(ends)))
	for _, end := range ends[:min(count, len(ends))] {
		paths = append(paths, Path[K]{Nodes: g.keysAt(walk(best, end)), Weight: end.weight})
	}
	return paths
}

// tail is the end of a path: the path that is the rank-th best into via, and
// whatever the owner of the tail adds.
type tail struct {
	weight    float64
	via, rank int32
}

// compare puts the heavier first, then the one through the node given first.
func (t tail) compare(other tail) int {
	switch {
	case t.weight > other.weight:
		return -1
	case t.weight < other.weight:
		return 1
	}
	return int(t.via) - int(other.via)
}

// heaviest returns the count best of the paths into some nodes.
func heaviest(best [][]tail, nodes []int32, count int) []tail {
	var found []tail
	for _, via := range nodes {
		for rank := range best[via] {
			next := tail{best[via][rank].weight, via, int32(rank)}
			if len(found) == count && found[count-1].compare(next) <= 0 {
				break // the further ranks are lighter still
			}
			at, _ := slices.BinarySearchFunc(found, next, tail.compare)
			for at < len(found) && found[at].compare(next) == 0 {
				at++
			}
			found = slices.Insert(found, at, next)
			found = found[:min(count, len(found))]
		}
	}
	return found
}

// walk follows a path back to its start and returns it in forward order.
func walk(best [][]tail, end tail) []int32 {
	var path []int32
	for t := end; t.via != absent; t = best[t.via][t.rank] {
		path = append(path, t.via)
	}
	slices.Reverse(path)
	return path
}
