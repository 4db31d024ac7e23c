package query

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// A cursor is base64url of a version, a digest of the list it belongs to, and
// the place of the last row. It is no secret and no promise: whoever forges one
// only begins elsewhere in what may be read anyway.
const (
	cursorVersion = 1
	cursorHead    = 1 + 8 + 8 + 1 // version, digest, id, whether the key is null
)

// Cursor returns what the next page goes on after.
func (q Query) Cursor(last Mark) string {
	raw := []byte{cursorVersion}
	raw = binary.BigEndian.AppendUint64(raw, q.digest())
	raw = binary.BigEndian.AppendUint64(raw, uint64(last.ID))
	raw = append(raw, flag(last.Key.Null))
	switch q.Sort.Kind {
	case Integer:
		raw = binary.BigEndian.AppendUint64(raw, uint64(last.Key.Integer))
	case Instant:
		if !last.Key.Null {
			raw = append(raw, last.Key.Instant.String()...)
		}
	default:
		raw = append(raw, last.Key.Text...)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// mark reads a cursor of this list, nil for none.
func (q Query) mark(cursor string) (*Mark, error) {
	if cursor == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) < cursorHead || raw[0] != cursorVersion {
		return nil, fault.New(fault.InvalidRequest, "after is not a cursor of a list").At("after").
			Advise("Give next of the page before, as it came.")
	}
	if binary.BigEndian.Uint64(raw[1:]) != q.digest() {
		return nil, fault.New(fault.InvalidRequest, "after belongs to a list with other filters or another order").At("after").
			Advise("Repeat the request of the page before with after alone added, or leave after out.")
	}
	mark := &Mark{ID: int64(binary.BigEndian.Uint64(raw[9:]))}
	mark.Key, err = q.key(raw[cursorHead-1] == 1, raw[cursorHead:])
	return mark, err
}

// key reads the sorted value of a cursor.
func (q Query) key(null bool, raw []byte) (v Value, err error) {
	v.Null = null
	switch {
	case null:
		return v, nil
	case q.Sort.Kind == Integer && len(raw) == 8:
		v.Integer = int64(binary.BigEndian.Uint64(raw))
		return v, nil
	case q.Sort.Kind == Text:
		v.Text = string(raw)
		return v, checkText("after", v.Text)
	case q.Sort.Kind == Instant && v.Instant.UnmarshalJSON([]byte(`"`+string(raw)+`"`)) == nil:
		return v, nil
	}
	return v, fault.New(fault.InvalidRequest, "after is not a cursor of this list").At("after").
		Advise("Give next of the page before, as it came.")
}

// digest tells lists with different filters or orders apart.
func (q Query) digest() uint64 {
	text := fmt.Appendf(nil, "%q %q %t", q.Entity.Relation, q.Sort.Name, q.Descending)
	for _, c := range q.Where {
		text = fmt.Appendf(text, " %q %q %q", c.Field.Name, c.Operator, c.Path)
		for _, v := range c.Values {
			text = fmt.Appendf(text, " %d %q %t %q %q", v.Integer, v.Text, v.Boolean, v.Instant, v.JSON)
		}
	}
	h := fnv.New64a()
	h.Write(text)
	return h.Sum64()
}
