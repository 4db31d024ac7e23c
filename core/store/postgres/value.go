package postgres

import (
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// yearMax is the last year that an instant is written with on the wire; a later
// due time is as good as never.
const yearMax = 9999

// stamp returns an instant for a timestamp column, NULL for the zero instant.
func stamp(at workflow.Instant) pgtype.Timestamp {
	if at.IsZero() {
		return pgtype.Timestamp{}
	}
	utc := at.UTC()
	if utc.Year() > yearMax {
		utc = time.Date(yearMax, 12, 31, 23, 59, 59, 999999000, time.UTC)
	}
	return pgtype.Timestamp{Time: utc, Valid: true}
}

// instant scans a timestamp; NULL gives the zero instant.
type instant struct{ to *workflow.Instant }

// ScanTimestamp implements pgtype.TimestampScanner. Infinity, which only a
// foreign writer stores, is read as the last or no instant.
func (i instant) ScanTimestamp(value pgtype.Timestamp) error {
	switch {
	case !value.Valid || value.InfinityModifier == pgtype.NegativeInfinity:
		*i.to = workflow.Instant{}
	case value.InfinityModifier == pgtype.Infinity:
		*i.to = workflow.At(time.Date(yearMax, 12, 31, 23, 59, 59, 999999000, time.UTC))
	default:
		*i.to = workflow.At(value.Time)
	}
	return nil
}

// raw is where a json or jsonb value is scanned to; NULL gives nil.
func raw(to *workflow.JSON) *[]byte { return (*[]byte)(to) }

// text returns a JSON value for storing, NULL when it is absent.
func text(value workflow.JSON) *string {
	if len(value) == 0 {
		return nil
	}
	written := string(value)
	return &written
}

// stringArray writes texts as a JSON array of strings.
func stringArray(values []string) string {
	array := []byte{'['}
	for i, value := range values {
		if i > 0 {
			array = append(array, ',')
		}
		array = workflow.AppendQuoted(array, value)
	}
	return string(append(array, ']'))
}

// distinct returns the ids in order, each once, never nil.
func distinct(ids []int64) []int64 {
	sorted := append([]int64{}, ids...)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// column turns records into an array parameter: one value of each.
func column[T, V any](records []T, value func(*T) V) []V {
	values := make([]V, len(records))
	for i := range records {
		values[i] = value(&records[i])
	}
	return values
}

// texts turns named strings into plain ones for an array parameter.
func texts[T ~string](values []T) []string {
	plain := make([]string, len(values))
	for i, value := range values {
		plain[i] = string(value)
	}
	return plain
}
