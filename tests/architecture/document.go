package architecture

import (
	"go/ast"
	"go/doc"
	"go/token"
	"path"
	"strings"
)

// Documented reports exported names without a comment: constants, variables,
// types, functions, methods of exported types and of exported interfaces. A
// comment on a group covers its members.
func Documented(tree *Tree) []Finding {
	var findings []Finding
	for _, file := range tree.Go {
		if file.Test || file.Generated {
			continue
		}
		for _, declaration := range file.AST.Decls {
			switch declared := declaration.(type) {
			case *ast.FuncDecl:
				if declared.Doc.Text() == "" && declared.Name.IsExported() && isExportedReceiver(declared) {
					findings = append(findings, tree.At(declared, "%s has no comment", declared.Name.Name))
				}
			case *ast.GenDecl:
				findings = append(findings, tree.undocumented(declared)...)
			}
		}
	}
	return findings
}

func isExportedReceiver(function *ast.FuncDecl) bool {
	return function.Recv == nil || ast.IsExported(receiver(function))
}

// receiver is the name of the type a method belongs to, or nothing.
func receiver(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return ""
	}
	expression := function.Recv.List[0].Type
	for {
		switch typed := expression.(type) {
		case *ast.StarExpr:
			expression = typed.X
		case *ast.IndexExpr:
			expression = typed.X
		case *ast.IndexListExpr:
			expression = typed.X
		case *ast.Ident:
			return typed.Name
		default:
			return ""
		}
	}
}

func (t *Tree) undocumented(group *ast.GenDecl) []Finding {
	var findings []Finding
	for _, spec := range group.Specs {
		switch declared := spec.(type) {
		case *ast.TypeSpec:
			if !declared.Name.IsExported() {
				continue
			}
			if said(group.Doc, declared.Doc, declared.Comment) == "" {
				findings = append(findings, t.At(declared, "type %s has no comment", declared.Name.Name))
			}
			findings = append(findings, t.undocumentedMethods(declared)...)
		case *ast.ValueSpec:
			for _, name := range declared.Names {
				if name.IsExported() && said(group.Doc, declared.Doc, declared.Comment) == "" {
					findings = append(findings, t.At(name, "%s has no comment", name.Name))
				}
			}
		}
	}
	return findings
}

// undocumentedMethods looks into an exported interface: it is a contract.
func (t *Tree) undocumentedMethods(declared *ast.TypeSpec) []Finding {
	contract, ok := declared.Type.(*ast.InterfaceType)
	if !ok {
		return nil
	}
	var findings []Finding
	for _, field := range contract.Methods.List {
		if len(field.Names) > 0 && field.Names[0].IsExported() && said(field.Doc, field.Comment) == "" {
			findings = append(findings, t.At(field, "%s.%s has no comment", declared.Name.Name, field.Names[0].Name))
		}
	}
	return findings
}

func said(groups ...*ast.CommentGroup) string {
	var text strings.Builder
	for _, group := range groups {
		text.WriteString(group.Text())
	}
	return strings.TrimSpace(text.String())
}

// PackageComments reports packages that do not say what they are for.
func PackageComments(tree *Tree) []Finding {
	spoken := map[string]bool{}
	for _, file := range tree.Go {
		if !file.Test {
			spoken[file.Dir] = spoken[file.Dir] || said(file.AST.Doc) != ""
		}
	}
	var findings []Finding
	for _, dir := range keys(spoken) {
		if !spoken[dir] {
			findings = append(findings, found(dir, "the package has no comment"))
		}
	}
	return findings
}

// Examples reports pure packages without an Example that runs: one without an
// `// Output:` comment is compiled only.
func Examples(tree *Tree) []Finding {
	runs := map[string]bool{}
	for _, file := range tree.Go {
		if file.Test && path.Base(file.Path) == "example_test.go" {
			for _, example := range doc.Examples(file.AST) {
				runs[file.Dir] = runs[file.Dir] || example.Output != "" || example.EmptyOutput
			}
		}
	}
	var findings []Finding
	for dir := range tree.Packages() {
		if Table[dir].Pure && !runs[dir] {
			findings = append(findings, found(dir, "a pure package has an Example with its output in example_test.go"))
		}
	}
	return findings
}

// Mutexes reports locks that do not name what they guard, beside the field.
func Mutexes(tree *Tree) []Finding {
	var findings []Finding
	for _, file := range tree.Source() {
		ast.Inspect(file.AST, func(node ast.Node) bool {
			field, ok := node.(*ast.Field)
			if ok && isMutex(field.Type) && !strings.Contains(said(field.Doc, field.Comment), "guards ") {
				findings = append(findings, tree.At(field, "a mutex names what it guards (`// guards …`)"))
			}
			return true
		})
	}
	return findings
}

func isMutex(expression ast.Expr) bool {
	selector, ok := expression.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	owner, ok := selector.X.(*ast.Ident)
	return ok && owner.Name == "sync" && (selector.Sel.Name == "Mutex" || selector.Sel.Name == "RWMutex")
}

// Goroutines reports `go` statements outside the owners, and those that do not
// say in a comment above who waits for them.
func Goroutines(tree *Tree) []Finding {
	var findings []Finding
	for _, file := range tree.Source() {
		spoken := map[int]bool{}
		for _, comment := range file.AST.Comments {
			spoken[tree.Set.Position(comment.End()).Line] = true
		}
		ast.Inspect(file.AST, func(node ast.Node) bool {
			statement, ok := node.(*ast.GoStmt)
			if !ok {
				return true
			}
			line := tree.Set.Position(statement.Pos()).Line
			switch {
			case !owns(file.Dir):
				findings = append(findings, tree.At(statement, "%s may not start goroutines", file.Dir))
			case !spoken[line] && !spoken[line-1]:
				findings = append(findings, tree.At(statement, "a comment says who owns this goroutine and waits for it"))
			}
			return true
		})
	}
	return findings
}

func owns(dir string) bool {
	for _, owner := range GoroutineOwners {
		if owner == dir {
			return true
		}
	}
	return false
}

// Initialisers reports init functions: nothing happens by importing.
func Initialisers(tree *Tree) []Finding {
	var findings []Finding
	for _, file := range tree.Go {
		for _, declaration := range file.AST.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil && function.Name.Name == "init" {
				findings = append(findings, tree.At(function, "no init: importing a package does nothing"))
			}
		}
	}
	return findings
}

// isVariable tells a `var` group.
func isVariable(declaration ast.Decl) (*ast.GenDecl, bool) {
	group, ok := declaration.(*ast.GenDecl)
	return group, ok && group.Tok == token.VAR
}
