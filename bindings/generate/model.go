package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// enginePackage holds the request and reply types that the table names.
const enginePackage = "core/engine"

// callType is embedded in every request; its fields are documented once.
const callType = "Call"

// model is everything that a language needs: the operations in the order of
// their numbers, and the objects that they share.
type model struct {
	Operations []operation
	Shared     []field   // fields that every request may carry
	Objects    []*object // other objects that fields refer to, by name
}

// operation is one row of the table with its types resolved.
type operation struct {
	wire.Operation
	Number  int
	Request *object
	Reply   *object
}

// object is a JSON object with known fields.
type object struct {
	Name   string
	Doc    string
	Fields []field
	Shared bool // carries the fields of every request
}

// field is one key of an object.
type field struct {
	Name     string
	Doc      string
	Type     kind
	Optional bool // in a request: may be left out
}

// kind is the JSON type of a value.
type kind struct {
	Base string  // one of the base words below
	Item *kind   // of a list or a map
	Of   *object // of an object
}

// Base words of a kind, in the terms of the documentation.
const (
	baseText    = "text"
	baseInteger = "integer"
	baseNumber  = "number"
	baseBoolean = "boolean"
	baseInstant = "instant"
	baseAny     = "any JSON"
	baseList    = "list"
	baseMap     = "map"
	baseObject  = "object"
)

// String is the kind in the words of the documentation.
func (k kind) String() string {
	switch k.Base {
	case baseList:
		return "list of " + k.Item.String()
	case baseMap:
		return "object of " + k.Item.String()
	case baseObject:
		return k.Of.Name
	}
	return k.Base
}

// load reads the table and the types below root.
func load(root string) (*model, error) {
	s := newSource(root)
	m := &model{}
	for _, k := range fault.Kinds {
		if errorClasses[k] == "" {
			return nil, fmt.Errorf("the kind %s has no exception class", k)
		}
	}
	for index, row := range wire.Operations {
		request, err := s.object(enginePackage, row.Request)
		if err != nil {
			return nil, fmt.Errorf("request of %s: %w", row.Name, err)
		}
		reply, err := s.object(enginePackage, row.Reply)
		if err != nil {
			return nil, fmt.Errorf("reply of %s: %w", row.Name, err)
		}
		m.Operations = append(m.Operations, operation{Operation: row, Number: index + 1, Request: request, Reply: reply})
	}
	call, err := s.object(enginePackage, callType)
	if err != nil {
		return nil, err
	}
	m.Shared = call.Fields
	m.Objects = m.referred()
	return m, nil
}

// referred lists the objects that fields refer to, each once, by name.
func (m *model) referred() []*object {
	found := map[string]*object{}
	var visit func(o *object)
	visit = func(o *object) {
		for _, f := range o.Fields {
			of := f.Type.object()
			if of != nil && found[of.Name] == nil {
				found[of.Name] = of
				visit(of)
			}
		}
	}
	for _, op := range m.Operations {
		visit(op.Request)
		visit(op.Reply)
	}
	var list []*object
	for _, name := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[name])
	}
	return list
}

// object is the object that a kind refers to, at any depth, or nil.
func (k kind) object() *object {
	if k.Item != nil {
		return k.Item.object()
	}
	return k.Of
}
