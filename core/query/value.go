package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// values reads what a filter compares with.
func (c *Condition) values(filter Filter) ([]Value, error) {
	place := inside(filter.Place, "value")
	if c.Operator != In && c.Operator != NotIn {
		value, err := c.value(place, filter.Value)
		return []Value{value}, err
	}
	items, isList := elements(filter.Value)
	if !isList || len(items) > ValuesMax {
		return nil, fault.New(fault.InvalidRequest, "%s takes a list of at most %d values", c.Operator, ValuesMax).At(place).
			Advise("Give a list, or compare one value by eq.")
	}
	values := make([]Value, len(items))
	for i, item := range items {
		var err error
		if values[i], err = c.value(fmt.Sprintf("%s[%d]", place, i), item); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// value reads one value of the field's kind.
func (c *Condition) value(place string, raw workflow.JSON) (v Value, err error) {
	kind := c.Field.Kind
	if c.Operator == Exists {
		kind = Boolean
	}
	readable := false
	switch kind {
	case Integer:
		v.Integer, readable = raw.Int()
	case Boolean:
		v.Boolean, readable = raw.True(), raw.True() || string(raw) == "false"
	case Text:
		if readable = len(raw) > 0 && raw[0] == '"'; readable {
			v.Text = raw.Text()
			err = c.Field.checkValue(place, v.Text)
		}
	case Instant:
		if readable = len(raw) > 0 && raw[0] == '"'; readable {
			if problem := v.Instant.UnmarshalJSON(raw); problem != nil {
				return v, fault.New(fault.InvalidRequest, "%s", problem).At(place).Advise("Write it in UTC with a Z.")
			}
		}
	case JSON:
		v.JSON, readable = raw.Or("null"), scalar(raw)
		if readable {
			err = checkScalar(place, raw)
		}
	}
	if !readable {
		return v, fault.New(fault.InvalidRequest, "%s %s needs a value that is %s", c.Field.Name, c.Operator, article(kind)).At(place).
			Advise("Give %s.", samples[kind])
	}
	return v, err
}

// samples are values as they are written, for errors.
var samples = map[Kind]string{
	Integer: "for instance 7", Text: `for instance "order"`, Boolean: "true or false",
	Instant: `for instance "2026-01-31T09:30:00Z"`, JSON: `for instance "red", 7, true or null`,
}

func article(kind Kind) string {
	if kind == Integer || kind == Instant {
		return "an " + string(kind)
	}
	return "a " + string(kind)
}

// checkValue checks a text and, where the field's values are a closed set, that
// it is one of them.
func (f *Field) checkValue(place, text string) error {
	if len(f.Values) > 0 && !slices.Contains(f.Values, text) {
		return fault.New(fault.InvalidRequest, "%s is never %s", f.Name, shown(text)).At(place).
			Advise("Use %s.", strings.Join(f.Values, ", "))
	}
	return checkText(place, text)
}

// checkText refuses what no column of either store can hold, so that both
// answer the same.
func checkText(place, text string) error {
	if strings.ContainsRune(text, 0) {
		return fault.New(fault.InvalidRequest, "%s contains a NUL character", place).At(place).
			Advise("Remove the NUL; no stored text has one.")
	}
	if !utf8.ValidString(text) {
		return fault.New(fault.InvalidRequest, "%s is not valid UTF-8", place).At(place).Advise("Send UTF-8.")
	}
	return nil
}

// scalar reports whether raw is a JSON text, number, boolean or null.
func scalar(raw workflow.JSON) bool {
	if len(raw) == 0 {
		return true // null
	}
	switch string(raw) {
	case "null", "true", "false":
		return true
	}
	return raw[0] == '"' || IsNumber(raw)
}

// IsNumber reports whether a JSON scalar is a number.
func IsNumber(raw workflow.JSON) bool {
	return len(raw) > 0 && (raw[0] == '-' || (raw[0] >= '0' && raw[0] <= '9'))
}

// digitsMax is how many digits of a number count: a store that reads numbers
// as binary floating point tells no more of them apart.
const digitsMax = 15

// checkScalar checks a JSON text like any other, and that a number has no more
// digits than both stores can compare.
func checkScalar(place string, raw workflow.JSON) error {
	if len(raw) > 0 && raw[0] == '"' {
		return checkText(place, raw.Text())
	}
	if !IsNumber(raw) {
		return nil
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(string(raw)), "e")
	digits := strings.TrimLeft(strings.NewReplacer(".", "", "-", "").Replace(mantissa), "0")
	if _, err := strconv.ParseFloat(string(raw), 64); err != nil || len(digits) > digitsMax {
		return fault.New(fault.InvalidRequest, "%s is not a number of at most %d digits", place, digitsMax).At(place).
			Advise("Store long numbers as text and compare the text.")
	}
	return nil
}

// elements splits a JSON list; false when raw is not one.
func elements(raw workflow.JSON) ([]workflow.JSON, bool) {
	if len(raw) == 0 || raw[0] != '[' {
		return nil, false
	}
	items := []workflow.JSON{}
	raw.EachItem(func(item workflow.JSON) { items = append(items, item) })
	return items, true
}
