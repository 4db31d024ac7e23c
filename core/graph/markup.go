package graph

import (
	"fmt"
	"slices"
	"strings"
)

// colour is how nodes of one class are painted.
type colour struct{ fill, stroke string }

// colours by class: the six states of a step and two that insight adds. The
// fills are light enough for black text and differ in lightness too, for
// readers who do not see all colours.
var colours = map[string]colour{
	"pending":           {"#f1f3f5", "#868e96"},
	"ready":             {"#fff3bf", "#f08c00"},
	"in_progress":       {"#a5d8ff", "#1971c2"},
	"complete":          {"#b2f2bb", "#2f9e44"},
	"error":             {"#ffc9c9", "#c92a2a"},
	"blocked":           {"#eebefa", "#862e9c"},
	"cancelled":         {"#ced4da", "#495057"},
	"resolved_manually": {"#c3fae8", "#087f5b"},
}

// plainColour paints classes that the table lacks.
var plainColour = colour{"#ffffff", "#495057"}

func colourOf(class string) colour {
	if c, known := colours[class]; known {
		return c
	}
	return plainColour
}

// Mermaid returns the graph as a Mermaid flowchart. label gives a node's text,
// class its class, such as its state, or nothing; letters outside a-z, 0-9 and
// _ in a class become _.
func (g *Graph[K]) Mermaid(label, class func(K) string) string {
	var out strings.Builder
	out.WriteString("flowchart TD\n")
	var used []string
	for i, k := range g.nodes {
		fmt.Fprintf(&out, "  n%d[\"%s\"]", i, mermaidText(label(k)))
		if c := className(class(k)); c != "" {
			fmt.Fprintf(&out, ":::%s", c)
			used = append(used, c)
		}
		out.WriteByte('\n')
	}
	g.writeEdges(&out, "  n%d --> n%d\n")
	slices.Sort(used)
	for _, c := range slices.Compact(used) {
		paint := colourOf(c)
		fmt.Fprintf(&out, "  classDef %s fill:%s,stroke:%s,color:#000\n", c, paint.fill, paint.stroke)
	}
	return out.String()
}

// DOT returns the graph in the language of Graphviz. label and class are as in
// Mermaid.
func (g *Graph[K]) DOT(label, class func(K) string) string {
	var out strings.Builder
	out.WriteString("digraph workflow {\n  rankdir=TB;\n  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\"];\n")
	for i, k := range g.nodes {
		c := className(class(k))
		paint := colourOf(c)
		fmt.Fprintf(&out, "  n%d [label=\"%s\", class=\"%s\", fillcolor=\"%s\", color=\"%s\"];\n",
			i, dotText(label(k)), c, paint.fill, paint.stroke)
	}
	g.writeEdges(&out, "  n%d -> n%d;\n")
	out.WriteString("}\n")
	return out.String()
}

func (g *Graph[K]) writeEdges(out *strings.Builder, format string) {
	for from := range int32(len(g.nodes)) {
		for _, to := range g.out.of(from) {
			fmt.Fprintf(out, format, from, to)
		}
	}
}

// className keeps what is safe as a class in both languages.
func className(class string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, class)
}

// mermaidText escapes a label with Mermaid's entity codes, which begin with #;
// the ampersand and the angle brackets would be read as HTML.
func mermaidText(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.NewReplacer("#", "#35;", `"`, "#quot;", "&", "#amp;", "<", "#lt;", ">", "#gt;",
			"`", "#96;", `\`, "#92;").Replace(string(plain(line)))
	}
	return strings.Join(lines, "<br/>")
}

// dotText escapes a label for a quoted string of DOT.
func dotText(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(string(plain(line)))
	}
	return strings.Join(lines, `\n`)
}
