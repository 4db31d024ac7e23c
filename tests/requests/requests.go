// Package requests makes requests of every operation for tests: with all fields,
// as in the documentation, and distorted.
package requests

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Types lists the types of the requests in the order of the operations. They
// are found as parameters of the use cases: so the instrumented build of fuzzing
// needs no database driver, which takes minutes to compile.
func Types(t testing.TB) []reflect.Type {
	t.Helper()
	byName := map[string]reflect.Type{}
	cases := reflect.TypeFor[*engine.Engine]()
	for i := range cases.NumMethod() {
		method := cases.Method(i).Type
		if last := method.NumIn() - 1; last >= 2 && method.In(1) == reflect.TypeFor[context.Context]() {
			byName[method.In(last).Name()] = method.In(last)
		}
	}
	types := make([]reflect.Type, len(wire.Operations))
	for i, operation := range wire.Operations {
		require.Contains(t, byName, operation.Request)
		types[i] = byName[operation.Request]
	}
	return types
}

// Sample is a request of a type with every field filled in.
func Sample(request reflect.Type) string {
	value := reflect.New(request).Elem()
	fill(value, 0)
	text, err := json.Marshal(value.Interface())
	if err != nil {
		return "{}"
	}
	return string(text)
}

// fill sets every field, into lists and objects as deep as they go at first sight.
func fill(value reflect.Value, depth int) {
	switch v := value.Addr().Interface().(type) {
	case *workflow.JSON:
		*v = workflow.JSON(`{"k": [1.50, "é"]}`)
		return
	case *workflow.Instant:
		*v = workflow.At(time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC))
		return
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString("a")
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int, reflect.Int64, reflect.Int32:
		value.SetInt(7)
	case reflect.Pointer:
		if depth < 6 {
			value.Set(reflect.New(value.Type().Elem()))
			fill(value.Elem(), depth+1)
		}
	case reflect.Slice:
		if depth < 6 {
			value.Set(reflect.MakeSlice(value.Type(), 1, 1))
			fill(value.Index(0), depth+1)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				fill(value.Field(i), depth+1)
			}
		}
	}
}

// Examples are the requests in the documentation of the operations.
func Examples(operation wire.Operation) []string {
	var found []string
	for line := range strings.Lines(operation.Doc) {
		if text, indented := strings.CutPrefix(line, "    {"); indented {
			found = append(found, "{"+strings.TrimSpace(text))
		}
	}
	return found
}

// replacements are values that somebody may send instead of what is wanted.
var replacements = []string{
	`null`, `true`, `0`, `-1`, `1.5`, `1e3`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775809`, `""`, `"x"`, `"😀"`,
	`"\u0000"`, `"\ud83d"`, `"2026-01-31T09:30:00Z"`, `"2026-02-30T09:30:00Z"`, `[]`, `[null]`, `[1,"a",{}]`, `{}`, `{"k":{"l":null}}`,
	`{"k":1,"k":2}`, `{"K":1}`, `[[[[[[[[1]]]]]]]]`, `1`, `tru`, `"a`, `}`,
}

// Distort replaces one value of a document by another.
func Distort(t *rapid.T, document string) string {
	var places [][2]int
	reading := json.NewDecoder(strings.NewReader(document))
	for before := int64(0); ; {
		token, err := reading.Token()
		if err != nil {
			break
		}
		if _, structural := token.(json.Delim); !structural {
			text := document[before:reading.InputOffset()]
			places = append(places, [2]int{int(before) + len(text) - len(strings.TrimLeft(text, " ,:\n")), int(reading.InputOffset())})
		}
		before = reading.InputOffset()
	}
	if len(places) == 0 {
		return document
	}
	place := rapid.SampledFrom(places).Draw(t, "place")
	return document[:place[0]] + rapid.SampledFrom(replacements).Draw(t, "value") + document[place[1]:]
}
