package workflow

import (
	"strconv"
	"unicode/utf8"
)

// Field returns the raw value of a top-level key of an object, nil when the
// value is not an object or lacks the key. The value must be valid JSON, as
// everything is that came through the boundary or out of the database. The
// last of duplicate keys wins, as in jsonb.
func (j JSON) Field(name string) JSON {
	var found JSON
	j.Each(func(key string, value JSON) {
		if key == name {
			found = value
		}
	})
	return found
}

// Each calls fn for every top-level key of an object, in order, with the key
// unescaped and the value raw. It does nothing for what is not an object.
func (j JSON) Each(fn func(key string, value JSON)) {
	i := skipSpace(j, 0)
	if i >= len(j) || j[i] != '{' {
		return
	}
	for i = skipSpace(j, i+1); i < len(j) && j[i] == '"'; i = skipSpace(j, i+1) {
		end := skipValue(j, i)
		key := unquote(j[i:end])
		start := skipSpace(j, skipSpace(j, end)+1) // past the colon
		end = skipValue(j, start)
		fn(key, j[start:end])
		i = skipSpace(j, end)
		if i >= len(j) || j[i] != ',' {
			return
		}
	}
}

// EachItem calls fn for every item of a list, in order and raw. It does nothing
// for what is not a list.
func (j JSON) EachItem(fn func(item JSON)) {
	i := skipSpace(j, 0)
	if i >= len(j) || j[i] != '[' {
		return
	}
	for i = skipSpace(j, i+1); i < len(j) && j[i] != ']'; i = skipSpace(j, i+1) {
		end := skipValue(j, i)
		fn(j[i:end])
		if i = skipSpace(j, end); i >= len(j) || j[i] != ',' {
			return
		}
	}
}

// Int returns the value as an integer, false when it is not one.
func (j JSON) Int() (int64, bool) {
	n, err := strconv.ParseInt(string(j), 10, 64)
	return n, err == nil
}

// Text returns the value as a string, "" when it is not one.
func (j JSON) Text() string {
	if len(j) < 2 || j[0] != '"' {
		return ""
	}
	return unquote(j)
}

// True reports whether the value is the literal true.
func (j JSON) True() bool { return string(j) == "true" }

func skipSpace(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns the index after the value that starts at i.
func skipValue(raw []byte, i int) int {
	if i < len(raw) && raw[i] == '"' {
		return skipString(raw, i)
	}
	depth := 0
	for ; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			i = skipString(raw, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

func skipString(raw []byte, i int) int {
	for i++; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return i
}

// unquote resolves the escapes of a JSON string literal.
func unquote(raw []byte) string {
	body := raw[1:max(1, len(raw)-1)]
	out := make([]byte, 0, len(body))
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' || i+1 >= len(body) {
			out = append(out, body[i])
			continue
		}
		i++
		if body[i] != 'u' {
			out = append(out, unescape(body[i]))
			continue
		}
		r, n := unescapeRune(body[i-1:])
		out = utf8.AppendRune(out, r)
		i += n - 2
	}
	return string(out)
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return c
}

// unescapeRune reads \uXXXX, or two of them for a surrogate pair, and returns
// the rune and the bytes read.
func unescapeRune(raw []byte) (rune, int) {
	first, ok := hexRune(raw)
	if !ok {
		return utf8.RuneError, min(len(raw), 6)
	}
	if first < 0xD800 || first > 0xDBFF {
		return first, 6
	}
	second, ok := hexRune(raw[6:])
	if !ok || second < 0xDC00 || second > 0xDFFF {
		return utf8.RuneError, 6
	}
	return 0x10000 + (first-0xD800)<<10 + (second - 0xDC00), 12
}

func hexRune(raw []byte) (rune, bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 32)
	return rune(n), err == nil
}

// Object builds a JSON object key by key, in the order of the calls. The zero
// value is an empty object. Keys are ours and need no escaping.
type Object struct{ raw []byte }

func (o *Object) key(key string) {
	if len(o.raw) == 0 {
		o.raw = append(o.raw, '{')
	} else {
		o.raw = append(o.raw, ',')
	}
	o.raw = append(append(append(o.raw, '"'), key...), '"', ':')
}

// Text adds a string.
func (o *Object) Text(key, value string) *Object {
	o.key(key)
	o.raw = AppendQuoted(o.raw, value)
	return o
}

// TextIf adds a string unless it is empty.
func (o *Object) TextIf(key, value string) *Object {
	if value != "" {
		o.Text(key, value)
	}
	return o
}

// Int adds an integer.
func (o *Object) Int(key string, value int64) *Object {
	o.key(key)
	o.raw = strconv.AppendInt(o.raw, value, 10)
	return o
}

// Flag adds true, or nothing when the flag is not set.
func (o *Object) Flag(key string, set bool) *Object {
	if set {
		o.key(key)
		o.raw = append(o.raw, "true"...)
	}
	return o
}

// Raw adds a value as it is; nil is null.
func (o *Object) Raw(key string, value JSON) *Object {
	o.key(key)
	o.raw = append(o.raw, value.Or("null")...)
	return o
}

// Member adds a value as it is under a key of somebody else's.
func (o *Object) Member(key string, value JSON) *Object {
	quoted := AppendQuoted(nil, key)
	return o.Raw(string(quoted[1:len(quoted)-1]), value)
}

// JSON returns the object built so far.
func (o *Object) JSON() JSON {
	if len(o.raw) == 0 {
		return JSON("{}")
	}
	return append(append(JSON(nil), o.raw...), '}')
}

// AppendQuoted appends text as a JSON string literal. Invalid UTF-8 becomes
// U+FFFD, since no database column takes it.
func AppendQuoted(out []byte, text string) []byte {
	out = append(out, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r < 0x20:
			out = append(out, '\\', 'u', '0', '0', "0123456789abcdef"[r>>4], "0123456789abcdef"[r&15])
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}
