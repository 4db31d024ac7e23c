package identity

import (
	"math"
	"strconv"
	"strings"
)

// number reads a JSON number and appends it as Ruby writes it.
func (s *scanner) number() {
	start := s.at
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else if !s.digits() {
		s.fail("a number has no digits")
		return
	}
	whole := true
	if s.peek() == '.' {
		s.at++
		whole = false
		if !s.digits() {
			s.fail("a number ends with a point")
			return
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		whole = false
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		if !s.digits() {
			s.fail("an exponent has no digits")
			return
		}
	}
	s.out = appendNumber(s.out, string(s.in[start:s.at]), whole)
}

// digits skips digits and reports whether there was any.
func (s *scanner) digits() bool {
	start := s.at
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at > start
}

// appendNumber appends a number: a whole one with all its digits, any other as a
// binary double in Ruby's form. One beyond the range of a double is infinite,
// which the Rails encoder writes as null.
func appendNumber(out []byte, text string, whole bool) []byte {
	if whole {
		if text == "-0" {
			text = "0" // Ruby's integers have no negative zero
		}
		return append(out, text...)
	}
	f, _ := strconv.ParseFloat(text, 64)
	if math.IsInf(f, 0) {
		return append(out, "null"...)
	}
	return appendFloat(out, f)
}

// Ruby writes a double with its shortest digits: plainly, always with a
// fraction, when the decimal point falls at most fixedMax places after the first
// digit or at most fixedMin before it, else with an exponent of at least two
// digits.
const (
	fixedMin = -3
	fixedMax = 16
)

// appendFloat appends a finite double as Ruby's Float#to_s writes it.
func appendFloat(out []byte, f float64) []byte {
	if math.Signbit(f) {
		out = append(out, '-')
		f = -f
	}
	if f == 0 {
		return append(out, "0.0"...)
	}
	mantissa, power, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	digits := strings.Replace(mantissa, ".", "", 1)
	exponent, _ := strconv.Atoi(power)
	point := exponent + 1 // digits before the decimal point
	switch {
	case point > 0 && point <= fixedMax:
		if missing := point + 1 - len(digits); missing > 0 {
			digits += strings.Repeat("0", missing)
		}
		out = append(append(out, digits[:point]...), '.')
		return append(out, digits[point:]...)
	case point <= 0 && point >= fixedMin:
		out = append(out, "0."+strings.Repeat("0", -point)...)
		return append(out, digits...)
	}
	if len(digits) == 1 {
		digits += "0"
	}
	out = append(append(append(out, digits[0], '.'), digits[1:]...), 'e')
	return append(out, power...)
}
