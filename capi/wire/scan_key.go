package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// smallObject is the number of keys up to which comparing each with each is
// cheaper than a map; beyond it a map keeps large objects from costing squares.
const smallObject = 16

// keySet is the keys of one open object.
type keySet struct {
	from int // where they begin in scanner.keys
	many map[string]struct{}
}

// key walks a key and returns it without escapes.
func (s *scanner) key() ([]byte, bool) {
	start := s.pos
	if s.peek() != '"' {
		return nil, s.unexpected("a key in double quotes")
	}
	key, escaped, ok := s.text()
	if !ok || !escaped {
		return key, ok
	}
	var plain string
	if err := json.Unmarshal(s.raw[start:s.pos], &plain); err != nil {
		return key, true // unreachable after the walk; the raw form still names it
	}
	return []byte(plain), true
}

// duplicate reports whether the object has the key already, and adds it.
func (s *scanner) duplicate(seen *keySet, key []byte) bool {
	if seen.many != nil {
		_, found := seen.many[string(key)]
		seen.many[string(key)] = struct{}{}
		return found
	}
	for _, other := range s.keys[seen.from:] {
		if bytes.Equal(other, key) {
			return true
		}
	}
	s.keys = append(s.keys, key)
	if count := len(s.keys) - seen.from; count > smallObject {
		seen.many = make(map[string]struct{}, 2*count)
		for _, other := range s.keys[seen.from:] {
			seen.many[string(other)] = struct{}{}
		}
	}
	return false
}

// member returns the shape of a key's value, nil after noting that there is no
// such key.
func (s *scanner) member(want *shape, key []byte, at int) *shape {
	if want == nil || want.kind != object {
		return nil
	}
	if i, ok := want.byName[string(key)]; ok {
		return want.fields[i].shape
	}
	s.note(at, "is not a known key", meant(string(key), want.names()))
	return nil
}

// meant suggests the known key that was probably meant, else lists them all.
func meant(key string, known []string) string {
	if len(known) == 0 {
		return "This object takes no keys."
	}
	best, nearest := "", len(key)/3+2
	for _, name := range known {
		if len(key) > 2*len(name)+2 {
			continue // too long to be meant, and the distance would cost its square
		}
		if d := levenshtein.ComputeDistance(strings.ToLower(key), name); d < nearest {
			best, nearest = name, d
		}
	}
	if best != "" {
		return fmt.Sprintf("Did you mean %s?", best)
	}
	return "Known keys: " + strings.Join(known, ", ") + "."
}
