package graph_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/graph"
)

type edge = graph.Edge[string]

// build makes a graph of one-letter nodes from edges such as "ab".
func build(nodes string, edges ...string) *graph.Graph[string] {
	var ks []string
	for _, r := range nodes {
		ks = append(ks, string(r))
	}
	var es []edge
	for _, e := range edges {
		es = append(es, edge{From: e[:1], To: e[1:]})
	}
	return graph.New(ks, es)
}

func TestValidityCasesOfTheWorkflowShapesSheet(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"a", "a"}, build("a", "aa").Cycle(), "G1: a self edge is a cycle")
	require.Equal(t, []string{"a", "b", "a"}, build("ab", "ab", "ba").Cycle(), "G2: so is a reverse edge")
	require.Equal(t, []string{"a", "b", "c", "a"}, build("abc", "ab", "bc", "ca").Cycle(), "G3: so is an indirect one")

	several := build("abcd", "ab", "bd", "ac", "cd", "ad")
	require.Nil(t, several.Cycle(), "G4: several paths are no cycle")
	require.Equal(t, map[string]int{"a": 0, "b": 1, "c": 1, "d": 2}, several.Levels(), "G4: the level is the longest path")
	require.Equal(t, 1, several.Depths()["d"], "the depth is the shortest one")

	siblings := build("abxyz", "ax", "bx", "ay", "by", "az")
	require.Equal(t, siblings.Parents("x"), siblings.Parents("y"), "G5: siblings have the same parents")
	require.NotEqual(t, siblings.Parents("x"), siblings.Parents("z"), "G5: one common parent of two is not enough")

	circular := build("abc", "ab", "bc", "cb")
	require.Nil(t, circular.Order(), "G6: no topological order")
	require.Zero(t, circular.Width())
	path, total := circular.CriticalPath(func(string) float64 { return 1 })
	require.Nil(t, path)
	require.Zero(t, total)

	require.Equal(t, []string{"a", "b"}, build("abcd", "bc", "cd").Roots(), "G7: components may be disconnected")
	unknown := build("ab", "ab", "?b", "a!")
	require.Equal(t, 2, unknown.Foreign(), "G8: edges to unknown nodes are counted")
	require.Equal(t, 1, unknown.EdgeCount(), "G8: and left out")
	require.Equal(t, 1, build("ab", "ab", "ab").EdgeCount(), "G10: a repeated dependency is one edge")
}

func TestChainOfHundredThousandStepsIsAnswered(t *testing.T) {
	t.Parallel()
	const n = 100_000 // G9, with room: recursion or a quadratic step would show
	nodes := make([]int, n)
	var edges []graph.Edge[int]
	for i := range nodes {
		nodes[i] = i
		if i > 0 {
			edges = append(edges, graph.Edge[int]{From: i - 1, To: i})
		}
	}
	g := graph.New(nodes, edges)
	require.Nil(t, g.Cycle())
	require.Equal(t, n-1, g.Levels()[n-1])
	require.Equal(t, n-1, g.Depths()[n-1])
	require.Equal(t, nodes, g.Order())
	require.Len(t, g.Descendants(0), n-1)
	path, total := g.CriticalPath(func(int) float64 { return 0.5 })
	require.Len(t, path, n)
	require.InDelta(t, n/2, total, 1e-6)
	require.Len(t, graph.New(nodes, append(edges, graph.Edge[int]{From: n - 1, To: 0})).Cycle(), n+1)
}

func TestLevelsFollowOnlyPathsFromRoots(t *testing.T) {
	t.Parallel()
	require.Empty(t, build("b", "xb").Levels(), "a child of a foreign step alone has no level (L1, L3)")
	require.Equal(t, []string{"b"}, build("b", "xb").Order(), "but it has a place in the order")
	require.Equal(t, map[string]int{"a": 0, "c": 1}, build("axyc", "xy", "yx", "yc", "ac").Levels(),
		"a cycle that no root reaches does not count for its children")
	require.Equal(t, map[string]int{"a": 0}, build("abcd", "ab", "bc", "cb", "cd").Levels(),
		"a cycle that a root reaches has no longest path, nor has what lies behind")
}

func TestAnswersForUnknownNodesAndEmptyGraphsAreEmpty(t *testing.T) {
	t.Parallel()
	g := build("")
	require.Zero(t, g.Len())
	require.False(t, g.Has("a"))
	require.Empty(t, g.Nodes())
	require.Empty(t, g.Parents("a"))
	require.Empty(t, g.Children("a"))
	require.Empty(t, g.Descendants("a"))
	require.Empty(t, g.Order())
	require.Nil(t, g.Cycle())
	require.Zero(t, g.Width())
	require.Empty(t, g.Text(name, none))
}

func TestCriticalPathPrefersTheNodesGivenFirst(t *testing.T) {
	t.Parallel()
	one := func(string) float64 { return 1 }
	path, total := build("abcd", "ac", "ab", "bd", "cd").CriticalPath(one)
	require.Equal(t, []string{"a", "b", "d"}, path)
	require.InDelta(t, 3, total, 0)
	path, _ = build("abcd", "ac", "ab", "bd", "cd").CriticalPath(func(k string) float64 {
		return map[string]float64{"c": 2}[k]
	})
	require.Equal(t, []string{"a", "c", "d"}, path)
}

func TestReturnedSlicesCannotBeAppendedIntoTheGraph(t *testing.T) {
	t.Parallel()
	g := build("abc", "ab", "bc")
	_ = append(g.Children("a"), "x")
	_ = append(g.Nodes(), "x")
	require.Equal(t, []string{"c"}, g.Children("b"))
	require.Equal(t, 3, g.Len())
}

// model is the same graph in the plainest form: a matrix.
type model struct {
	n    int
	edge [][]bool
}

// draw generates a graph and its model. Dense and cyclic graphs are included.
func draw(t *rapid.T, cyclic bool) (*graph.Graph[int], model) {
	n := rapid.IntRange(0, 9).Draw(t, "nodes")
	m := model{n: n, edge: make([][]bool, n)}
	nodes := make([]int, n)
	var edges []graph.Edge[int]
	for i := range n {
		nodes[i] = i
		m.edge[i] = make([]bool, n)
	}
	for i := range n {
		for j := range n {
			if (cyclic || i < j) && rapid.IntRange(0, 3).Draw(t, "edge") == 0 {
				m.edge[i][j] = true
				edges = append(edges, graph.Edge[int]{From: i, To: j})
			}
		}
	}
	return graph.New(nodes, edges), m
}

// paths visits every simple path from a node, the naive way.
func (m model) paths(from int, path []int, visit func([]int)) {
	path = append(path, from)
	visit(path)
	for to := range m.n {
		if m.edge[from][to] && !slices.Contains(path, to) {
			m.paths(to, path, visit)
		}
	}
}

func (m model) roots() (roots []int) {
	for j := range m.n {
		free := true
		for i := range m.n {
			free = free && !m.edge[i][j]
		}
		if free {
			roots = append(roots, j)
		}
	}
	return roots
}

func TestAcyclicGraphsAgreeWithANaiveModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, m := draw(t, false)
		longest, shortest := map[int]int{}, map[int]int{}
		weight := func(k int) float64 { return float64(k*7%5 + 1) }
		heaviest := math.Inf(-1)
		for _, r := range m.roots() {
			m.paths(r, nil, func(path []int) {
				end, length, total := path[len(path)-1], len(path)-1, 0.0
				for _, k := range path {
					total += weight(k)
				}
				longest[end] = max(longest[end], length)
				if s, known := shortest[end]; !known || length < s {
					shortest[end] = length
				}
				heaviest = max(heaviest, total)
			})
		}
		require.Equal(t, longest, g.Levels())
		require.Equal(t, shortest, g.Depths())
		require.Equal(t, len(m.roots()), len(g.Roots()))
		require.Nil(t, g.Cycle())
		requireOrder(t, g, longest)
		path, total := g.CriticalPath(weight)
		if m.n > 0 {
			require.InDelta(t, heaviest, total, 1e-9)
			requirePath(t, m, path)
		}
	})
}

func requireOrder(t *rapid.T, g *graph.Graph[int], levels map[int]int) {
	order := g.Order()
	require.Len(t, order, g.Len())
	count := map[int]int{}
	for at, k := range order {
		count[levels[k]]++
		if at > 0 {
			before := order[at-1]
			require.True(t, levels[before] < levels[k] || levels[before] == levels[k] && before < k)
		}
	}
	widest := 0
	for _, n := range count {
		widest = max(widest, n)
	}
	require.Equal(t, widest, g.Width())
}

func requirePath(t *rapid.T, m model, path []int) {
	for i := 1; i < len(path); i++ {
		require.True(t, m.edge[path[i-1]][path[i]], "%v is no path", path)
	}
}

func TestCyclesAreFoundExactlyWhenThereAreAny(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, m := draw(t, true)
		reachable := func(k int) []int {
			set := map[int]bool{}
			m.paths(k, nil, func(path []int) {
				for to := range m.n {
					if m.edge[path[len(path)-1]][to] {
						set[to] = true
					}
				}
			})
			var list []int
			for i := range m.n {
				if set[i] {
					list = append(list, i)
				}
			}
			return list
		}
		cyclic := false
		for k := range m.n {
			cyclic = cyclic || slices.Contains(reachable(k), k)
			require.ElementsMatch(t, reachable(k), g.Descendants(k))
			for _, d := range g.Descendants(k) {
				require.Contains(t, g.Ancestors(d), k)
			}
		}
		cycle := g.Cycle()
		require.Equal(t, cyclic, cycle != nil)
		require.Equal(t, cyclic, g.Order() == nil && m.n > 0)
		if cyclic {
			require.Equal(t, cycle[0], cycle[len(cycle)-1])
			requirePath(t, m, cycle)
			require.Equal(t, slices.Min(cycle), cycle[0])
		}
	})
}

func TestTheModelComparisonCanFail(t *testing.T) {
	t.Parallel()
	g, wrong := build("abc", "ab", "bc"), build("abc", "ab", "ac")
	require.NotEqual(t, wrong.Levels(), g.Levels(), "two different graphs must not look alike to the tests above")
	require.NotEqual(t, wrong.Depths(), g.Depths())
}
