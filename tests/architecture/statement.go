package architecture

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

const contract = "core/store"

var (
	statementName = regexp.MustCompile(`(?m)^-- name: (\w+)[ \t]*$`)
	onlyHere      = regexp.MustCompile(`(?m)^-- only: \S`)
	sqlComment    = regexp.MustCompile(`--[^\n]*`)

	// ambient are words by which a statement would take time or chance from the
	// database; both are parameters.
	ambient = regexp.MustCompile(`(?i)\b(now|random|randomblob|gen_random_uuid|clock_timestamp|unixepoch|julianday)\s*\(|` +
		`\bcurrent_(timestamp|date|time)\b|'now'`)

	// sqlText matches a Go string that is a statement rather than a fragment.
	sqlText = regexp.MustCompile(`(?is)^\s*(select\s.*\sfrom\s|insert\s+(or\s+\w+\s+)?into\s|update\s+\w+\s+set\s|` +
		`delete\s+from\s|with\s+\w+\s*(\(.*\)\s*)?as\s|(create|drop|alter)\s+(temp\s|unique\s)?\s*(table|index|view|trigger)\s)`)

	// catalogue marks what a store asks about a database that may not have a
	// table of ours yet.
	catalogue = regexp.MustCompile(`\b(sqlite_schema|pragma_\w+|pg_catalog)\b`)

	migrationName = regexp.MustCompile(`^(\d{4,5})_(\w+)\.sql$`)
)

// dialects are the stores that are present: folders below the contract with SQL.
func (t *Tree) dialects() []string {
	var dialects []string
	for _, name := range t.Paths(".sql") {
		if dir := path.Dir(name); path.Dir(dir) == contract && !slices.Contains(dialects, dir) {
			dialects = append(dialects, dir)
		}
	}
	return dialects
}

// contractMethods are the methods of the interfaces of the contract, and the
// files that declare one: those are the noun files.
func (t *Tree) contractMethods() (methods, nouns []string) {
	for _, file := range t.Go {
		if file.Dir != contract || file.Test {
			continue
		}
		ast.Inspect(file.AST, func(node ast.Node) bool {
			declared, ok := node.(*ast.InterfaceType)
			if !ok {
				return true
			}
			for _, field := range declared.Methods.List {
				for _, name := range field.Names {
					methods = append(methods, name.Name)
				}
			}
			if !slices.Contains(nouns, path.Base(file.Path)) {
				nouns = append(nouns, path.Base(file.Path))
			}
			return true
		})
	}
	return methods, nouns
}

// Twins reports noun files of the contract that a store lacks.
func Twins(tree *Tree) []Finding {
	_, nouns := tree.contractMethods()
	var findings []Finding
	for _, dialect := range tree.dialects() {
		for _, noun := range nouns {
			if _, present := tree.Text[path.Join(dialect, noun)]; !present {
				findings = append(findings, found(dialect, "%s/%s has no twin here", contract, noun))
			}
		}
	}
	return findings
}

// Statements reports SQL that is not a named statement, names that no method of
// the contract bears, names used twice, and statements that one dialect lacks
// without an `-- only:` reason. A method of several statements names each by
// the method and a suffix: TaskInsert, TaskInsertCounters.
func Statements(tree *Tree) []Finding {
	methods, _ := tree.contractMethods()
	named := map[string]map[string]string{} // dialect, statement, file
	var findings []Finding
	for _, dialect := range tree.dialects() {
		named[dialect] = map[string]string{}
		for _, file := range tree.Paths(".sql") {
			if path.Dir(file) != dialect {
				continue
			}
			if head, _, _ := strings.Cut(tree.Text[file], "-- name:"); strings.TrimSpace(sqlComment.ReplaceAllString(head, "")) != "" {
				findings = append(findings, found(file, "SQL before the first `-- name:`"))
			}
			for _, match := range statementName.FindAllStringSubmatch(tree.Text[file], -1) {
				name := match[1]
				if !slices.ContainsFunc(methods, func(method string) bool { return strings.HasPrefix(name, method) }) {
					findings = append(findings, found(file, "statement %s is named like no method of the contract", name))
				}
				if other := named[dialect][name]; other != "" {
					findings = append(findings, found(file, "statement %s is already in %s", name, other))
				}
				named[dialect][name] = file
			}
		}
	}
	return append(findings, tree.compareDialects(named)...)
}

func (t *Tree) compareDialects(named map[string]map[string]string) []Finding {
	var findings []Finding
	for _, dialect := range keys(named) {
		for _, other := range keys(named) {
			for _, name := range keys(named[dialect]) {
				file := named[dialect][name]
				if named[other][name] == "" && !onlyHere.MatchString(t.statement(file, name)) {
					findings = append(findings, found(file, "statement %s is missing in %s; `-- only:` says why", name, other))
				}
			}
		}
	}
	return findings
}

// statement is the text of one named statement.
func (t *Tree) statement(file, name string) string {
	_, text, _ := strings.Cut(t.Text[file], "-- name: "+name+"\n")
	text, _, _ = strings.Cut(text, "-- name:")
	return text
}

// Ambient reports statements of the stores that read a clock or roll dice.
func Ambient(tree *Tree) []Finding {
	var findings []Finding
	for _, file := range tree.Paths(".sql") {
		if !slices.Contains(tree.dialects(), path.Dir(file)) {
			continue
		}
		for _, word := range ambient.FindAllString(sqlComment.ReplaceAllString(tree.Text[file], ""), -1) {
			findings = append(findings, found(file, "%q: time and chance are parameters", word))
		}
	}
	return findings
}

// Inline reports whole SQL statements in the Go strings of a store: they belong
// to .sql files. What is asked of the catalogue, and the version table that
// core/store/migrate keeps in both dialects alike, are apart.
func Inline(tree *Tree) []Finding {
	var findings []Finding
	for _, file := range tree.Source() {
		if !slices.Contains(tree.dialects(), file.Dir) {
			continue
		}
		ast.Inspect(file.AST, func(node ast.Node) bool {
			literal, ok := node.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			if text := unquote(literal.Value); sqlText.MatchString(text) && !catalogue.MatchString(text) {
				findings = append(findings, tree.At(literal, "an SQL statement in Go; it belongs to a .sql file"))
			}
			return true
		})
	}
	return findings
}

// Migrations reports a dialect whose numbers have gaps or whose names differ
// from another dialect's, and files without an up and a down section.
func Migrations(tree *Tree) []Finding {
	dialects := map[string][]string{}
	var findings []Finding
	for _, name := range tree.Paths(".sql") {
		if path.Dir(path.Dir(name)) != "migrations" {
			continue
		}
		dialects[path.Dir(name)] = append(dialects[path.Dir(name)], path.Base(name))
		if !migrationName.MatchString(path.Base(name)) {
			findings = append(findings, found(name, "a migration is named 0001_what_it_does.sql"))
		}
		for _, section := range []string{"-- +goose Up", "-- +goose Down"} {
			if !strings.Contains(tree.Text[name], section) {
				findings = append(findings, found(name, "the section %q is missing", section))
			}
		}
	}
	for _, dialect := range keys(dialects) {
		for index, name := range dialects[dialect] {
			if match := migrationName.FindStringSubmatch(name); match != nil && strings.TrimLeft(match[1], "0") != decimal(index+1) {
				findings = append(findings, found(path.Join(dialect, name), "number %s where %d is due", match[1], index+1))
			}
		}
		for _, other := range keys(dialects) {
			if !slices.Equal(dialects[dialect], dialects[other]) && dialect < other {
				findings = append(findings, found(dialect, "migrations differ by number or name from %s", other))
			}
		}
	}
	return findings
}
