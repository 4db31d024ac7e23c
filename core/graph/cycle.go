package graph

// Cycle returns one cycle as a path that ends where it begins, such as
// a, b, c, a; a self edge gives a, a; nil means that there is none. It is a
// shortest cycle through one of its nodes and starts with the node that was
// given first, so that a message made of it is short and always the same.
func (g *Graph[K]) Cycle() []K {
	node := g.onCycle()
	if node == absent {
		return nil
	}
	path := g.roundTrip(node)
	first := 0
	for at, id := range path {
		if id < path[first] {
			first = at
		}
	}
	turned := append(append([]int32(nil), path[first:]...), path[:first]...)
	return g.keysAt(append(turned, turned[0]))
}

// onCycle returns a node of some cycle, or absent. Taking away nodes without
// parents until none is left leaves only nodes that have a parent among the
// rest; walking from parent to parent must then come round.
func (g *Graph[K]) onCycle() int32 {
	waiting := make([]int32, len(g.nodes))
	for i := range waiting {
		waiting[i] = g.in.degree(int32(i))
	}
	free := g.roots(true)
	for at := 0; at < len(free); at++ {
		for _, to := range g.out.of(free[at]) {
			if waiting[to]--; waiting[to] == 0 {
				free = append(free, to)
			}
		}
	}
	if len(free) == len(g.nodes) {
		return absent
	}
	node := int32(0)
	for waiting[node] == 0 {
		node++
	}
	for seen := make([]bool, len(g.nodes)); !seen[node]; {
		seen[node] = true
		node = g.waitingParent(node, waiting)
	}
	return node
}

// waitingParent returns a parent of node that was not taken away.
func (g *Graph[K]) waitingParent(node int32, waiting []int32) int32 {
	for _, p := range g.in.of(node) {
		if waiting[p] > 0 {
			return p
		}
	}
	return absent
}

// roundTrip returns a shortest path from node back to node, breadth first,
// without its last element. The node must lie on a cycle.
func (g *Graph[K]) roundTrip(node int32) []int32 {
	via := filled(len(g.nodes), absent)
	seen := make([]bool, len(g.nodes))
	queue := []int32{node}
	for at := 0; at < len(queue); at++ {
		from := queue[at]
		for _, to := range g.out.of(from) {
			if to == node {
				return backwards(via, from)
			}
			if !seen[to] {
				seen[to] = true
				via[to] = from
				queue = append(queue, to)
			}
		}
	}
	return nil
}
