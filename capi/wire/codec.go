package wire

import (
	"bytes"
	"reflect"

	"github.com/goccy/go-json"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// Codec reads and writes one type. Build it once and keep it: building looks
// the type over by reflection. It is immutable and may be used concurrently.
type Codec[T any] struct {
	shape *shape
}

// CodecOf returns the codec of a type.
func CodecOf[T any]() Codec[T] {
	return Codec[T]{shapeOf(reflect.TypeFor[T]())}
}

// Decode reads a request; see the function Decode.
func (c Codec[T]) Decode(raw []byte) (T, error) {
	var into T
	err := decode(raw, c.shape, &into)
	return into, err
}

// Encode writes a reply; see the function Encode.
func (c Codec[T]) Encode(reply T) ([]byte, error) {
	return encode(c.shape, reflect.ValueOf(&reply).Elem())
}

// Decode reads a request into a pointer to a struct. It is strict: one JSON
// object in UTF-8 and nothing after it, at most SizeMax bytes and DepthMax
// levels, known keys only, each once, integers where integers are wanted, and
// nothing that a jsonb column refuses (NUL, lone surrogates, numbers out of
// range). No bytes at all are read as {}. Raw JSON fields are copied byte for
// byte, having passed the same checks.
//
// Errors are InvalidRequest or LimitExceeded; all unknown keys and wrong types
// are told at once in Problems, and the details carry offset and length. The
// time is linear in the length of the request.
func Decode(raw []byte, into any) error {
	return decode(raw, shapeOf(reflect.TypeOf(into).Elem()), into)
}

func decode(raw []byte, want *shape, into any) error {
	if len(raw) == 0 {
		return nil
	}
	if err := scan(raw, want).err(); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fault.Wrap(fault.InvalidRequest, err, "the request cannot be read").With("length", len(raw))
	}
	return nil
}

// Check reports whether raw is one JSON object by the rules of Decode, without
// asking which keys it has. No bytes at all are read as {}.
func Check(raw []byte) error {
	if len(raw) == 0 {
		return nil
	}
	s := scan(raw, nil)
	if first := bytes.TrimLeft(raw, " \t\r\n"); s.failed == nil && first[0] != '{' {
		s.note(len(raw)-len(first), "is not an object", "Send one JSON object.")
	}
	return s.err()
}
