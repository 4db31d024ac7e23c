package architecture

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// Imports holds every import against the Table.
func Imports(tree *Tree) []Finding {
	var findings []Finding
	for _, file := range tree.Go {
		if inTests(file.Dir) {
			continue
		}
		rule, listed := Table[file.Dir]
		if !listed {
			findings = append(findings, found(file.Path, "package %s is not in the import table", file.Dir))
			continue
		}
		for _, spec := range file.AST.Imports {
			if message := rule.judge(file, unquote(spec.Path.Value)); message != "" {
				findings = append(findings, tree.At(spec, "%s", message))
			}
		}
	}
	return findings
}

// judge says what is wrong with one import, or nothing.
func (r Rule) judge(file *File, imported string) string {
	own, ours := strings.CutPrefix(imported, Module+"/")
	switch {
	case ours && inTests(own):
		return "nothing outside tests/ may import " + own
	case ours && own == file.Dir && file.Test:
		return ""
	case ours && !slices.Contains(r.Packages, own):
		return file.Dir + " may not import " + own
	case !ours && !isStandard(imported) && !slices.ContainsFunc(r.Modules, func(m string) bool { return within(imported, m) }):
		return file.Dir + " may not import the module of " + imported
	}
	return ""
}

// Unused reports rows of the table that grant what nobody needs: a package that
// does not exist may not be listed by others, and a module nobody imports goes.
func Unused(tree *Tree) []Finding {
	used := map[string][]string{}
	for _, file := range tree.Source() {
		for _, spec := range file.AST.Imports {
			used[file.Dir] = append(used[file.Dir], unquote(spec.Path.Value))
		}
	}
	var findings []Finding
	for _, dir := range keys(used) {
		for _, module := range Table[dir].Modules {
			if !slices.ContainsFunc(used[dir], func(imported string) bool { return within(imported, module) }) {
				findings = append(findings, found(dir, "the table grants module %s, which is not imported", module))
			}
		}
	}
	return findings
}

// Confine reports imports that are legal in few packages, found elsewhere.
func Confine(tree *Tree) []Finding {
	var findings []Finding
	for _, file := range tree.Go {
		for _, spec := range file.AST.Imports {
			imported := unquote(spec.Path.Value)
			for _, confined := range keys(Confined) {
				places := Confined[confined]
				inside := slices.Contains(places, file.Dir) || (inTests(file.Dir) && confined != "C")
				if within(imported, confined) && !inside {
					findings = append(findings, tree.At(spec, "%s belongs to %s only", imported, strings.Join(places, ", ")))
				}
			}
		}
	}
	return findings
}

// isStandard tells the standard library: its paths have no dot in the first element.
func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// within reports whether a path is a module's own or below it.
func within(imported, module string) bool {
	return imported == module || strings.HasPrefix(imported, module+"/")
}

func unquote(literal string) string {
	text, err := strconv.Unquote(literal)
	if err != nil {
		return path.Clean(literal)
	}
	return text
}
