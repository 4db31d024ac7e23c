package architecture

import (
	"go/ast"
	"slices"
)

// Catchers are the only packages that may call recover.
var Catchers = []string{
	"core/barrier",
	"core/template", // around a parser of others, whose panic means that a text cannot be read
}

// Recoveries reports places beside the barrier that catch a panic: such a panic
// would be counted by nobody, and no sabotage would notice that its guard is gone.
func Recoveries(tree *Tree) []Finding {
	var findings []Finding
	for _, file := range tree.Source() {
		if inTests(file.Dir) || slices.Contains(Catchers, file.Dir) {
			continue
		}
		ast.Inspect(file.AST, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok && spelled(call.Fun) == "recover" {
				findings = append(findings, tree.At(call, "recover belongs to %v: use core/barrier", Catchers))
			}
			return true
		})
	}
	return findings
}

// unlocks says how each lock is let go of.
var unlocks = map[string]string{"Lock": "Unlock", "RLock": "RUnlock"}

// Unlocks reports locks that are not let go of by a defer in the next statement:
// a panic in between would leave them held for ever.
func Unlocks(tree *Tree) []Finding {
	var findings []Finding
	for _, file := range tree.Source() {
		if inTests(file.Dir) {
			continue
		}
		ast.Inspect(file.AST, func(node ast.Node) bool {
			var list []ast.Stmt
			switch typed := node.(type) {
			case *ast.BlockStmt:
				list = typed.List
			case *ast.CaseClause:
				list = typed.Body
			case *ast.CommClause:
				list = typed.Body
			}
			for index, statement := range list {
				owner, unlock := locks(statement)
				if unlock != "" && (index+1 == len(list) || !defers(list[index+1], owner+"."+unlock)) {
					findings = append(findings, tree.At(statement, "defer %s.%s() stands in the statement after a lock", owner, unlock))
				}
			}
			return true
		})
	}
	return findings
}

// locks returns whose lock a statement takes and what lets go of it, "" for any
// other statement.
func locks(statement ast.Stmt) (owner, unlock string) {
	expression, ok := statement.(*ast.ExprStmt)
	if !ok {
		return "", ""
	}
	call, ok := expression.X.(*ast.CallExpr)
	if !ok || len(call.Args) > 0 {
		return "", ""
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	return spelled(method.X), unlocks[method.Sel.Name]
}

// defers reports whether a statement defers the call of that name.
func defers(statement ast.Stmt, name string) bool {
	deferred, ok := statement.(*ast.DeferStmt)
	return ok && spelled(deferred.Call.Fun) == name
}
