package query

import (
	"fmt"
	"strings"
)

// Describe tells in prose what the list can be filtered and sorted by, for the
// documentation of its operation.
func (e *Entity) Describe() string {
	var b strings.Builder
	b.WriteString("Fields of where: ")
	for i := range e.Fields {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(e.Fields[i].describe())
	}
	fmt.Fprintf(&b, ". Sort keys: %s.", strings.Join(e.sorts(), ", "))
	return b.String()
}

func (f *Field) describe() string {
	kind := string(f.Kind)
	switch {
	case len(f.Values) > 0:
		kind = "state"
	case f.Typed:
		kind += ", path of type and keys"
	case f.Kind == JSON:
		kind += ", path of keys"
	}
	if f.Form != One {
		kind += ", several"
	}
	if f.Nullable {
		kind += " or null"
	}
	return fmt.Sprintf("%s (%s): %s", f.Name, kind, f.Doc)
}
