package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/tests/requests"
)

// A request is decoded twice, by us and by encoding/json told to refuse unknown
// keys. Whatever we accept it must accept, with the same result. What it accepts
// and we refuse must break one of the rules that we have beside those of JSON.

// decoder is wire.Decode, or a broken one.
type decoder func(raw []byte, into any) error

// disagreement says how a decoder and encoding/json differ about a request, or
// "" when they do not.
func disagreement(decode decoder, request reflect.Type, raw []byte) string {
	got, want := reflect.New(request), reflect.New(request)
	ours := decode(raw, got.Interface())
	if len(raw) == 0 {
		return "" // stands for {}
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	theirs := strict.Decode(want.Interface())
	if theirs == nil && strict.Decode(&struct{}{}) != io.EOF {
		theirs = io.ErrUnexpectedEOF // something follows
	}
	switch {
	case ours != nil && unclear(raw, ours) != "":
		return unclear(raw, ours)
	case ours == nil && theirs != nil:
		return fmt.Sprintf("accepted what encoding/json refuses: %v", theirs)
	case ours == nil && !reflect.DeepEqual(got.Interface(), want.Interface()):
		return fmt.Sprintf("decoded %+v, encoding/json %+v", got.Elem(), want.Elem())
	case ours != nil && theirs == nil && plain(raw):
		return fmt.Sprintf("refused what encoding/json accepts: %v", ours)
	}
	return ""
}

// unclear says what is missing from a refusal.
func unclear(raw []byte, err error) string {
	kind := fault.KindOf(err)
	var f *fault.Error
	if !errors.As(err, &f) || (kind != fault.InvalidRequest && kind != fault.LimitExceeded) {
		return fmt.Sprintf("refused as %s: %v", kind, err)
	}
	offset, ok := f.Details["offset"].(int)
	if !ok || offset < 0 || offset > len(raw) || f.Details["length"] != len(raw) {
		return fmt.Sprintf("the details %v do not tell where in %d bytes", f.Details, len(raw))
	}
	if reply := wire.ErrorReply(err); !json.Valid(reply) || !utf8.Valid(reply) || len(reply) > 1<<20 {
		return "the error reply is not what it should be: " + string(reply[:min(len(reply), 300)])
	}
	return ""
}

var (
	// special is text that JSON allows and we do not, or that we bound: escapes
	// (halves of surrogate pairs, NUL), numbers with an exponent or of many digits.
	special = regexp.MustCompile(`\\u|[0-9][eE]|[0-9]{19}|\.[0-9]{100}`)
	// folded is a key that encoding/json may take for another.
	folded = regexp.MustCompile(`[^a-z0-9_]`)
)

// plain reports whether none of the rules that we have beside JSON's can apply:
// the text is ordinary, the document is one object without null in a list and
// with each key once, and is not deep.
func plain(raw []byte) bool {
	if !utf8.Valid(raw) || special.Match(raw) {
		return false
	}
	reading := json.NewDecoder(bytes.NewReader(raw))
	first, err := reading.Token()
	return err == nil && first == json.Delim('{') && plainObject(reading, 1)
}

const plainDepth = wire.DepthMax - 2

func plainObject(reading *json.Decoder, depth int) bool {
	seen := map[string]bool{}
	for reading.More() {
		token, err := reading.Token()
		key, ok := token.(string)
		if err != nil || !ok || seen[key] || folded.MatchString(key) || !plainValue(reading, depth, true) {
			return false
		}
		seen[key] = true
	}
	_, err := reading.Token()
	return err == nil
}

func plainValue(reading *json.Decoder, depth int, nullable bool) bool {
	token, err := reading.Token()
	switch {
	case err != nil || depth > plainDepth || (token == nil && !nullable):
		return false
	case token == json.Delim('{'):
		return plainObject(reading, depth+1)
	case token == json.Delim('['):
		for reading.More() {
			if !plainValue(reading, depth+1, false) {
				return false
			}
		}
		_, err = reading.Token()
	}
	return err == nil
}

func FuzzRequests(f *testing.F) {
	types := requests.Types(f)
	f.Add(uint16(0), []byte(`{"timeout_ms":1,"correlation_id":"é😀\ud83d\ude00"}`))
	for number, operation := range wire.Operations {
		for _, text := range append(requests.Examples(operation), requests.Sample(types[number])) {
			f.Add(uint16(number), []byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, number uint16, raw []byte) {
		request := types[int(number)%len(types)]
		require.Empty(t, disagreement(wire.Decode, request, raw), "%s %q", request.Name(), raw)
	})
}

func TestNoDistortedRequestDividesUsFromTheStandardLibrary(t *testing.T) {
	t.Parallel()
	types := requests.Types(t)
	rapid.Check(t, func(t *rapid.T) {
		request := rapid.SampledFrom(types).Draw(t, "request")
		document := requests.Sample(request)
		for range rapid.IntRange(1, 3).Draw(t, "times") {
			document = requests.Distort(t, document)
		}
		require.Empty(t, disagreement(wire.Decode, request, []byte(document)), "%s %s", request.Name(), document)
	})
}

func TestEveryRequestWithAllItsFieldsIsPlainAndAccepted(t *testing.T) {
	t.Parallel()
	for _, request := range requests.Types(t) {
		document := []byte(requests.Sample(request))
		require.NoError(t, wire.Decode(document, reflect.New(request).Interface()), "%s %s", request.Name(), document)
		require.Empty(t, disagreement(wire.Decode, request, document), "%s %s", request.Name(), document)
		require.True(t, plain(document), "%s %s", request.Name(), document)
	}
}

func TestTheComparisonFindsADecoderThatIsLaxOrStrictOrWrong(t *testing.T) {
	t.Parallel()
	request := reflect.TypeFor[engine.CreateTaskRequest]()
	lax := json.Unmarshal
	strict := func(raw []byte, _ any) error {
		return fault.New(fault.InvalidRequest, "no").With("offset", 0).With("length", len(raw))
	}
	wrong := func(raw []byte, into any) error {
		return wire.Decode(bytes.ReplaceAll(raw, []byte("a"), []byte("b")), into)
	}
	vague := func([]byte, any) error { return fault.New(fault.InvalidRequest, "no") }
	for text, broken := range map[string]decoder{
		`{"nobody_knows":1}`: lax, `{"name":"x"}`: strict, `{"priority":1,"reason":"a"}`: wrong, `{"name":1}`: vague,
	} {
		require.NotEmpty(t, disagreement(broken, request, []byte(text)), text)
		require.Empty(t, disagreement(wire.Decode, request, []byte(text)), text)
	}
}
