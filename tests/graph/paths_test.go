package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/graph"
)

// drawDAG draws a DAG over 0 … n-1 whose edges lead upwards.
func drawDAG(t *rapid.T) *graph.Graph[int] {
	n := rapid.IntRange(0, 9).Draw(t, "n")
	var edges []graph.Edge[int]
	for to := range n {
		for from := range to {
			if rapid.IntRange(0, 2).Draw(t, "edge") == 0 {
				edges = append(edges, graph.Edge[int]{From: from, To: to})
			}
		}
	}
	nodes := make([]int, n)
	for i := range nodes {
		nodes[i] = i
	}
	return graph.New(nodes, edges)
}

// allPaths lists every path from root to leaf, as no answer of the package does.
func allPaths(g *graph.Graph[int]) (paths [][]int) {
	var follow func(path []int)
	follow = func(path []int) {
		children := g.Children(path[len(path)-1])
		if len(children) == 0 {
			paths = append(paths, slices.Clone(path))
		}
		for _, child := range children {
			follow(append(slices.Clone(path), child))
		}
	}
	for _, root := range g.Roots() {
		follow([]int{root})
	}
	return paths
}

func TestPathsAreThoseThatListingAllOfThemGives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawDAG(t)
		weights := make([]int, g.Len())
		for i := range weights {
			weights[i] = rapid.IntRange(-3, 9).Draw(t, "weight")
		}
		total := func(path []int) (sum float64) {
			for _, node := range path {
				sum += float64(weights[node])
			}
			return sum
		}
		all := allPaths(g)
		require.Equal(t, int64(len(all)), g.PathCount())
		count := rapid.IntRange(1, 6).Draw(t, "count")
		slices.SortStableFunc(all, func(a, b []int) int { return int(total(b) - total(a)) })
		found := g.Paths(func(node int) float64 { return float64(weights[node]) }, count)
		require.Len(t, found, min(count, len(all)))
		seen := map[string]bool{}
		for i, path := range found {
			require.Equal(t, total(all[i]), path.Weight, "the weights are the greatest, in order")
			require.Equal(t, total(path.Nodes), path.Weight)
			require.Contains(t, all, path.Nodes)
			require.False(t, seen[fmt.Sprint(path.Nodes)], "no path comes twice")
			seen[fmt.Sprint(path.Nodes)] = true
		}
		if len(found) > 0 {
			_, heaviest := g.CriticalPath(func(node int) float64 { return float64(weights[node]) })
			require.Equal(t, heaviest, found[0].Weight)
		}
	})
}

func TestReachesAreCountsOfDescendantsWithAndWithoutCycles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 150).Draw(t, "n") // more than two words of 64
		nodes := make([]int, n)
		for i := range nodes {
			nodes[i] = i
		}
		var edges []graph.Edge[int]
		for range rapid.IntRange(0, 2*n).Draw(t, "edges") {
			a, b := rapid.IntRange(0, n-1).Draw(t, "a"), rapid.IntRange(0, n-1).Draw(t, "b")
			if rapid.IntRange(0, 300).Draw(t, "upwards") > 0 {
				a, b = min(a, b), max(a, b)
			}
			if a != b {
				edges = append(edges, graph.Edge[int]{From: a, To: b})
			}
		}
		g := graph.New(nodes, edges)
		marked := func(node int) bool { return node%3 == 0 }
		for i, reach := range g.Reaches(marked) {
			want := graph.Reach{}
			for _, d := range g.Descendants(nodes[i]) {
				want.Descendants++
				if marked(d) {
					want.Marked++
				}
			}
			require.Equal(t, want, reach, "node %d", i)
		}
	})
}

func TestAGraphWithACycleHasNoPaths(t *testing.T) {
	t.Parallel()
	g := graph.New([]int{1, 2, 3}, []graph.Edge[int]{{From: 1, To: 2}, {From: 2, To: 3}, {From: 3, To: 2}})
	require.Zero(t, g.PathCount())
	require.Empty(t, g.Paths(func(int) float64 { return 1 }, 5))
	require.Equal(t, []graph.Reach{{Descendants: 2}, {Descendants: 2}, {Descendants: 2}}, g.Reaches(func(int) bool { return false }))
	require.Empty(t, graph.New[int](nil, nil).Paths(func(int) float64 { return 1 }, 5))
	require.Empty(t, graph.New([]int{1}, nil).Paths(func(int) float64 { return 1 }, 0))
}

func TestPathsAreCountedUpToWhatEveryReaderTakes(t *testing.T) {
	t.Parallel()
	var nodes []int
	var edges []graph.Edge[int]
	for i := range 200 { // a hundred levels of two, each fully linked to the next
		nodes = append(nodes, i)
		for _, from := range []int{i/2*2 - 2, i/2*2 - 1} {
			edges = append(edges, graph.Edge[int]{From: from, To: i})
		}
	}
	g := graph.New(nodes, edges)
	require.Equal(t, int64(graph.PathsMax), g.PathCount())
	found := g.Paths(func(int) float64 { return 1 }, 5)
	require.Len(t, found, 5)
	require.Len(t, found[4].Nodes, 100)
}
