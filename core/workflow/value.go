package workflow

import (
	"errors"
	"time"
)

// JSON is a raw JSON value of the user's: a context, an input, a result,
// metadata. It is passed through byte for byte, so that key order and number
// text survive; nil and "null" mean absent.
type JSON []byte

// MarshalJSON returns the value as it is, or null.
func (j JSON) MarshalJSON() ([]byte, error) {
	if len(j) == 0 {
		return []byte("null"), nil
	}
	return j, nil
}

// UnmarshalJSON keeps a copy of the raw bytes; null becomes nil.
func (j *JSON) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		*j = nil
		return nil
	}
	*j = append((*j)[:0:0], raw...)
	return nil
}

// Or returns the value, or the fallback when it is absent.
func (j JSON) Or(fallback string) JSON {
	if len(j) == 0 {
		return JSON(fallback)
	}
	return j
}

// IsObject reports whether the value is a JSON object.
func (j JSON) IsObject() bool { return len(j) > 0 && j[0] == '{' }

// instantLayout is RFC 3339 in UTC with exactly six fractional digits, the
// precision of the timestamp columns.
const instantLayout = "2006-01-02T15:04:05.000000Z"

// Instant is a moment in UTC with the precision of the database, microseconds.
// On the wire it is RFC 3339 with six fractional digits; the zero value is null.
type Instant struct{ time.Time }

// At returns t as an instant: UTC, truncated to microseconds.
func At(t time.Time) Instant { return Instant{t.UTC().Truncate(time.Microsecond)} }

// Plus returns the instant d later.
func (i Instant) Plus(d time.Duration) Instant { return At(i.Add(d)) }

// String formats the instant as on the wire; the zero instant is empty.
func (i Instant) String() string {
	if i.IsZero() {
		return ""
	}
	return i.UTC().Format(instantLayout)
}

// MarshalJSON writes the wire form, null for the zero instant.
func (i Instant) MarshalJSON() ([]byte, error) {
	if i.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + i.String() + `"`), nil
}

// UnmarshalJSON reads RFC 3339 with any offset and up to nine fractional
// digits, truncating to microseconds; null gives the zero instant.
func (i *Instant) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		*i = Instant{}
		return nil
	}
	if len(raw) < 2 || raw[0] != '"' {
		return errors.New("an instant is a string in RFC 3339, such as 2026-01-31T09:30:00Z")
	}
	t, err := time.Parse(time.RFC3339Nano, string(raw[1:len(raw)-1]))
	if err != nil {
		return errors.New("an instant is written in RFC 3339, such as 2026-01-31T09:30:00Z")
	}
	*i = At(t)
	return nil
}
