package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// problems collects what is wrong, so that all of it is told at once.
type problems []fault.Problem

func (p *problems) add(path, message, suggestion string) {
	*p = append(*p, fault.Problem{Path: path, Message: message, Suggestion: suggestion})
}

// err returns the problems as one error, nil when there are none.
func (p *problems) err() error {
	if len(*p) == 0 {
		return nil
	}
	first := (*p)[0]
	message := first.Message
	if more := len(*p) - 1; more > 0 {
		message = fmt.Sprintf("%s (and %d more)", message, more)
	}
	err := fault.New(fault.InvalidRequest, "%s", message).At(first.Path)
	err.Remedy, err.Problems = first.Suggestion, *p
	return err
}

// fromCall reads the JSON object of a call into values by dotted name. null is
// the same as absent.
func fromCall(call []byte, found *problems) map[string]any {
	layer := map[string]any{}
	if len(call) == 0 {
		return layer
	}
	decoder := json.NewDecoder(bytes.NewReader(call))
	decoder.UseNumber()
	var document map[string]any
	err := decoder.Decode(&document)
	if err == nil {
		if _, trailing := decoder.Token(); trailing != io.EOF {
			err = fmt.Errorf("something follows the object")
		}
	}
	if err != nil {
		found.add("", "the configuration is not one JSON object: "+err.Error(), `Send an object such as {"database": {"url": "sqlite:tasker.sqlite3"}}.`)
		return layer
	}
	for _, key := range slices.Sorted(maps.Keys(document)) {
		section, nested := document[key].(map[string]any)
		if !nested {
			take(layer, key, document[key], found)
			continue
		}
		if _, known := find(key); known {
			take(layer, key, section, found)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(section)) {
			take(layer, key+"."+name, section[name], found)
		}
	}
	return layer
}

// take checks one value and puts it into the layer.
func take(layer map[string]any, name string, value any, found *problems) {
	s, known := find(name)
	inside := inSection(name)
	switch {
	case value == nil && (known || len(inside) > 0):
	case !known && len(inside) > 0:
		found.add(name, fmt.Sprintf("%s is %s; an object is wanted", name, described(value)),
			"Its settings are "+strings.Join(inside, ", ")+".")
	case !known:
		found.add(name, name+" is not a known setting", meant(name))
	default:
		accepted, wanted := s.read(value)
		if wanted != "" {
			found.add(name, fmt.Sprintf("%s is %s; it must be %s", name, described(value), wanted), "")
			return
		}
		layer[name] = accepted
	}
}

// described names a wrong value without showing one that may be secret.
func described(value any) string {
	switch v := value.(type) {
	case string:
		if len(v) > 32 || strings.Contains(v, "://") {
			return "another string"
		}
		return fmt.Sprintf("%q", v)
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	case []any:
		return "an array"
	case nil:
		return "null"
	}
	return "an object"
}

// inSection lists the settings of a section, empty when there is none of that
// name.
func inSection(section string) []string {
	var names []string
	for _, s := range settings {
		if strings.HasPrefix(s.name, section+".") {
			names = append(names, s.name)
		}
	}
	return names
}

// meant suggests the setting that was probably meant: the one that shares most
// of its beginning and end, which a slip of the fingers leaves alone. Else it
// lists what there is.
func meant(name string) string {
	best, shared := "", 0
	for _, s := range settings {
		if n := common(name, s.name); n > shared {
			best, shared = s.name, n
		}
	}
	if 4*shared >= 3*max(len(name), len(best)) {
		return fmt.Sprintf("Did you mean %s?", best)
	}
	section, _, _ := strings.Cut(name, ".")
	if inside := inSection(section); len(inside) > 0 {
		return "Known settings of " + section + ": " + strings.Join(inside, ", ") + "."
	}
	return "Sections: adopt, cache, clock, database, dependency_graph, engine, log, runtime, worker; and fork, migrate."
}

// common is the length of the common beginning and end of two texts.
func common(a, b string) int {
	shorter := min(len(a), len(b))
	head := 0
	for head < shorter && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < shorter-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head + tail
}

// fromEnvironment reads the variables of the settings; empty ones are absent.
// It also returns the names beginning with TASKER_ that are no setting's.
func fromEnvironment(environment map[string]string, found *problems) (map[string]any, []string) {
	layer := map[string]any{}
	mine := map[string]bool{}
	for _, s := range settings {
		name := s.variable()
		mine[name] = true
		text := environment[name]
		if text == "" {
			continue
		}
		value, wanted := s.readVariable(text)
		if wanted != "" {
			found.add(name, fmt.Sprintf("the environment variable %s is %s; it must be %s", name, described(text), wanted), "")
			continue
		}
		layer[s.name] = value
	}
	var ignored []string
	for name := range environment {
		if strings.HasPrefix(name, "TASKER_") && !mine[name] {
			ignored = append(ignored, name)
		}
	}
	slices.Sort(ignored)
	return layer, ignored
}
