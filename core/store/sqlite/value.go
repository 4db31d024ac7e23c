package sqlite

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// stampLayout is how an instant is stored: UTC, fixed width, so that the order
// of the texts is the order of time.
const stampLayout = "2006-01-02 15:04:05.000000"

// The last instant whose text has that width; a later due time is as good as
// never.
const (
	stampYearMax = 9999
	stampMax     = "9999-12-31 23:59:59.999999"
)

// stamp returns the text of an instant, NULL for the zero instant.
func stamp(at workflow.Instant) any {
	if at.IsZero() {
		return nil
	}
	if at.UTC().Year() > stampYearMax {
		return stampMax
	}
	return at.UTC().Format(stampLayout)
}

// instant scans a stored instant; NULL gives the zero instant.
type instant struct{ to *workflow.Instant }

// Scan implements sql.Scanner.
func (i instant) Scan(value any) error {
	switch text := value.(type) {
	case nil:
		*i.to = workflow.Instant{}
		return nil
	case string:
		at, err := time.Parse(stampLayout, text)
		*i.to = workflow.At(at)
		return err
	}
	return fmt.Errorf("an instant is stored as text, not %T", value)
}

// raw is where a stored JSON text is scanned to; NULL gives nil.
func raw(to *workflow.JSON) *[]byte { return (*[]byte)(to) }

// text returns a JSON value for storing, NULL when it is absent.
func text(value workflow.JSON) any {
	if len(value) == 0 {
		return nil
	}
	return string(value)
}

// state returns a state for storing, NULL when it is not known.
func state(value workflow.State) any {
	if value == "" {
		return nil
	}
	return string(value)
}

// distinct returns the ids in order, each once.
func distinct(ids []int64) []int64 {
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// idSet writes the ids, in order and each once, as the JSON array that
// statements take apart with json_each: one shape of statement for every
// number of ids.
func idSet(ids []int64) string { return idArray(distinct(ids)) }

// idArray writes the ids as they are as a JSON array.
func idArray(ids []int64) string {
	array := make([]byte, 0, 2+8*len(ids))
	array = append(array, '[')
	for i, id := range ids {
		if i > 0 {
			array = append(array, ',')
		}
		array = strconv.AppendInt(array, id, 10)
	}
	return string(append(array, ']'))
}

// parseIDs reads what idArray wrote.
func parseIDs(array string) ([]int64, error) {
	inner := strings.Trim(array, "[]")
	if inner == "" {
		return nil, nil
	}
	var ids []int64
	for part := range strings.SplitSeq(inner, ",") {
		id, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// stringArray writes the texts as a JSON array of strings.
func stringArray[T ~string](values []T) string {
	array := []byte{'['}
	for i, value := range values {
		if i > 0 {
			array = append(array, ',')
		}
		array = appendQuoted(array, string(value))
	}
	return string(append(array, ']'))
}

// appendQuoted appends a JSON string. Only what JSON forbids is escaped.
func appendQuoted(array []byte, value string) []byte {
	array = append(array, '"')
	for i := range len(value) {
		switch c := value[i]; {
		case c == '"' || c == '\\':
			array = append(array, '\\', c)
		case c < 0x20:
			array = fmt.Appendf(array, `\u%04x`, c)
		default:
			array = append(array, c)
		}
	}
	return append(array, '"')
}

// stringList scans a stored array of strings as stringArray writes it; NULL gives
// none. No other program writes these columns of an embedded file.
type stringList struct{ to *[]string }

// Scan implements sql.Scanner.
func (l stringList) Scan(value any) error {
	if value == nil {
		*l.to = nil
		return nil
	}
	array, ok := value.(string)
	if !ok {
		return fmt.Errorf("a list is stored as text, not %T", value)
	}
	list := []string{}
	rest := strings.TrimPrefix(array, "[")
	for strings.HasPrefix(strings.TrimLeft(rest, ", "), `"`) {
		one, tail, err := cutQuoted(strings.TrimLeft(rest, ", "))
		if err != nil {
			return err
		}
		list, rest = append(list, one), tail
	}
	if strings.TrimSpace(rest) != "]" {
		return fmt.Errorf("not a list of strings: %.80q", array)
	}
	*l.to = list
	return nil
}

// cutQuoted takes the JSON string at the start of array apart.
func cutQuoted(array string) (value, rest string, err error) {
	var plain strings.Builder
	for i := 1; i < len(array); i++ {
		switch c := array[i]; c {
		case '"':
			return plain.String(), array[i+1:], nil
		case '\\':
			i++
			if i < len(array) && array[i] == 'u' && i+4 < len(array) {
				code, err := strconv.ParseUint(array[i+1:i+5], 16, 16)
				if err != nil {
					return "", "", err
				}
				plain.WriteRune(rune(code))
				i += 4
			} else if i < len(array) {
				plain.WriteByte(array[i])
			}
		default:
			plain.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("not a list of strings: %.80q", array)
}
