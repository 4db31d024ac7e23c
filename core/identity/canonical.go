package identity

import (
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// depthMax bounds the nesting of a context, so that no input can exhaust the
// stack.
const depthMax = 512

// canonical appends the JSON value as the Rails engine writes it after reading
// it: the order of keys is kept, a repeated key keeps its first place and its
// last value, whole numbers keep their digits, other numbers take Ruby's form,
// and texts Ruby's escapes. The package walks the bytes itself because a
// decoder into maps would lose the order and the digits.
func canonical(out []byte, value workflow.JSON) ([]byte, error) {
	s := &scanner{in: value, out: out}
	s.space()
	s.value(0)
	s.space()
	if s.err == nil && s.at < len(s.in) {
		s.fail("something follows the value")
	}
	return s.out, s.err
}

// scanner copies a JSON text from in to out. After the first error it stands
// still.
type scanner struct {
	in  []byte
	at  int
	out []byte
	err error
}

func (s *scanner) fail(what string) {
	if s.err == nil {
		s.err = fault.New(fault.InvalidRequest, "the context is not valid JSON at byte %d: %s", s.at, what).
			At("context").With("offset", s.at)
		s.at = len(s.in)
	}
}

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.in) {
		return s.in[s.at]
	}
	return 0
}

func (s *scanner) space() {
	for s.at < len(s.in) && strings.IndexByte(" \t\r\n", s.in[s.at]) >= 0 {
		s.at++
	}
}

// take skips the byte c and the space around it, and reports whether it was
// there.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.peek() != c || s.at == len(s.in) {
		return false
	}
	s.at++
	s.space()
	return true
}

func (s *scanner) value(depth int) {
	switch c := s.peek(); {
	case depth > depthMax:
		s.err = fault.New(fault.LimitExceeded, "the context is nested deeper than %d", depthMax).At("context")
		s.at = len(s.in)
	case c == '{':
		s.object(depth)
	case c == '[':
		s.array(depth)
	case c == '"':
		s.out = appendText(s.out, s.text())
	case c == '-' || c >= '0' && c <= '9':
		s.number()
	default:
		s.word()
	}
}

func (s *scanner) word() {
	for _, w := range []string{"true", "false", "null"} {
		if rest := s.in[s.at:]; len(rest) >= len(w) && string(rest[:len(w)]) == w {
			s.out = append(s.out, w...)
			s.at += len(w)
			return
		}
	}
	s.fail("a value is missing")
}

func (s *scanner) array(depth int) {
	s.take('[')
	s.out = append(s.out, '[')
	for first := true; s.err == nil && !s.take(']'); first = false {
		if !first {
			if !s.take(',') {
				s.fail("a comma or ] is missing")
				return
			}
			s.out = append(s.out, ',')
		}
		s.value(depth + 1)
	}
	s.out = append(s.out, ']')
}

// member is one key of an object and where its key with the colon and its value
// ended up in out.
type member struct {
	key            string
	start, mid, to int
}

func (s *scanner) object(depth int) {
	s.take('{')
	s.out = append(s.out, '{')
	base := len(s.out)
	var members []member
	places := map[string]int{}
	repeated := false
	for s.err == nil && !s.take('}') {
		if len(members) > 0 {
			if !s.take(',') {
				s.fail("a comma or } is missing")
				return
			}
			s.out = append(s.out, ',')
		}
		m := s.member(depth)
		if place, known := places[m.key]; known {
			repeated = true
			members[place].mid, members[place].to = m.mid, m.to
			m.key = "" // its value moved to the first place
			m.start = m.to
		} else {
			places[m.key] = len(members)
		}
		members = append(members, m)
	}
	if repeated && s.err == nil {
		s.rebuild(base, members)
	}
	s.out = append(s.out, '}')
}

// member copies a key and its value.
func (s *scanner) member(depth int) member {
	if s.peek() != '"' {
		s.fail("a key is missing")
		return member{}
	}
	m := member{key: s.text(), start: len(s.out)}
	s.out = appendText(s.out, m.key)
	if !s.take(':') {
		s.fail("a colon is missing")
		return member{}
	}
	s.out = append(s.out, ':')
	m.mid = len(s.out)
	s.value(depth + 1)
	m.to = len(s.out)
	return m
}

// rebuild writes the object again with every key once. A repetition has an
// empty range of its own.
func (s *scanner) rebuild(base int, members []member) {
	old := slices.Clone(s.out)
	s.out = s.out[:base]
	for _, m := range members {
		if m.start == m.to {
			continue
		}
		if len(s.out) > base {
			s.out = append(s.out, ',')
		}
		s.out = appendText(s.out, m.key)
		s.out = append(append(s.out, ':'), old[m.mid:m.to]...)
	}
}

// text reads a string and returns what it means.
func (s *scanner) text() string {
	s.at++
	var b strings.Builder
	for s.err == nil {
		start := s.at
		for s.at < len(s.in) && s.in[s.at] != '"' && s.in[s.at] != '\\' && s.in[s.at] >= ' ' {
			s.at++
		}
		run := s.in[start:s.at]
		if !utf8.Valid(run) {
			s.fail("a text is not UTF-8")
			return ""
		}
		b.Write(run)
		switch s.peek() {
		case '"':
			s.at++
			return b.String()
		case '\\':
			b.WriteRune(s.escape())
		default:
			s.fail("a text is not closed, or holds a control character")
		}
	}
	return ""
}

// escapes are the short ones, each with the character that it stands for.
const (
	escapeSigns = `"\/bfnrt`
	escapeRunes = "\"\\/\b\f\n\r\t"
)

// escape reads one escape sequence, which may be a pair of surrogates.
func (s *scanner) escape() rune {
	s.at++
	c := s.peek()
	if place := strings.IndexByte(escapeSigns, c); place >= 0 {
		s.at++
		return rune(escapeRunes[place])
	}
	if c != 'u' {
		s.fail("an escape is unknown")
		return 0
	}
	r := s.unit()
	if !utf16.IsSurrogate(r) {
		return r
	}
	if s.at+1 < len(s.in) && s.in[s.at] == '\\' && s.in[s.at+1] == 'u' {
		s.at++
		if pair := utf16.DecodeRune(r, s.unit()); pair != utf8.RuneError {
			return pair
		}
	}
	s.fail("half of a surrogate pair stands alone")
	return 0
}

// unit reads u and four hexadecimals.
func (s *scanner) unit() rune {
	s.at++
	if s.at+4 > len(s.in) {
		s.fail("an escape is cut off")
		return 0
	}
	var r rune
	for _, c := range s.in[s.at : s.at+4] {
		digit := strings.IndexByte("0123456789abcdef", c|0x20)
		if digit < 0 || c < '0' {
			s.fail("an escape is not hexadecimal")
			return 0
		}
		r = r<<4 | rune(digit)
	}
	s.at += 4
	return r
}

// appendText appends a JSON string with the escapes of the Rails encoder: the
// short ones, lower-case \u00xx for other control characters, and \u escapes for
// <, >, & and the two line separators that JavaScript stumbles over. Everything
// else stays raw, the slash included.
func appendText(out []byte, text string) []byte {
	const hexadecimals = "0123456789abcdef"
	out = append(out, '"')
	for _, r := range text {
		switch place := strings.IndexRune(escapeRunes, r); {
		case place >= 0 && r != '/':
			out = append(out, '\\', escapeSigns[place])
		case r < ' ' || r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029':
			out = append(out, '\\', 'u')
			for shift := 12; shift >= 0; shift -= 4 {
				out = append(out, hexadecimals[r>>shift&0xf])
			}
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}
