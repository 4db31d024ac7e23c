package answers

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Normal brings a value into the form that decoded JSON has.
func Normal(value any) any {
	raw, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		return err.Error()
	}
	return out
}

// Difference tells where what was computed differs from what is expected,
// nothing when it does not. A key that only the expectation has is a difference;
// one that only the answer has is not asked for.
func Difference(expected, got any) string {
	switch want := expected.(type) {
	case map[string]any:
		have, _ := got.(map[string]any)
		for key, value := range want {
			actual, known := have[key]
			if !known {
				return fmt.Sprintf("%s is not in %v", key, got)
			}
			if d := Difference(value, actual); d != "" {
				return key + ": " + d
			}
		}
		return ""
	case []any:
		have, isList := got.([]any)
		if !isList || len(want) != len(have) {
			return fmt.Sprintf("%v instead of %d rows", got, len(want))
		}
		for i := range want {
			if d := Difference(want[i], have[i]); d != "" {
				return fmt.Sprintf("row %d: %s", i, d)
			}
		}
		return ""
	}
	if !reflect.DeepEqual(expected, got) {
		return fmt.Sprintf("%v instead of %v", got, expected)
	}
	return ""
}
