package architecture

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

// banned are directory names that say nothing about what a package provides.
var banned = []string{
	"models", "utils", "common", "helpers", "types", "base", "shared", "misc", "internal", "repositories", "services",
}

// markers of unfinished work. Written in two parts, or this file would be found.
var markers = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)

// Names reports directories that are named for a kind of code, not for what
// they provide.
func Names(tree *Tree) []Finding {
	seen := map[string]bool{}
	var findings []Finding
	for _, name := range tree.Paths() {
		for dir := path.Dir(name); dir != "." && !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			base := strings.ToLower(path.Base(dir))
			if slices.Contains(banned, base) || strings.HasSuffix(base, "util") || strings.HasSuffix(base, "utils") {
				findings = append(findings, found(dir, "a directory is named for what it provides"))
			}
		}
	}
	return findings
}

// Markers reports leftover marks of unfinished work in any file.
func Markers(tree *Tree) []Finding {
	var findings []Finding
	for _, name := range tree.Paths() {
		for number, line := range strings.Split(tree.Text[name], "\n") {
			if mark := markers.FindString(line); mark != "" {
				findings = append(findings, found(fmt.Sprintf("%s:%d", name, number+1), "leftover marker %s", mark))
			}
		}
	}
	return findings
}

// External reports tests that are not external packages, tests outside tests/
// that are more than an example, and tests that skip themselves: a part that is
// missing must fail.
func External(tree *Tree) []Finding {
	var findings []Finding
	for _, file := range tree.Go {
		if !file.Test {
			continue
		}
		if !strings.HasSuffix(file.AST.Name.Name, "_test") {
			findings = append(findings, found(file.Path, "package %s: tests are external packages", file.AST.Name.Name))
		}
		if !inTests(file.Dir) && path.Base(file.Path) != "example_test.go" {
			findings = append(findings, found(file.Path, "tests live under tests/; only example_test.go stands beside the code"))
		}
		ast.Inspect(file.AST, func(node ast.Node) bool {
			if name := method(node); slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, name) {
				findings = append(findings, tree.At(node, "a test may not skip itself"))
			}
			return true
		})
	}
	return findings
}

// method names the method that a node calls, or nothing.
func method(node ast.Node) string {
	call, ok := node.(*ast.CallExpr)
	if !ok {
		return ""
	}
	if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
		return selector.Sel.Name
	}
	return ""
}
