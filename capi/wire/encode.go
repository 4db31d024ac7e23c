package wire

import (
	stdjson "encoding/json"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/goccy/go-json"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// Encode writes a reply: a struct or a pointer to one. Raw JSON fields are
// written as they are, not even white space is touched; a nil slice is [], so
// that hosts can iterate without asking; <, > and & stay readable. Text that
// is not UTF-8 is repaired. The error is Internal: a reply that cannot be
// written is a defect.
func Encode(reply any) ([]byte, error) {
	value := reflect.ValueOf(reply)
	return encode(shapeOf(value.Type()), value)
}

// encode writes a value of the given shape.
//
// Our own writer instead of a library's, since both encoding/json and goccy
// compact what a Marshaler returns (which changes the user's bytes) and write
// nil slices as null.
func encode(s *shape, value reflect.Value) ([]byte, error) {
	out, err := s.append(make([]byte, 0, 512), value)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the reply cannot be written as JSON")
	}
	return out, nil
}

// append writes the value behind what out holds.
func (s *shape) append(out []byte, value reflect.Value) ([]byte, error) {
	switch s.kind {
	case raw:
		if value.Len() == 0 {
			return append(out, "null"...), nil
		}
		return append(out, value.Bytes()...), nil
	case reference:
		if value.IsNil() {
			return append(out, "null"...), nil
		}
		return s.elem.append(out, value.Elem())
	case text:
		return appendText(out, value.String()), nil
	case boolean:
		return strconv.AppendBool(out, value.Bool()), nil
	case integer:
		return strconv.AppendInt(out, value.Int(), 10), nil
	case list:
		return s.appendList(out, value)
	case object:
		return s.appendObject(out, value)
	case custom:
		written, err := value.Interface().(stdjson.Marshaler).MarshalJSON()
		return append(out, written...), err
	}
	if value.Kind() == reflect.Map && value.IsNil() {
		return append(out, "{}"...), nil
	}
	written, err := json.MarshalWithOption(value.Interface(), json.DisableHTMLEscape())
	return append(out, written...), err
}

func (s *shape) appendList(out []byte, value reflect.Value) ([]byte, error) {
	out = append(out, '[')
	for i := range value.Len() {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = s.elem.append(out, value.Index(i)); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func (s *shape) appendObject(out []byte, value reflect.Value) ([]byte, error) {
	out = append(out, '{')
	first := true
	for i := range s.fields {
		f := &s.fields[i]
		member := value.FieldByIndex(f.index)
		if f.omitEmpty && empty(member) || f.omitZero && member.IsZero() {
			continue
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = append(appendText(out, f.name), ':')
		var err error
		if out, err = f.shape.append(out, member); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

// empty is what omitempty leaves out, as in encoding/json: structs never.
func empty(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return value.Len() == 0
	case reflect.Struct:
		return false
	default:
		return value.IsZero()
	}
}

const hexDigits = "0123456789abcdef"

// appendText writes a JSON string.
func appendText(out []byte, text string) []byte {
	out = append(out, '"')
	plain := 0 // where the part that needs no escape begins
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(text[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		out = appendEscape(append(out, text[plain:i]...), c)
		i += size
		plain = i
	}
	return append(append(out, text[plain:]...), '"')
}

// appendEscape writes a byte that cannot stand in a string as it is.
func appendEscape(out []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(out, '\\', c)
	case c == '\n':
		return append(out, `\n`...)
	case c == '\r':
		return append(out, `\r`...)
	case c == '\t':
		return append(out, `\t`...)
	case c < ' ':
		return append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(out, "\uFFFD"...)
}
