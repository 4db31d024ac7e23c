package graph

import "math/bits"

// Reach is how far a node reaches.
type Reach struct {
	Descendants int // nodes that can be reached from it, itself only on a cycle
	Marked      int // those of them that were marked
}

// Reaches returns how far each node reaches, in the order of Nodes. Without a
// cycle it takes one pass over the edges for every 64 nodes, in memory linear in
// the nodes; with one, a walk from every node.
func (g *Graph[K]) Reaches(marked func(K) bool) []Reach {
	marks := make([]bool, len(g.nodes))
	for i, k := range g.nodes {
		marks[i] = marked(k)
	}
	order, acyclic := g.order()
	if !acyclic {
		return g.walks(marks)
	}
	reaches := make([]Reach, len(g.nodes))
	seen := make([]uint64, len(g.nodes)) // which of the 64 each node reaches or is
	for first := 0; first < len(g.nodes); first += 64 {
		chosen := uint64(0)
		for i := first; i < min(first+64, len(g.nodes)); i++ {
			if marks[i] {
				chosen |= 1 << (i - first)
			}
		}
		for at := len(order) - 1; at >= 0; at-- {
			from, found := order[at], uint64(0)
			for _, to := range g.out.of(from) {
				found |= seen[to]
			}
			reaches[from].Descendants += bits.OnesCount64(found)
			reaches[from].Marked += bits.OnesCount64(found & chosen)
			if own := int(from) - first; own >= 0 && own < 64 {
				found |= 1 << own
			}
			seen[from] = found
		}
	}
	return reaches
}

// walks is Reaches by one walk from every node.
func (g *Graph[K]) walks(marks []bool) []Reach {
	reaches := make([]Reach, len(g.nodes))
	for i, k := range g.nodes {
		found := g.Descendants(k)
		reaches[i].Descendants = len(found)
		for _, d := range found {
			if marks[g.index[d]] {
				reaches[i].Marked++
			}
		}
	}
	return reaches
}
