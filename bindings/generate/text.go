package main

import "strings"

// paragraph is one part of an operation's text: prose to be wrapped, or an
// example to be kept as it is.
type paragraph struct {
	text    string
	example bool
}

// paragraphs splits the text of a table row: an empty line separates
// paragraphs, an indented line is an example.
func paragraphs(doc string) []paragraph {
	var list []paragraph
	var prose []string
	flush := func() {
		if len(prose) > 0 {
			list = append(list, paragraph{text: strings.Join(prose, " ")})
			prose = nil
		}
	}
	for line := range strings.SplitSeq(doc, "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			flush()
		case strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "\t"):
			flush()
			list = append(list, paragraph{text: strings.TrimSpace(line), example: true})
		default:
			prose = append(prose, strings.TrimSpace(line))
		}
	}
	flush()
	return list
}

// firstSentence is the text up to its first full stop.
func firstSentence(doc string) string {
	text := paragraphs(doc)[0].text
	if end := strings.Index(text, ". "); end >= 0 {
		return text[:end+1]
	}
	return text
}

// wrap breaks text at spaces into lines of at most width characters, counted
// in bytes; the lines after the first are indented by hang spaces.
func wrap(text string, width, hang int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines = append(lines, line)
			line = strings.Repeat(" ", hang) + word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// wrapExample breaks an example into lines, after a comma where it can, and
// leaves the spaces inside texts alone.
func wrapExample(text string, width int) []string {
	if len(text) <= width {
		return []string{text}
	}
	cut := strings.LastIndex(text[:width], ", ") + 1
	if cut == 0 {
		cut = strings.LastIndex(text[:width], " ")
	}
	if cut <= 0 {
		return []string{text}
	}
	return append([]string{text[:cut]}, wrapExample(strings.TrimPrefix(text[cut:], " "), width)...)
}

// described is the comment on a type without the type's name, which stands
// before it already.
func described(name, doc string) string {
	return strings.TrimPrefix(strings.TrimPrefix(doc, name+" "), "is ")
}

// upper is a name as a C constant.
func upper(name string) string { return strings.ToUpper(name) }
