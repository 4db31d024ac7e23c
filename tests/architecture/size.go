package architecture

import (
	"bufio"
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
)

// The limits, in lines. A reader can hold a function of 70 lines on one screen
// and a file of 400 in one sitting; half of all functions stay far below.
const (
	FunctionLines       = 70
	FunctionMedianLines = 12
	FileLines           = 400
	FileLinesHardStop   = 600
)

// sized are the suffixes of the files whose length counts. A header is a manual
// and a migration is append-only, so neither does.
var sized = []string{".go", ".c", ".py"}

// Allowance maps a file, or a file and function, to the length it may have
// beyond the limit. It is a ratchet: each entry equals the truth, so an excess
// can shrink (and its entry must follow) but not grow.
type Allowance map[string]int

// ParseAllowance reads lines of `path [function] lines`; `#` opens a comment.
func ParseAllowance(text string) (Allowance, error) {
	allowance := Allowance{}
	scanner := bufio.NewScanner(strings.NewReader(text))
	for number := 1; scanner.Scan(); number++ {
		line, _, _ := strings.Cut(scanner.Text(), "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		lines, err := strconv.Atoi(words[len(words)-1])
		if err != nil || len(words) < 2 || len(words) > 3 {
			return nil, fmt.Errorf("allowance, line %d: want `path [function] lines`", number)
		}
		allowance[strings.Join(words[:len(words)-1], " ")] = lines
	}
	return allowance, nil
}

// Sizes reports files and functions beyond their limit that the allowance does
// not name exactly, and entries of the allowance that are no longer true.
func Sizes(allowance Allowance) func(*Tree) []Finding {
	return func(tree *Tree) []Finding {
		excess := map[string]int{}
		var findings []Finding
		for name, lines := range tree.fileLines() {
			if lines > FileLines {
				excess[name] = lines
			}
			if lines > FileLinesHardStop {
				findings = append(findings, found(name, "%d lines; no file may pass %d", lines, FileLinesHardStop))
			}
		}
		for name, lines := range tree.functionLines() {
			if lines > FunctionLines {
				excess[name] = lines
			}
		}
		return append(findings, compare(excess, allowance)...)
	}
}

func compare(excess map[string]int, allowance Allowance) []Finding {
	var findings []Finding
	for _, name := range keys(excess) {
		switch allowed, listed := allowance[name]; {
		case !listed:
			findings = append(findings, found(name, "%d lines: files have at most %d, functions %d", excess[name], FileLines, FunctionLines))
		case allowed < excess[name]:
			findings = append(findings, found(name, "grew from %d to %d lines; an excess may only shrink", allowed, excess[name]))
		case allowed > excess[name]:
			findings = append(findings, found(name, "shrank to %d lines: lower its allowance of %d", excess[name], allowed))
		}
	}
	for _, name := range keys(allowance) {
		if excess[name] == 0 {
			findings = append(findings, found(name, "is within the limit: remove its allowance"))
		}
	}
	return findings
}

// fileLines counts the lines of every hand-written source file.
func (t *Tree) fileLines() map[string]int {
	lines := map[string]int{}
	for _, name := range t.Paths(sized...) {
		if !generated.MatchString(t.Text[name]) {
			lines[name] = strings.Count(t.Text[name], "\n")
		}
	}
	return lines
}

// functionLines measures every hand-written Go and C function, named by file
// and function.
func (t *Tree) functionLines() map[string]int {
	lines := map[string]int{}
	for _, file := range t.Go {
		if file.Generated {
			continue
		}
		for _, declaration := range file.AST.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				lines[file.Path+" "+qualified(function)] = t.lines(function)
			}
		}
	}
	for _, name := range t.Paths(".c") {
		if !generated.MatchString(t.Text[name]) {
			measureC(name, t.Text[name], lines)
		}
	}
	return lines
}

func qualified(function *ast.FuncDecl) string {
	if owner := receiver(function); owner != "" {
		return owner + "." + function.Name.Name
	}
	return function.Name.Name
}

// measureC measures C functions by layout: one begins at the last line in the
// first column before its brace and ends with a brace in the first column.
func measureC(file, text string, lines map[string]int) {
	head, start := "", 0
	for number, line := range strings.Split(text, "\n") {
		switch {
		case line == "}" && head != "":
			lines[file+" "+head] = number - start + 1
			head = ""
		case line != "" && line != "{" && !strings.ContainsAny(line[:1], " \t}#/*"):
			if before, _, isFunction := strings.Cut(line, "("); isFunction {
				words := strings.Fields(strings.ReplaceAll(before, "*", " "))
				head, start = words[len(words)-1], number
			}
		}
	}
}

// Median reports when half of the functions outside tests are longer than the
// median allows.
func Median(tree *Tree) []Finding {
	var lengths []int
	for _, file := range tree.Source() {
		for _, declaration := range file.AST.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && !file.Generated {
				lengths = append(lengths, tree.lines(function))
			}
		}
	}
	if len(lengths) == 0 {
		return nil
	}
	slices.Sort(lengths)
	if median := lengths[len(lengths)/2]; median >= FunctionMedianLines {
		return []Finding{found(path.Clean("."), "the median function has %d lines; it stays under %d", median, FunctionMedianLines)}
	}
	return nil
}
