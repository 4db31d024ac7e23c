package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// modulePath is cut off an import path to find the package's folder.
const modulePath = "github.com/tasker-systems/tasker-core-go/"

// declared is a type as the parser found it, with the file's imports that its
// fields may name.
type declared struct {
	dir     string
	spec    *ast.TypeSpec
	doc     string
	imports map[string]string // name in the file to folder of the package
}

// source resolves Go types to objects. It reads each package once.
type source struct {
	root    string
	types   map[string]map[string]declared // folder, then type name
	objects map[string]*object             // folder and type name; also those still being resolved
}

func newSource(root string) *source {
	return &source{root: root, types: map[string]map[string]declared{}, objects: map[string]*object{}}
}

// object resolves a struct type with the fields of its embedded structs.
func (s *source) object(dir, name string) (*object, error) {
	key := dir + "." + name
	if known := s.objects[key]; known != nil {
		return known, nil
	}
	d, err := s.find(dir, name)
	if err != nil {
		return nil, err
	}
	structure, ok := d.spec.Type.(*ast.StructType)
	if !ok {
		return nil, fmt.Errorf("%s is not a struct", key)
	}
	o := &object{Name: name, Doc: d.doc}
	s.objects[key] = o // before its fields: a type may refer to itself
	for _, f := range structure.Fields.List {
		if err := s.addField(o, d, f); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return o, nil
}

func (s *source) addField(o *object, d declared, f *ast.Field) error {
	if len(f.Names) == 0 {
		return s.embed(o, d, f)
	}
	if f.Tag == nil {
		return fmt.Errorf("field %s has no json tag", f.Names[0].Name)
	}
	tag, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return fmt.Errorf("tag of %s: %w", f.Names[0].Name, err)
	}
	name, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
	if name == "-" {
		return nil
	}
	of, err := s.kind(d, f.Type)
	if err != nil {
		return fmt.Errorf("field %s: %w", name, err)
	}
	doc := sentence(f.Doc.Text())
	if trailing := sentence(f.Comment.Text()); doc == "" && trailing != "" {
		doc = strings.ToUpper(trailing[:1]) + trailing[1:]
	}
	if name == "" || doc == "" {
		return fmt.Errorf("field %s has no name on the wire or no comment", f.Names[0].Name)
	}
	o.Fields = append(o.Fields, field{Name: name, Doc: doc, Type: of, Optional: strings.HasPrefix(options, "omit")})
	return nil
}

// embed takes over the fields of an embedded struct, except those that every
// request has.
func (s *source) embed(o *object, d declared, f *ast.Field) error {
	dir, name, err := d.named(f.Type)
	if err != nil {
		return err
	}
	if dir == enginePackage && name == callType {
		o.Shared = true
		return nil
	}
	inner, err := s.object(dir, name)
	if err != nil {
		return err
	}
	o.Shared = o.Shared || inner.Shared
	o.Fields = append(o.Fields, inner.Fields...)
	return nil
}

// named splits a type expression into the folder of its package and its name.
func (d declared) named(expression ast.Expr) (dir, name string, err error) {
	switch typed := expression.(type) {
	case *ast.Ident:
		return d.dir, typed.Name, nil
	case *ast.SelectorExpr:
		if from, ok := typed.X.(*ast.Ident); ok && d.imports[from.Name] != "" {
			return d.imports[from.Name], typed.Sel.Name, nil
		}
	}
	return "", "", fmt.Errorf("a type that cannot cross the boundary: %T", expression)
}

// find returns a type of a package, which is parsed at the first need.
func (s *source) find(dir, name string) (declared, error) {
	if s.types[dir] == nil {
		if err := s.parse(dir); err != nil {
			return declared{}, err
		}
	}
	d, ok := s.types[dir][name]
	if !ok {
		return declared{}, fmt.Errorf("%s has no type %s", dir, name)
	}
	return d, nil
}

func (s *source) parse(dir string) error {
	files, err := filepath.Glob(filepath.Join(s.root, filepath.FromSlash(dir), "*.go"))
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	s.types[dir] = map[string]declared{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("parse: %w", err)
		}
		s.collect(dir, file)
	}
	return nil
}

func (s *source) collect(dir string, file *ast.File) {
	imports := map[string]string{}
	for _, i := range file.Imports {
		if folder, ours := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), modulePath); ours {
			imports[path.Base(folder)] = folder
		}
	}
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.TYPE {
			continue
		}
		for _, spec := range group.Specs {
			named := spec.(*ast.TypeSpec)
			doc := named.Doc.Text()
			if doc == "" {
				doc = group.Doc.Text()
			}
			s.types[dir][named.Name.Name] = declared{dir: dir, spec: named, doc: sentence(doc), imports: imports}
		}
	}
}

// sentence is a comment as one line that ends with a stop.
func sentence(comment string) string {
	line := strings.Join(strings.Fields(comment), " ")
	if line != "" && !strings.HasSuffix(line, ".") {
		line += "."
	}
	return line
}
