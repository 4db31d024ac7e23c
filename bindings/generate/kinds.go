package main

import (
	"fmt"
	"go/ast"
)

// basics are the Go types that are JSON values by themselves.
var basics = map[string]string{
	"string": baseText, "bool": baseBoolean, "float64": baseNumber, "any": baseAny,
	"int": baseInteger, "int32": baseInteger, "int64": baseInteger, "uint32": baseInteger, "uint64": baseInteger,
}

// wired are types with a JSON form of their own.
var wired = map[string]string{
	"core/workflow.Instant": baseInstant,
	"core/workflow.JSON":    baseAny,
}

// kind resolves the type of a field to its JSON type.
func (s *source) kind(d declared, expression ast.Expr) (kind, error) {
	switch typed := expression.(type) {
	case *ast.StarExpr:
		return s.kind(d, typed.X)
	case *ast.ArrayType:
		return s.composed(baseList, d, typed.Elt)
	case *ast.MapType:
		return s.composed(baseMap, d, typed.Value)
	case *ast.InterfaceType:
		return kind{Base: baseAny}, nil
	case *ast.Ident:
		if base, ok := basics[typed.Name]; ok {
			return kind{Base: base}, nil
		}
	}
	dir, name, err := d.named(expression)
	if err != nil {
		return kind{}, err
	}
	if base, ok := wired[dir+"."+name]; ok {
		return kind{Base: base}, nil
	}
	return s.resolved(dir, name)
}

func (s *source) composed(base string, d declared, item ast.Expr) (kind, error) {
	of, err := s.kind(d, item)
	return kind{Base: base, Item: &of}, err
}

// resolved follows a named type: a struct is an object, anything else what it
// is made of.
func (s *source) resolved(dir, name string) (kind, error) {
	d, err := s.find(dir, name)
	if err != nil {
		return kind{}, err
	}
	if _, ok := d.spec.Type.(*ast.StructType); ok {
		o, err := s.object(dir, name)
		return kind{Base: baseObject, Of: o}, err
	}
	of, err := s.kind(d, d.spec.Type)
	if err != nil {
		return kind{}, fmt.Errorf("%s.%s: %w", dir, name, err)
	}
	return of, nil
}
