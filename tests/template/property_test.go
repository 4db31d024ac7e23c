package template_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

func itoa(i int) string { return strconv.Itoa(i) }

// value draws a JSON value of at most the given depth.
func value(t *rapid.T, depth int) any {
	top := 6
	if depth == 0 {
		top = 4
	}
	switch rapid.IntRange(0, top).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return json.Number(rapid.StringMatching(`-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,9})?(e[+-]?[0-9]{1,2})?`).Draw(t, "number"))
	case 3, 4:
		return strings.ReplaceAll(rapid.String().Draw(t, "text"), "\x00", "")
	case 5:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			list = append(list, value(t, depth-1))
		}
		return list
	}
	return members(t, depth-1)
}

func members(t *rapid.T, depth int) map[string]any {
	out := map[string]any{}
	for range rapid.IntRange(0, 3).Draw(t, "members") {
		out[strings.ReplaceAll(rapid.String().Draw(t, "key"), "\x00", "")] = value(t, depth)
	}
	return out
}

// document draws a valid template as the map that its JSON text holds.
func document(t *rapid.T) map[string]any {
	steps := []any{}
	for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
		step := map[string]any{"name": "step " + itoa(i)}
		parents := []any{}
		for j := range i {
			if rapid.IntRange(0, 3).Draw(t, "edge") == 0 {
				parents = append(parents, "step "+itoa(j))
			}
		}
		step["depends_on_steps"] = parents
		maybe(t, step, "description", func() any { return rapid.StringMatching(`[a-zé ]{0,40}`).Draw(t, "text") })
		maybe(t, step, "default_retry_limit", func() any { return rapid.IntRange(0, 50).Draw(t, "limit") })
		maybe(t, step, "default_retryable", func() any { return rapid.Bool().Draw(t, "bool") })
		maybe(t, step, "skippable", func() any { return rapid.Bool().Draw(t, "bool") })
		maybe(t, step, "timeout_seconds", func() any { return rapid.IntRange(1, 86400).Draw(t, "seconds") })
		maybe(t, step, "dependent_system", func() any { return rapid.StringMatching(`[a-z_]{1,64}`).Draw(t, "system") })
		maybe(t, step, "handler_config", func() any { return members(t, 3) })
		maybe(t, step, "backoff", func() any { return map[string]any{"base_seconds": rapid.IntRange(0, 30).Draw(t, "base")} })
		steps = append(steps, step)
	}
	doc := map[string]any{"name": rapid.StringMatching(`[a-z]{1,20}(/[a-z_]{1,20})?`).Draw(t, "name"), "step_templates": steps}
	maybe(t, doc, "version", func() any { return rapid.StringMatching(`[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}`).Draw(t, "version") })
	maybe(t, doc, "namespace_name", func() any { return rapid.StringMatching(`[a-z]{1,64}`).Draw(t, "namespace") })
	maybe(t, doc, "priority", func() any { return rapid.IntRange(-1000, 1000).Draw(t, "priority") })
	maybe(t, doc, "concurrent", func() any { return rapid.Bool().Draw(t, "bool") })
	maybe(t, doc, "schema", func() any {
		return map[string]any{"properties": map[string]any{"a": map[string]any{"default": value(t, 2)}}}
	})
	maybe(t, doc, "backoff", func() any { return map[string]any{"strategy": "constant", "jitter": 0.25} })
	return doc
}

func maybe(t *rapid.T, into map[string]any, key string, draw func() any) {
	if rapid.Bool().Draw(t, "has "+key) {
		into[key] = draw()
	}
}

func encoded(t require.TestingT, v any) string {
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}

func TestAnyValidTemplateComesBackFromItsCanonicalForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := parse(t, encoded(t, document(t)), "")
		stored := first.JSON()
		second, err := template.FromJSON(stored)
		require.NoError(t, err)
		require.Equal(t, string(stored), string(second.JSON()))
		require.Equal(t, first.Digest(), second.Digest())
		require.Equal(t, first.Steps, second.Steps)
	})
}

func TestConfigurationsKeepEveryValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		config := encoded(t, members(t, 4))
		o := parse(t, `{"name":"a","step_templates":[{"name":"x","handler_config":`+config+`}]}`, "")
		require.Equal(t, decoded(t, config), decoded(t, string(o.Steps[0].HandlerConfig)))
	})
}

// decoded reads a JSON text with numbers as text.
func decoded(t require.TestingT, raw string) any {
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	var out any
	require.NoError(t, d.Decode(&out))
	return out
}

func TestYAMLAndJSONTextsOfOneTemplateAreEqual(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(1, 8).Draw(t, "steps")
		var y, j strings.Builder
		y.WriteString("name: both\nstep_templates:\n")
		for i := range steps {
			limit := rapid.IntRange(0, 9).Draw(t, "limit")
			number := rapid.StringMatching(`(0|[1-9][0-9]{0,25})(\.[0-9]{1,9})?(e[+-]?[0-9]{1,2})?`).Draw(t, "number")
			fmt.Fprintf(&y, "  - name: s%d\n    default_retry_limit: %d\n    handler_config:\n      n: %s\n", i, limit, number)
			fmt.Fprintf(&j, `{"name":"s%d","default_retry_limit":%d,"handler_config":{"n":%s}},`, i, limit, number)
		}
		fromYAML := parse(t, y.String(), "")
		fromJSON := parse(t, `{"name":"both","step_templates":[`+strings.TrimSuffix(j.String(), ",")+`]}`, "")
		require.Equal(t, string(fromJSON.JSON()), string(fromYAML.JSON()))
	})
}

func TestDamagedTextsGiveAnErrorOfOursOrATemplate(t *testing.T) {
	t.Parallel()
	var texts [][]byte
	for _, pattern := range []string{"testdata/*.yaml", "testdata/problems/*.yaml", "testdata/problems/*.json"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, f := range files {
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			texts = append(texts, text, []byte(encodedOrText(text)))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := append([]byte(nil), rapid.SampledFrom(texts).Draw(t, "text")...)
		for range rapid.IntRange(1, 8).Draw(t, "wounds") {
			text = wound(t, text)
		}
		judge(t, text)
	})
}

// encodedOrText is the canonical form of a text, or the text where it has none.
func encodedOrText(text []byte) string {
	o, err := template.Parse(text, template.Options{})
	if err != nil {
		return string(text)
	}
	return string(o.JSON())
}

// wound changes, drops or inserts a byte, or repeats a part.
func wound(t *rapid.T, text []byte) []byte {
	if len(text) == 0 {
		return []byte(rapid.String().Draw(t, "fresh"))
	}
	at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
	switch rapid.IntRange(0, 3).Draw(t, "how") {
	case 0:
		text[at] = rapid.SampledFrom([]byte("{}[]:,-&*!|>'\"#%@`? \n\t\\0a\xff\x00")).Draw(t, "byte")
		return text
	case 1:
		return append(text[:at], text[at+1:]...)
	case 2:
		b := rapid.SampledFrom([]byte("{}[]:,-&*!|>'\"#%@`? \n\t\\0a")).Draw(t, "byte")
		return append(text[:at], append([]byte{b}, text[at:]...)...)
	}
	end := rapid.IntRange(at, len(text)).Draw(t, "end")
	return append(text[:end:end], text[at:]...)
}

// judge parses a text and holds the answer to what is promised of any.
func judge(t require.TestingT, text []byte) {
	o, err := template.Parse(text, template.Options{Environment: "test"})
	if err != nil {
		require.Contains(t, []fault.Kind{fault.InvalidRequest, fault.LimitExceeded}, fault.KindOf(err), "%v", err)
		require.NotEmpty(t, problemsOf(t, text, template.Options{Environment: "test"}))
		return
	}
	require.NotEmpty(t, o.Steps)
	stored := o.JSON()
	require.True(t, json.Valid(stored))
	back, err := template.FromJSON(stored)
	require.NoError(t, err)
	require.Equal(t, o.Digest(), back.Digest())
	require.Len(t, template.Analyse(o).CriticalPath, len(template.Analyse(o).Levels))
	if _, err := template.CheckContext(o, workflow.JSON(`{"basket_id":"b","lines":[{}]}`)); err != nil {
		require.NotEqual(t, fault.Internal, fault.KindOf(err))
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/problems/*")
	require.NoError(f, err)
	more, err := filepath.Glob("testdata/*.yaml")
	require.NoError(f, err)
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(text)
		f.Add([]byte(encodedOrText(text)))
	}
	f.Fuzz(func(t *testing.T, text []byte) { judge(t, text) })
}
