package identity_test

import (
	"cmp"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the vectors, on machines without a zone database

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/identity"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

type vector struct {
	Title      string `json:"title"`
	Zone       string `json:"app_time_zone"`
	Attributes struct {
		Context      workflow.JSON    `json:"context"`
		Initiator    string           `json:"initiator"`
		SourceSystem string           `json:"source_system"`
		Reason       string           `json:"reason"`
		BypassSteps  []string         `json:"bypass_steps"`
		RequestedAt  workflow.Instant `json:"requested_at"`
	} `json:"attributes"`
	HashedText   string `json:"hashed_text"`
	IdentityHash string `json:"identity_hash"`
}

func vectors(t *testing.T) []vector {
	raw, err := os.ReadFile(filepath.Join("../vectors/testdata", "identity_hash.json"))
	require.NoError(t, err)
	var file struct{ Vectors []vector }
	require.NoError(t, json.Unmarshal(raw, &file))
	require.GreaterOrEqual(t, len(file.Vectors), 7)
	return file.Vectors
}

// request is the vector's task with the engine's defaults filled in.
func (v vector) request(t *testing.T) identity.Request {
	zone, err := time.LoadLocation(v.Zone)
	require.NoError(t, err)
	a := v.Attributes
	return identity.Request{
		Strategy: identity.Hash, Namespace: "default", Name: "order", Version: "0.1.0",
		Initiator: cmp.Or(a.Initiator, "unknown"), SourceSystem: cmp.Or(a.SourceSystem, "unknown"),
		Reason: cmp.Or(a.Reason, "unknown"), Context: a.Context, BypassSteps: a.BypassSteps,
		RequestedAt: a.RequestedAt, Zone: zone,
	}
}

func TestEveryVectorOfTheRailsEngineIsReproduced(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		text, err := identity.HashedText(v.request(t))
		require.NoError(t, err)
		require.Equal(t, v.HashedText, string(text), v.Title)
		key, err := identity.Key(v.request(t))
		require.NoError(t, err)
		require.Equal(t, v.IdentityHash, key, v.Title)
	}
}

func TestAChangedFieldChangesTheHash(t *testing.T) {
	t.Parallel()
	base := vectors(t)[3].request(t)
	want, err := identity.Key(base)
	require.NoError(t, err)
	for field, change := range map[string]func(r *identity.Request){
		"name":                  func(r *identity.Request) { r.Name += "x" },
		"initiator":             func(r *identity.Request) { r.Initiator += "x" },
		"source_system":         func(r *identity.Request) { r.SourceSystem += "x" },
		"reason":                func(r *identity.Request) { r.Reason += "x" },
		"context":               func(r *identity.Request) { r.Context = workflow.JSON(`{"a":2}`) },
		"bypass_steps":          func(r *identity.Request) { r.BypassSteps = r.BypassSteps[:1] },
		"requested_at":          func(r *identity.Request) { r.RequestedAt = r.RequestedAt.Plus(time.Minute) },
		"namespace and version": func(r *identity.Request) { r.IncludeNamespaceVersion = true },
	} {
		changed := base
		change(&changed)
		got, err := identity.Key(changed)
		require.NoError(t, err)
		require.NotEqual(t, want, got, field)
	}
}

func TestNamespaceAndVersionCountOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	a, b := vectors(t)[0].request(t), vectors(t)[0].request(t)
	b.Namespace, b.Version = "payments", "2.1.0"
	key := func(r identity.Request) string { k, err := identity.Key(r); require.NoError(t, err); return k }
	require.Equal(t, key(a), key(b))
	a.IncludeNamespaceVersion, b.IncludeNamespaceVersion = true, true
	require.NotEqual(t, key(a), key(b))
	text, err := identity.HashedText(b)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), `{"name":"order","namespace":"payments","version":"2.1.0","initiator":`))
}

// hashed returns the context as it is hashed.
func hashed(context string) (string, error) {
	text, err := identity.HashedText(identity.Request{Context: workflow.JSON(context)})
	if err != nil {
		return "", err
	}
	whole := strings.TrimPrefix(string(text), `{"name":"","initiator":"","source_system":"","context":`)
	return strings.TrimSuffix(whole, `,"reason":"","bypass_steps":[],"requested_at":"0001-01-01 00:00"}`), nil
}

func TestContextIsWrittenAsRubyWritesIt(t *testing.T) {
	t.Parallel()
	for context, want := range map[string]string{
		``:                                     `null`,
		` { "b" : [ 1 , true ] , "a" : { } } `: `{"b":[1,true],"a":{}}`,
		`[]`:                                   `[]`,
		`"a/b\/c"`:                             `"a/b/c"`,
		`"<b>&\u2028\u2029"`:                   `"\u003cb\u003e\u0026\u2028\u2029"`,
		`"\u0041\u00e9\ud83d\ude00\u001F"`:     `"Aé😀\u001f"`,
		`"\b\f\n\r\t\"\\"`:                     `"\b\f\n\r\t\"\\"`,
		`"é` + "\x7f" + `"`:                    `"é` + "\x7f" + `"`,
		`{"a":1,"b":2,"a":[3]}`:                `{"a":[3],"b":2}`,
		`{"a":1,"\u0061":2,"a":3}`:             `{"a":3}`,
		`{"x":{"":1,"":2}}`:                    `{"x":{"":2}}`,
		`-0`:                                   `0`,
		`0`:                                    `0`,
		`123456789012345678901234567890`:       `123456789012345678901234567890`,
	} {
		got, err := hashed(context)
		require.NoError(t, err, context)
		require.Equal(t, want, got, context)
	}
}

func TestNumbersWithAFractionTakeTheFormOfRuby(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"1.0": "1.0", "1.50": "1.5", "-2.5": "-2.5", "0.1": "0.1", "-0.0": "-0.0", "0e5": "0.0",
		"1e2": "100.0", "1E+2": "100.0", "123.456": "123.456", "1e15": "1000000000000000.0", "1234567890123456.0": "1234567890123456.0",
		"1e16": "1.0e+16", "12345678901234567.0": "1.2345678901234568e+16", "1e20": "1.0e+20", "1e100": "1.0e+100",
		"0.0001": "0.0001", "0.00012": "0.00012", "0.00001": "1.0e-05", "1.5e-7": "1.5e-07", "5e-324": "5.0e-324",
		"1.7976931348623157e308": "1.7976931348623157e+308", "1e-400": "0.0", "1e400": "null", "-1e400": "null",
	} {
		got, err := hashed(number)
		require.NoError(t, err, number)
		require.Equal(t, want, got, number)
	}
}

func TestWhatIsNotJSONIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, context := range []string{
		`{`, `[`, `[1,]`, `[1 2]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{"a":1 "b":2}`, `{1:2}`, `01`, `+1`, `-`, `1.`, `.5`,
		`1e`, `1e+`, `"`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\u00::"`, `"\ud800"`, `"\ud800\u0041"`, `"\udc00"`, `"` + "\n" + `"`,
		`"` + "\xff" + `"`, `nul`, `true false`, `1 2`, ` `, "\x00", `'a'`, `NaN`, `// x`,
	} {
		_, err := hashed(context)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), context)
		require.ErrorContains(t, err, "at context", context)
		_, err = identity.Key(identity.Request{Strategy: identity.Hash, Context: workflow.JSON(context)})
		require.Error(t, err)
	}
}

func TestDepthIsLimited(t *testing.T) {
	t.Parallel()
	_, err := hashed(strings.Repeat("[", 500) + strings.Repeat("]", 500))
	require.NoError(t, err)
	_, err = hashed(strings.Repeat("[", 1_000_000))
	require.Equal(t, fault.LimitExceeded, fault.KindOf(err))
}

// anyJSON generates JSON texts with their meaning kept simple.
func anyJSON() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		leaf := rapid.OneOf(
			rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Int64().AsAny(),
			rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).AsAny(), rapid.Just[any](nil),
			rapid.SampledFrom([]string{"<a&b>", "\u2028", "\"\\/\b\x01"}).AsAny(),
		)
		return rapid.OneOf(leaf, rapid.SliceOfN(leaf, 0, 4).AsAny(),
			rapid.MapOfN(rapid.String(), leaf, 0, 4).AsAny(),
			rapid.MapOfN(rapid.String(), rapid.SliceOfN(leaf, 0, 3).AsAny(), 0, 3).AsAny()).Draw(t, "value")
	})
}

func TestHashedContextMeansTheSameAndIsItsOwnCanonicalForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw, err := json.MarshalIndent(anyJSON().Draw(t, "json"), " ", "\t")
		require.NoError(t, err)
		got, err := hashed(string(raw))
		require.NoError(t, err)
		require.JSONEq(t, string(raw), got)
		again, err := hashed(got)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

func FuzzScannerAcceptsWhatTheStandardLibraryAccepts(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e3,"x\u00e9"]}`, `[`, `"\ud800"`, `1e999`, `{"a":1,"a":2}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if strings.Contains(raw, `\u`) || raw == "" {
			return // the standard library replaces lone surrogates, and we refuse them
		}
		_, err := hashed(raw)
		valid := json.Valid([]byte(raw)) && strings.ToValidUTF8(raw, "") == raw
		require.Equal(t, valid, err == nil, raw)
	})
}

func TestDefaultStrategyNeverRepeatsItself(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, strategy := range []identity.Strategy{"", identity.Default} {
		for range 100 {
			key, err := identity.Key(identity.Request{Strategy: strategy})
			require.NoError(t, err)
			require.Len(t, key, 36)
			require.False(t, seen[key])
			seen[key] = true
		}
	}
}

func TestCallersKeyIsStoredReadablyWhenItFits(t *testing.T) {
	t.Parallel()
	key := func(k string) string {
		stored, err := identity.Key(identity.Request{Strategy: identity.ByKey, Key: k})
		require.NoError(t, err)
		require.LessOrEqual(t, len([]rune(stored)), identity.LengthMax)
		return stored
	}
	require.Equal(t, "key:order-42", key("order-42"))
	require.Equal(t, "key:"+strings.Repeat("é", 124), key(strings.Repeat("é", 124)), "128 characters, not bytes")
	long := key(strings.Repeat("x", 125))
	require.Equal(t, "keyhash:", long[:8])
	require.Len(t, long, 8+64)
	require.NotEqual(t, long, key(strings.Repeat("x", 126)))
	require.Equal(t, "key:"+long, key(long), "a key that looks like a hashed one does not become it")
}

func TestBadKeysAndStrategiesAreRefused(t *testing.T) {
	t.Parallel()
	for _, k := range []string{"", "a\x00b", "\xff"} {
		_, err := identity.Key(identity.Request{Strategy: identity.ByKey, Key: k})
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), strconv.Quote(k))
	}
	_, err := identity.Key(identity.Request{Strategy: "custom"})
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
}
