package graph_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/graph"
)

func name(k string) string { return k }

func none(string) string { return "" }

func TestFanOutAndFanInAreDrawn(t *testing.T) {
	t.Parallel()
	require.Equal(t, strings.Join([]string{
		"●     a",
		"├─●   b",
		"├─│─● c",
		"● │ │ d",
		"○─┴─┘ e",
		"",
	}, "\n"), build("abcde", "ab", "ac", "ad", "be", "ce", "de").Text(name, none))
}

func TestIsolatedNodesAreNotDrawnAsConnected(t *testing.T) {
	t.Parallel()
	require.Equal(t, "○ a\n● b\n● c\n○ d\n", build("abcd", "bc", "cd").Text(name, none))
}

func TestAnnotationsStandInTheirOwnColumn(t *testing.T) {
	t.Parallel()
	g := graph.New([]string{"short", "much_longer"}, []edge{{From: "short", To: "much_longer"}})
	require.Equal(t, "● short        (short)\n○ much_longer  (much_longer)\n",
		g.Text(name, func(k string) string { return "(" + k + ")" }))
}

func TestManyParentsAreNamedInsteadOfDrawn(t *testing.T) {
	t.Parallel()
	g, _ := fan(8)
	text := g.Text(strconv.Itoa, func(int) string { return "" })
	require.Contains(t, text, "○   9  ← 1, 2, 3, 4, 5, 6, 7, 8\n")
}

// fan is one step that fans out to n, which fan in to a last one.
func fan(n int) (*graph.Graph[int], []graph.Edge[int]) {
	nodes := []int{0}
	var edges []graph.Edge[int]
	for i := 1; i <= n; i++ {
		nodes = append(nodes, i)
		edges = append(edges, graph.Edge[int]{From: 0, To: i}, graph.Edge[int]{From: i, To: n + 1})
	}
	return graph.New(append(nodes, n+1), edges), edges
}

func TestLabelsCannotBreakThePicture(t *testing.T) {
	t.Parallel()
	g := graph.New([]string{"a\nb\x1b[31m\u2028\u202e", strings.Repeat("x", 500)}, nil)
	text := g.Text(name, func(string) string { return strings.Repeat("y", 500) })
	require.Equal(t, 2, strings.Count(text, "\n"))
	require.NotContains(t, text, "\x1b")
	for line := range strings.Lines(text) {
		require.LessOrEqual(t, len([]rune(strings.TrimSuffix(line, "\n"))), 100)
	}
}

// decode reads a picture of nodes labelled n0, n1, … back into the edges that it
// shows, drawn or named. It knows the signs but not how they were chosen.
func decode(text string) (edges []graph.Edge[int], err error) {
	owner := map[int]int{} // column of a lane → the node whose children it meets
	current := -1
	for line := range strings.Lines(text) {
		cells := []rune(strings.TrimSuffix(line, "\n"))
		if len(cells) > 100 {
			return nil, fmt.Errorf("%d columns: %s", len(cells), line)
		}
		at := slices.IndexFunc(cells, func(r rune) bool { return r == '●' || r == '○' })
		if at >= 0 {
			start := slices.Index(cells, 'n')
			label, _, _ := strings.Cut(string(cells[start+1:]), " ")
			if current, err = strconv.Atoi(label); err != nil {
				return nil, err
			}
			edges = append(edges, drawn(cells[:start], at, current, owner)...)
		}
		if _, named, found := strings.Cut(line, "← "); found {
			for from := range strings.SplitSeq(strings.TrimRight(named, ",\n"), ", ") {
				id, err := strconv.Atoi(strings.TrimPrefix(from, "n"))
				if err != nil {
					return nil, err
				}
				edges = append(edges, graph.Edge[int]{From: id, To: current})
			}
		}
	}
	return edges, nil
}

// drawn follows the lines of one row and updates the lanes.
func drawn(cells []rune, at, node int, owner map[int]int) (edges []graph.Edge[int]) {
	if above, runs := owner[at]; runs {
		edges = append(edges, graph.Edge[int]{From: above, To: node})
		delete(owner, at)
	}
	follow := func(step int) {
		for c := at + step; c >= 0 && c < len(cells) && cells[c] != ' '; c += step {
			if c%2 == 1 && cells[c] != '─' {
				return
			}
			if strings.ContainsRune("├┤┼└┘┴", cells[c]) {
				edges = append(edges, graph.Edge[int]{From: owner[c], To: node})
			}
			if strings.ContainsRune("└┘┴", cells[c]) {
				delete(owner, c)
			}
		}
	}
	follow(-1)
	follow(1)
	if cells[at] == '●' {
		owner[at] = node
	}
	return edges
}

func sorted(edges []graph.Edge[int]) []graph.Edge[int] {
	s := slices.Clone(edges)
	slices.SortFunc(s, func(a, b graph.Edge[int]) int { return (a.From-b.From)*1000 + a.To - b.To })
	return s
}

func TestEveryEdgeCanBeReadBackFromThePicture(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 45).Draw(t, "nodes")
		cyclic := rapid.IntRange(0, 4).Draw(t, "cyclic") == 0
		set := map[graph.Edge[int]]bool{}
		for range rapid.IntRange(0, 3*n).Draw(t, "edges") {
			e := graph.Edge[int]{From: rapid.IntRange(0, n-1).Draw(t, "from"), To: rapid.IntRange(0, n-1).Draw(t, "to")}
			if cyclic || e.From < e.To {
				set[e] = true
			}
		}
		nodes := make([]int, n)
		for i := range nodes {
			nodes[i] = i
		}
		var edges []graph.Edge[int]
		for e := range set {
			edges = append(edges, e)
		}
		text := graph.New(nodes, edges).Text(func(k int) string { return "n" + strconv.Itoa(k) }, func(int) string { return "" })
		got, err := decode(text)
		require.NoError(t, err)
		require.Equal(t, sorted(edges), sorted(got), "\n%s", text)
	})
}

func TestWideFansStayWithinTheLineAndLoseNoEdge(t *testing.T) {
	t.Parallel()
	g, edges := fan(300)
	got, err := decode(g.Text(func(k int) string { return "n" + strconv.Itoa(k) }, func(int) string { return "" }))
	require.NoError(t, err)
	require.Equal(t, sorted(edges), sorted(got))
}

func TestReadingBackNoticesAMissingLine(t *testing.T) {
	t.Parallel()
	g := graph.New([]int{0, 1, 2}, []graph.Edge[int]{{From: 0, To: 1}, {From: 0, To: 2}, {From: 1, To: 2}})
	text := g.Text(func(k int) string { return "n" + strconv.Itoa(k) }, func(int) string { return "" })
	whole, err := decode(text)
	require.NoError(t, err)
	broken, err := decode(strings.Replace(text, "─", " ", 1))
	require.NoError(t, err)
	require.NotEqual(t, sorted(whole), sorted(broken))
}

func TestMermaidAndDOTCarryEscapedLabelsEdgesAndClasses(t *testing.T) {
	t.Parallel()
	g := graph.New([]string{`say "hi" #1`, "<b>&\n\\x"}, []edge{{From: `say "hi" #1`, To: "<b>&\n\\x"}})
	class := func(k string) string {
		if k[0] == 's' {
			return "complete"
		}
		return "odd class;"
	}
	require.Equal(t, `flowchart TD
  n0["say #quot;hi#quot; #35;1"]:::complete
  n1["#lt;b#gt;#amp;<br/>#92;x"]:::odd_class_
  n0 --> n1
  classDef complete fill:#b2f2bb,stroke:#2f9e44,color:#000
  classDef odd_class_ fill:#ffffff,stroke:#495057,color:#000
`, g.Mermaid(name, class))
	require.Equal(t, `digraph workflow {
  rankdir=TB;
  node [shape=box, style="rounded,filled", fontname="Helvetica"];
  n0 [label="say \"hi\" #1", class="complete", fillcolor="#b2f2bb", color="#2f9e44"];
  n1 [label="<b>&\n\\x", class="odd_class_", fillcolor="#ffffff", color="#495057"];
  n0 -> n1;
}
`, g.DOT(name, class))
	require.NotContains(t, g.Mermaid(name, none), ":::", "no class, no mark")
}
