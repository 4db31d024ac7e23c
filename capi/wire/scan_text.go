package wire

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
)

// escape walks one escape of a string. What JSON allows but no jsonb column
// takes is noted: NUL, and halves of surrogate pairs (design section 4).
func (s *scanner) escape() bool {
	at := s.pos
	s.pos++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos++
		return true
	case 'u':
	default:
		return s.unexpected("an escape such as \\n or \\u00e9")
	}
	unit, ok := s.unit()
	switch {
	case !ok:
		return s.unexpected("four hexadecimal digits after \\u")
	case unit == 0:
		s.note(at, "holds a NUL character, which databases refuse", `Remove \u0000.`)
	case unit >= 0xDC00 && unit <= 0xDFFF:
		s.loneSurrogate(at)
	case unit >= 0xD800 && unit <= 0xDBFF:
		after := s.pos
		if s.take('\\') {
			if low, ok := s.unit(); ok && low >= 0xDC00 && low <= 0xDFFF {
				return true
			}
		}
		s.pos = after
		s.loneSurrogate(at)
	}
	return true
}

// loneSurrogate notes half of a pair.
func (s *scanner) loneSurrogate(at int) {
	s.note(at, "holds half of a surrogate pair", "Send the character itself, or both halves.")
}

// unit takes u and four hexadecimal digits.
func (s *scanner) unit() (uint64, bool) {
	if s.peek() != 'u' || s.pos+5 > len(s.raw) {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(s.raw[s.pos+1:s.pos+5]), 16, 16)
	if err != nil {
		return 0, false
	}
	s.pos += 5
	return unit, true
}

// custom lets a type that reads itself check the value that began at start.
func (s *scanner) custom(want *shape, start int) {
	target, ok := reflect.New(want.typ).Interface().(json.Unmarshaler)
	if !ok {
		return
	}
	if err := target.UnmarshalJSON(s.raw[start:s.pos]); err != nil {
		s.note(start, "cannot be read: "+err.Error(), "")
	}
}

// Bounds of a number in a jsonb column: PostgreSQL's numeric holds so many
// digits before and after the decimal point.
const (
	digitsBeforeMax = 131072
	digitsAfterMax  = 16383
)

// number walks a number.
func (s *scanner) number(want *shape) bool {
	start := s.pos
	s.take('-')
	whole := s.digits()
	if whole == 0 || (whole > 1 && s.raw[s.pos-whole] == '0') {
		return s.unexpected("a number without leading zeros")
	}
	fraction, exponent := 0, 0
	pointAt := s.pos
	if s.take('.') {
		if fraction = s.digits(); fraction == 0 {
			return s.unexpected("a digit after the decimal point")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		sign := s.peek()
		if sign == '+' || sign == '-' {
			s.pos++
		}
		count := s.digits()
		if count == 0 {
			return s.unexpected("a digit in the exponent")
		}
		exponent = clamped(s.raw[s.pos-count : s.pos])
		if sign == '-' {
			exponent = -exponent
		}
	}
	if !fits(s.raw[pointAt-whole:pointAt], s.raw[min(pointAt+1, s.pos):min(pointAt+1+fraction, s.pos)], exponent) {
		s.note(start, fmt.Sprintf("is a number beyond what databases hold: %d digits before and %d after the point",
			digitsBeforeMax, digitsAfterMax), "Send it as a string.")
	}
	s.checkInteger(want, start, s.pos == pointAt)
	return true
}

// checkInteger notes a number that does not fit where an integer is wanted.
func (s *scanner) checkInteger(want *shape, start int, integral bool) {
	if want == nil {
		return
	}
	if !integral {
		s.note(start, "is a number with a fraction or exponent; an integer is wanted", "")
		return
	}
	if _, err := strconv.ParseInt(string(s.raw[start:s.pos]), 10, want.typ.Bits()); err != nil {
		s.note(start, fmt.Sprintf("is out of range; an integer of %d bits is wanted", want.typ.Bits()), "")
	}
}

// digits takes digits and returns how many.
func (s *scanner) digits() int {
	start := s.pos
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos - start
}

// clamped reads the digits of an exponent; anything absurd becomes a million.
func clamped(digits []byte) int {
	value := 0
	for _, c := range digits {
		if value = value*10 + int(c-'0'); value > 1_000_000 {
			return 1_000_000
		}
	}
	return value
}

// fits reports whether a jsonb column takes the number.
func fits(whole, fraction []byte, exponent int) bool {
	if len(fraction)-exponent > digitsAfterMax {
		return false
	}
	before := len(whole)
	if whole[0] == '0' {
		zeros := 0
		for zeros < len(fraction) && fraction[zeros] == '0' {
			zeros++
		}
		if zeros == len(fraction) {
			return exponent < 1_000_000 // zero, whatever its exponent
		}
		before = -zeros
	}
	return before+exponent <= digitsBeforeMax
}
