package wire

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// kind is what a Go type is in JSON.
type kind int

const (
	anything  kind = iota // whatever the JSON library makes of it
	raw                   // workflow.JSON: kept byte for byte
	custom                // reads and writes itself, such as an instant
	text                  // string
	boolean               // true or false
	integer               // a number without fraction or exponent
	list                  // array
	object                // object with known keys
	reference             // pointer: null or the value
)

// wanted names each kind in messages.
var wanted = map[kind]string{
	anything: "a JSON value", raw: "a JSON value", custom: "a string", text: "a string", boolean: "true or false",
	integer: "an integer", list: "an array", object: "an object",
}

// shape is a Go type as JSON sees it. It is built once per type by reflection,
// is immutable, and serves both directions.
type shape struct {
	kind   kind
	typ    reflect.Type
	elem   *shape         // of a list or reference
	fields []field        // of an object, embedded structs flattened, in declaration order
	byName map[string]int // position in fields
}

// field is one key of an object.
type field struct {
	name      string
	index     []int
	omitEmpty bool // left out when empty
	omitZero  bool // left out when nil; a list that was asked for stays though it is empty
	shape     *shape
}

var (
	rawType       = reflect.TypeFor[workflow.JSON]()
	marshalerType = reflect.TypeFor[json.Marshaler]()
)

// shapeOf returns the shape of a type. A type that JSON cannot hold gets the
// shape anything, and the library's error when it is used.
func shapeOf(typ reflect.Type) *shape {
	return shapes{}.of(typ)
}

// shapes are the shapes under construction; it ends the recursion of types
// that contain themselves.
type shapes map[reflect.Type]*shape

func (known shapes) of(typ reflect.Type) *shape {
	if s, ok := known[typ]; ok {
		return s
	}
	s := &shape{typ: typ}
	known[typ] = s
	switch {
	case typ == rawType:
		s.kind = raw
	case typ.Kind() == reflect.Pointer:
		s.kind, s.elem = reference, known.of(typ.Elem())
	case typ.Implements(marshalerType):
		s.kind = custom
	case typ.Kind() == reflect.String:
		s.kind = text
	case typ.Kind() == reflect.Bool:
		s.kind = boolean
	case typ.Kind() >= reflect.Int && typ.Kind() <= reflect.Int64:
		s.kind = integer
	case typ.Kind() == reflect.Slice:
		s.kind, s.elem = list, known.of(typ.Elem())
	case typ.Kind() == reflect.Struct:
		s.kind = object
		known.collect(s, typ, nil)
		s.byName = make(map[string]int, len(s.fields))
		for i, f := range s.fields {
			s.byName[f.name] = i
		}
	}
	return s
}

// collect adds the fields of typ, reached through index, to s.
func (known shapes) collect(s *shape, typ reflect.Type, index []int) {
	for i := range typ.NumField() {
		member := typ.Field(i)
		at := append(append([]int(nil), index...), i)
		name, options, _ := strings.Cut(member.Tag.Get("json"), ",")
		switch {
		case name == "-" || (!member.IsExported() && !member.Anonymous):
			continue
		case member.Anonymous && name == "" && member.Type.Kind() == reflect.Struct:
			known.collect(s, member.Type, at)
			continue
		case name == "":
			name = member.Name
		}
		s.fields = append(s.fields, field{
			name: name, index: at, omitEmpty: options == "omitempty", omitZero: options == "omitzero", shape: known.of(member.Type),
		})
	}
}

// value returns the shape behind references.
func (s *shape) value() *shape {
	for s != nil && s.kind == reference {
		s = s.elem
	}
	return s
}

// names lists the keys of an object.
func (s *shape) names() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return names
}
