package template_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/template"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// withSchema returns a template whose schema is the JSON given.
func withSchema(t require.TestingT, schema string) *template.Template {
	return parse(t, `{"name":"s","step_templates":[{"name":"x"}],"schema":`+schema+`}`, "")
}

// refused returns the problems of a context, one a line.
func refused(t require.TestingT, schema, context string) string {
	_, err := template.CheckContext(withSchema(t, schema), workflow.JSON(context))
	var f *fault.Error
	require.True(t, errors.As(err, &f), "expected a refusal, found %v", err)
	require.Equal(t, fault.InvalidRequest, f.Kind)
	require.Equal(t, "context", f.Path)
	return strings.ReplaceAll(listed(f.Problems), "0:0 ", "")
}

func TestDefaultsAreInsertedAndAllElseStays(t *testing.T) {
	t.Parallel()
	const schema = `{
		"properties": {
			"gift": {"type": "boolean", "default": false},
			"limits": {"type": "object", "default": {"b": 1.50}, "properties": {"a": {"default": [1e2]}}},
			"lines": {"items": {"properties": {"n": {"default": 1}}}},
			"who": {"$ref": "#/$defs/who"},
			"text": {"default": "ü<"}
		},
		"allOf": [{"properties": {"late": {"default": null}, "gift": {"default": true}}}],
		"additionalProperties": {"properties": {"seen": {"default": "yes"}}},
		"$defs": {"who": {"properties": {"name": {"default": "nobody"}, "boss": {"$ref": "#/$defs/who"}}}}
	}`
	for _, c := range []struct{ name, context, want string }{
		{"into an object with members",
			`{ "n": 1.00 }`,
			`{ "n": 1.00,"gift":false,"limits":{"b":1.50,"a":[1e2]},"text":"ü<","late":null }`},
		{"nested and in lists",
			`{"lines":[{},{"n":2},{ "m" : [ ] }],"limits":{"a":0},"who":{"boss":{}},"gift":true,"text":"","late":1}`,
			`{"lines":[{"n":1},{"n":2},{ "m" : [ ],"n":1 }],"limits":{"a":0},"who":{"boss":{"name":"nobody"},"name":"nobody"},"gift":true,"text":"","late":1}`},
		{"into keys that no property names",
			`{"gift":1,"limits":{"a":1},"text":1,"late":1,"else":{"x":{}}}`,
			`{"gift":1,"limits":{"a":1},"text":1,"late":1,"else":{"x":{},"seen":"yes"}}`},
		{"nothing to fill",
			"{\"gift\":true,\n \"limits\":{\"a\":1}, \"text\":1e2, \"late\":1}",
			"{\"gift\":true,\n \"limits\":{\"a\":1}, \"text\":1e2, \"late\":1}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := strings.Replace(schema, `{"type": "boolean", "default": false}`, `{"default": false}`, 1)
			got, err := template.CheckContext(withSchema(t, s), workflow.JSON(c.context))
			require.NoError(t, err)
			require.Equal(t, c.want, string(got))
		})
	}
}

func TestADefaultSatisfiesARequiredKey(t *testing.T) {
	t.Parallel()
	got, err := template.CheckContext(
		withSchema(t, `{"required":["a","b"],"properties":{"b":{"default":2}}}`), workflow.JSON(`{"a":1}`))
	require.NoError(t, err)
	require.Equal(t, `{"a":1,"b":2}`, string(got))
}

func TestFillingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	s := withSchema(t, `{"properties":{"o":{"default":{},"properties":{"p":{"default":[{}]}}},"q":{"default":0}}}`)
	once, err := template.CheckContext(s, workflow.JSON(`{"x":1}`))
	require.NoError(t, err)
	require.Equal(t, `{"x":1,"o":{"p":[{}]},"q":0}`, string(once))
	twice, err := template.CheckContext(s, once)
	require.NoError(t, err)
	require.Equal(t, string(once), string(twice))
}

func TestOlderDraftsPutDefaultsIntoListsToo(t *testing.T) {
	t.Parallel()
	s := withSchema(t, `{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"l":{
		"items":[{"properties":{"a":{"default":1}}}],"additionalItems":{"properties":{"b":{"default":2}}}}}}`)
	got, err := template.CheckContext(s, workflow.JSON(`{"l":[{},{}]}`))
	require.NoError(t, err)
	require.Equal(t, `{"l":[{"a":1},{"b":2}]}`, string(got))
}

func TestEveryProblemOfAContextIsReportedWithItsPath(t *testing.T) {
	t.Parallel()
	require.Equal(t, strings.TrimLeft(`
context.basket_id: the required key "basket_id" is missing
context.price: must be at most 10.5, found 11
context.code: "x" does not match the pattern ^[0-9]+$
context.lines[1].sku: must be string, found number
context.lines[2]["odd key"]: is not allowed here
context.kind: value must be one of 'a', 'b'
context.name: must be at least 2 characters long, found 1
context.either: fits none of the allowed forms: must be string, found boolean; or must be array, found boolean
context.prise: the key "prise" is not allowed [did you mean "price"?]
`, "\n"), refused(t, `{
		"required": ["basket_id"], "additionalProperties": false,
		"properties": {
			"basket_id": {}, "price": {"maximum": 10.5}, "code": {"pattern": "^[0-9]+$"},
			"lines": {"items": {"properties": {"sku": {"type": "string"}, "odd key": false}}},
			"kind": {"enum": ["a", "b"]}, "name": {"minLength": 2},
			"either": {"anyOf": [{"type": "string"}, {"type": "array"}]}
		}}`,
		`{"price":11,"code":"x","lines":[{},{"sku":1},{"odd key":1}],"kind":"c","name":"é","either":true,"prise":1}`))
}

func TestFurtherFindingsAreSaidInWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, `context.one: fits more than one of forms that exclude each other
context.none: fits none of the allowed forms: must be string, found object; or x must be string, found number
context.long: must be at most 1 characters long, found 2
context.list: items at 0 and 1 are equal
`, refused(t, `{"properties":{
		"one": {"oneOf":[{"type":"integer"},{"type":"number"}]},
		"none": {"oneOf":[{"type":"string"},{"properties":{"x":{"type":"string"}}}]},
		"long": {"maxLength": 1}, "list": {"uniqueItems": true}}}`,
		`{"one":1,"none":{"x":1},"long":"ab","list":[1,1]}`))
}

func TestStandardSemanticsHoldAndNotTheStrictOnes(t *testing.T) {
	t.Parallel()
	s := withSchema(t, `{"required":["a"],"properties":{"a":{},"optional":{"type":"string"},"mail":{"format":"email"}}}`)
	got, err := template.CheckContext(s, workflow.JSON(`{"a":1,"undeclared":2,"mail":"none"}`))
	require.NoError(t, err)
	require.Equal(t, `{"a":1,"undeclared":2,"mail":"none"}`, string(got))
}

func TestAContextIsAnObjectWithMembers(t *testing.T) {
	t.Parallel()
	for _, tpl := range []*template.Template{
		parse(t, "name: a\nstep_templates: [{name: x}]", ""), withSchema(t, `{"properties":{"a":{"default":1}}}`),
	} {
		for _, context := range []string{``, ` `, `null`, `{}`, ` { } `, `[]`, `"a"`, `1`, `{"a":1} x`, `{"a":}`, `{"a":1,}`} {
			_, err := template.CheckContext(tpl, workflow.JSON(context))
			require.Equal(t, fault.InvalidRequest, fault.KindOf(err), context)
		}
	}
}

func TestWithoutASchemaTheContextIsReturnedAsItIs(t *testing.T) {
	t.Parallel()
	const context = `{ "b": 1.0,  "a": 1 }`
	got, err := template.CheckContext(parse(t, "name: a\nstep_templates: [{name: x}]", ""), workflow.JSON(context))
	require.NoError(t, err)
	require.Equal(t, context, string(got))
}

func TestAContextThatNoDatabaseStoresIsRefused(t *testing.T) {
	t.Parallel()
	require.Equal(t, `context.a: the key "a" is given twice, first at line 1
context.n: the number 1e999999999 has more than 16000 digits when written out
context.t: the text holds a NUL character, which no database stores
`, refused(t, `{"properties":{"n":{"minimum":0}}}`, `{"a":1,"a":2,"n":1e999999999,"t":"\u0000"}`))
}

func TestADefaultThatContainsItselfIsALimitError(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{
		`{"properties":{"a":{"default":{},"$ref":"#"}}}`,
		`{"properties":{"a":{"default":{},"$ref":"#"},"b":{"default":{},"$ref":"#"}}}`,
	} {
		_, err := template.CheckContext(withSchema(t, schema), workflow.JSON(`{"x":1}`))
		require.Equal(t, fault.LimitExceeded, fault.KindOf(err))
	}
}

func TestDefaultsThatMultiplyAreALimitError(t *testing.T) {
	t.Parallel()
	// Each level doubles: 2^20 defaults from a schema of a few hundred bytes.
	schema := `{"default":1}`
	for range 20 {
		schema = `{"default":{},"properties":{"l":{"$ref":"#/$defs/N"},"r":{"$ref":"#/$defs/N"}}},"N":` + schema
	}
	var defs strings.Builder
	for i, part := range strings.Split(schema, `,"N":`) {
		part = strings.ReplaceAll(part, "/N", "/"+strings.Repeat("n", i+2))
		if i > 0 {
			defs.WriteByte(',')
		}
		defs.WriteString(`"` + strings.Repeat("n", i+1) + `":` + part)
	}
	_, err := template.CheckContext(
		withSchema(t, `{"properties":{"a":{"$ref":"#/$defs/n"}},"$defs":{`+defs.String()+`}}`), workflow.JSON(`{"x":1}`))
	require.Equal(t, fault.LimitExceeded, fault.KindOf(err))
}

func TestASchemaThatRefersToItselfEnds(t *testing.T) {
	t.Parallel()
	s := withSchema(t, `{"properties":{"d":{"default":1},"self":{"allOf":[{"$ref":"#"}]}}}`)
	got, err := template.CheckContext(s, workflow.JSON(`{"self":{"self":{"d":2}}}`))
	require.NoError(t, err)
	require.Equal(t, `{"self":{"self":{"d":2},"d":1},"d":1}`, string(got))
}

func TestOneTemplateChecksContextsConcurrently(t *testing.T) {
	t.Parallel()
	s := withSchema(t, `{"properties":{"a":{"type":"integer"},"b":{"default":{"c":1}}}}`)
	var wait sync.WaitGroup
	got := make([]string, 16)
	for i := range got {
		wait.Go(func() {
			out, err := template.CheckContext(s, workflow.JSON(`{"a":1}`))
			if err == nil {
				got[i] = string(out)
			}
		})
	}
	wait.Wait()
	for _, g := range got {
		require.Equal(t, `{"a":1,"b":{"c":1}}`, g)
	}
}

func TestATemplateMadeByHandCompilesItsSchemaWhenNeeded(t *testing.T) {
	t.Parallel()
	o := &template.Template{Name: "hand", Schema: workflow.JSON(`{"required":["a"]}`)}
	_, err := template.CheckContext(o, workflow.JSON(`{"b":1}`))
	require.ErrorContains(t, err, "context.a")
	o.Schema = workflow.JSON(`{"required":1}`)
	_, err = template.CheckContext(o, workflow.JSON(`{"b":1}`))
	require.ErrorContains(t, err, "the schema of hand")
}
