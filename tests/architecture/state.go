package architecture

import (
	"go/ast"
	"slices"
	"strings"
)

// makers are calls whose result never changes afterwards and is safe to share,
// so that a package variable may hold it.
var makers = []string{
	"errors.New", "fmt.Errorf", "fault.New", "regexp.MustCompile", "strings.NewReplacer", "reflect.TypeOf",
	"reflect.TypeFor", "slices.Concat", "sync.OnceValue", "sync.OnceValues", "time.Date",
}

// Mutable reports package variables that hold more than an error, a table or an
// embedded file, and those that are assigned to after their declaration.
func Mutable(tree *Tree) []Finding {
	var findings []Finding
	for dir, files := range tree.Packages() {
		names := map[string]*ast.ValueSpec{}
		for _, file := range files {
			for _, declaration := range file.AST.Decls {
				group, ok := isVariable(declaration)
				if !ok {
					continue
				}
				for _, spec := range group.Specs {
					findings = append(findings, tree.variable(dir, group, spec.(*ast.ValueSpec), names)...)
				}
			}
		}
		for _, file := range files {
			findings = append(findings, tree.assignments(file, names)...)
		}
	}
	return findings
}

// variable judges one declaration and notes its names.
func (t *Tree) variable(dir string, group *ast.GenDecl, spec *ast.ValueSpec, names map[string]*ast.ValueSpec) []Finding {
	var findings []Finding
	for index, name := range spec.Names {
		if name.Name == "_" || State[dir+"."+name.Name] != "" {
			continue
		}
		names[name.Name] = spec
		constant := isEmbed(group, spec) || (index < len(spec.Values) && isConstant(spec.Values[index]))
		if !constant {
			findings = append(findings, t.At(name, "package variable %s is not an error, a table or an embedded file", name.Name))
		}
	}
	return findings
}

func isEmbed(group *ast.GenDecl, spec *ast.ValueSpec) bool {
	for _, comments := range []*ast.CommentGroup{group.Doc, spec.Doc} {
		if comments == nil {
			continue
		}
		for _, comment := range comments.List {
			if strings.HasPrefix(comment.Text, "//go:embed ") {
				return true
			}
		}
	}
	return false
}

// isConstant tells a table (a composite literal) or the result of a maker, also
// with methods chained to it.
func isConstant(value ast.Expr) bool {
	switch typed := value.(type) {
	case *ast.CompositeLit:
		return true
	case *ast.CallExpr:
		if chained, ok := typed.Fun.(*ast.SelectorExpr); ok {
			if inner, isCall := chained.X.(*ast.CallExpr); isCall {
				return isConstant(inner)
			}
		}
		return slices.Contains(makers, spelled(typed.Fun))
	}
	return false
}

// spelled is the text of a name such as errors.New; type arguments are left out.
func spelled(expression ast.Expr) string {
	switch typed := expression.(type) {
	case *ast.Ident:
		return typed.Name
	case *ast.SelectorExpr:
		return spelled(typed.X) + "." + typed.Sel.Name
	case *ast.IndexExpr:
		return spelled(typed.X)
	}
	return ""
}

// assignments reports writes to the named package variables.
func (t *Tree) assignments(file *File, names map[string]*ast.ValueSpec) []Finding {
	var findings []Finding
	report := func(target ast.Expr) {
		name := root(target)
		if name == nil || names[name.Name] == nil {
			return
		}
		if name.Obj == nil || name.Obj.Decl == names[name.Name] {
			findings = append(findings, t.At(target, "package variable %s is changed after its declaration", name.Name))
		}
	}
	ast.Inspect(file.AST, func(node ast.Node) bool {
		switch typed := node.(type) {
		case *ast.AssignStmt:
			for _, target := range typed.Lhs {
				report(target)
			}
		case *ast.IncDecStmt:
			report(typed.X)
		case *ast.CallExpr:
			if called := spelled(typed.Fun); (called == "delete" || called == "clear") && len(typed.Args) > 0 {
				report(typed.Args[0])
			}
		}
		return true
	})
	return findings
}

// root is the variable that an assignable expression changes.
func root(expression ast.Expr) *ast.Ident {
	switch typed := expression.(type) {
	case *ast.Ident:
		return typed
	case *ast.IndexExpr:
		return root(typed.X)
	case *ast.SelectorExpr:
		return root(typed.X)
	case *ast.StarExpr:
		return root(typed.X)
	case *ast.ParenExpr:
		return root(typed.X)
	}
	return nil
}
