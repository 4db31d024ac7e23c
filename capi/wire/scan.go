package wire

import (
	"fmt"
	"unicode/utf8"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// Limits of a request.
const (
	// SizeMax is the greatest length of a request in bytes: 64 MiB. It bounds
	// what one call can make the library hold.
	SizeMax = 64 << 20
	// DepthMax is how deep arrays and objects may be nested. Deeper documents
	// are a mistake or an attack, and other readers of the database stop early.
	DepthMax = 128
	// problemsMax bounds the list of problems in an error reply.
	problemsMax = 50
)

// scanner walks a document once, strictly. What cannot be walked any further
// ends it (failed); what is merely wrong is noted and the walk goes on, so that
// all of it is told at once.
type scanner struct {
	raw      []byte
	pos      int
	depth    int
	path     []segment
	keys     [][]byte // keys of the open objects, for finding duplicates
	problems []problem
	skipped  int // problems beyond problemsMax
	failed   *stop
}

// segment is one part of a path: a key, or an index when key is nil.
type segment struct {
	key   []byte
	index int
}

// problem is something wrong at an offset.
type problem struct {
	offset int
	fault.Problem
}

// stop is why a walk ended.
type stop struct {
	kind fault.Kind
	problem
}

// scan walks raw, which should be a single object of the given shape.
func scan(raw []byte, want *shape) *scanner {
	s := &scanner{raw: raw}
	if len(raw) > SizeMax {
		s.stop(fault.LimitExceeded, SizeMax, fmt.Sprintf("the request has %d bytes; at most %d are allowed", len(raw), SizeMax),
			"Split the request into several.")
		return s
	}
	s.document(want)
	return s
}

// document walks the one value and makes sure that nothing follows.
func (s *scanner) document(want *shape) {
	if len(s.raw) >= 3 && s.raw[0] == 0xEF && s.raw[1] == 0xBB && s.raw[2] == 0xBF {
		s.malformed("the request begins with a byte order mark", "Send UTF-8 without a byte order mark.")
		return
	}
	s.space()
	if !s.value(want, false) {
		return
	}
	s.space()
	if s.pos < len(s.raw) {
		s.malformed(fmt.Sprintf("%d bytes follow the end of the request's JSON", len(s.raw)-s.pos),
			"Send one JSON object and its exact length.")
	}
}

// value walks one value. null stands for an absent field, but not for an
// element of an array.
func (s *scanner) value(want *shape, nullable bool) bool {
	want = want.value()
	start := s.pos
	if s.literal("null") {
		if !nullable && want != nil && want.kind != raw {
			s.note(start, "is null; "+wanted[want.kind]+" is wanted", "")
		}
		return true
	}
	if want != nil && want.kind == custom {
		ok := s.present(nil, start)
		if ok {
			s.custom(want, start)
		}
		return ok
	}
	return s.present(want, start)
}

// present walks a value that is not null and begins at start.
func (s *scanner) present(want *shape, start int) bool {
	switch c := s.peek(); {
	case c == '{':
		return s.object(s.expected(want, object, "an object", start))
	case c == '[':
		return s.array(s.expected(want, list, "an array", start))
	case c == '"':
		s.expected(want, text, "a string", start)
		_, _, ok := s.text()
		return ok
	case c == '-' || (c >= '0' && c <= '9'):
		return s.number(s.expected(want, integer, "a number", start))
	case s.literal("true"), s.literal("false"):
		s.expected(want, boolean, string(s.raw[start:s.pos]), start)
		return true
	}
	return s.unexpected("a JSON value")
}

// expected returns the shape that goes with a value of the kind that was found
// at an offset, nil after noting that another kind is wanted.
func (s *scanner) expected(want *shape, found kind, name string, at int) *shape {
	switch {
	case want == nil || want.kind == raw || want.kind == anything:
		return nil
	case want.kind == found:
		return want
	}
	s.note(at, "is "+name+"; "+wanted[want.kind]+" is wanted", "")
	return nil
}

// object walks an object, whose keys must be fields of want unless want is nil.
func (s *scanner) object(want *shape) bool {
	if !s.enter() {
		return false
	}
	seen := keySet{from: len(s.keys)}
	for first := true; ; first = false {
		s.space()
		if first && s.take('}') {
			break
		}
		at := s.pos
		key, ok := s.key()
		if !ok {
			return false
		}
		s.path = append(s.path, segment{key: key})
		if s.duplicate(&seen, key) {
			s.note(at, "is given twice", "Give each key once.")
		}
		member := s.member(want, key, at)
		s.space()
		if !s.take(':') {
			return s.unexpected("a colon after the key")
		}
		s.space()
		if !s.value(member, true) {
			return false
		}
		s.path = s.path[:len(s.path)-1]
		s.space()
		if s.take('}') {
			break
		}
		if !s.take(',') {
			return s.unexpected("a comma or the end of the object")
		}
	}
	s.keys = s.keys[:seen.from]
	s.depth--
	return true
}

// array walks an array.
func (s *scanner) array(want *shape) bool {
	if !s.enter() {
		return false
	}
	var elem *shape
	if want != nil {
		elem = want.elem
	}
	s.path = append(s.path, segment{})
	for index := 0; ; index++ {
		s.path[len(s.path)-1].index = index
		s.space()
		if index == 0 && s.take(']') {
			break
		}
		if !s.value(elem, false) {
			return false
		}
		s.space()
		if s.take(']') {
			break
		}
		if !s.take(',') {
			return s.unexpected("a comma or the end of the array")
		}
	}
	s.path = s.path[:len(s.path)-1]
	s.depth--
	return true
}

// enter takes the opening bracket of a nested value.
func (s *scanner) enter() bool {
	if s.depth++; s.depth > DepthMax {
		return s.stop(fault.LimitExceeded, s.pos, fmt.Sprintf("the request is nested deeper than %d levels", DepthMax),
			"Flatten the document, or send the deep part as a string.")
	}
	s.pos++
	return true
}

// text walks a string and returns what stands between the quotes, and whether
// that holds escapes.
func (s *scanner) text() (inside []byte, escaped, ok bool) {
	s.pos++
	start := s.pos
	for s.pos < len(s.raw) {
		switch c := s.raw[s.pos]; {
		case c == '"':
			s.pos++
			return s.raw[start : s.pos-1], escaped, true
		case c == '\\':
			escaped = true
			if !s.escape() {
				return nil, false, false
			}
		case c < ' ':
			return nil, false, s.malformed("a string holds a control character", `Write it as an escape such as \n.`)
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, n := utf8.DecodeRune(s.raw[s.pos:])
			if r == utf8.RuneError && n == 1 {
				return nil, false, s.malformed(fmt.Sprintf("byte 0x%02X is not valid UTF-8", c), "Send text as UTF-8.")
			}
			s.pos += n
		}
	}
	return nil, false, s.unexpected("the end of the string")
}

// literal takes the word if it stands here.
func (s *scanner) literal(word string) bool {
	end := s.pos + len(word)
	if end > len(s.raw) || string(s.raw[s.pos:end]) != word {
		return false
	}
	s.pos = end
	return true
}

// space skips white space.
func (s *scanner) space() {
	for s.pos < len(s.raw) {
		switch s.raw[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the byte here, 0 at the end; 0 begins no JSON value.
func (s *scanner) peek() byte {
	if s.pos < len(s.raw) {
		return s.raw[s.pos]
	}
	return 0
}

// take takes the byte if it stands here.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}
