package template

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// reader takes typed values out of nodes. Each method answers the zero value
// for a member that is absent, null or wrong; what is wrong goes to problems.
type reader struct {
	*problems
	schemas map[*node]*schema // compiled; environments mostly share one
}

// wrongType reports a value of another type than wanted.
func (r *reader) wrongType(n *node, wanted string) {
	r.add(n, remedy(n, wanted), "%s must be %s, found %s", label(n), wanted, n.found())
}

// label names a value in a message: its key, or its place in a list.
func label(n *node) string {
	if n.parent == nil {
		return "the template"
	}
	if n.parent.kind == list {
		return "an entry of " + label(n.parent)
	}
	return clip(n.key)
}

// The types in the words of messages.
const (
	aText  = "a text"
	aBool  = "true or false"
	anInt  = "a whole number"
	aFloat = "a number"
	aMap   = "a map"
	aList  = "a list"
)

// remedy is what to write instead, where the mistake is a common one.
func remedy(n *node, wanted string) string {
	switch {
	case wanted == aText && (n.kind == number || n.kind == boolean):
		return "quote it: " + strconv.Quote(clip(n.text))
	case wanted == aBool && n.kind == text && slices.Contains([]string{"yes", "on", "y", "true"}, strings.ToLower(n.text)):
		return "write true"
	case wanted == aBool && n.kind == text && slices.Contains([]string{"no", "off", "n", "false"}, strings.ToLower(n.text)):
		return "write false"
	case (wanted == anInt || wanted == aFloat) && n.kind == text && jsonNumber.MatchString(n.text):
		return "write " + clip(n.text) + " without quotes"
	case wanted == aList && n.kind == text:
		return "write [" + clip(n.text) + "]"
	}
	return ""
}

// member returns a member of one kind.
func (r *reader) member(n *node, key string, k kind, wanted string) *node {
	v := n.get(key)
	if v != nil && v.kind != k {
		r.wrongType(v, wanted)
		return nil
	}
	return v
}

// text returns a text of at most limit characters that a database can store.
func (r *reader) text(n *node, key string, limit int) string {
	v := r.member(n, key, text, aText)
	if v == nil || !r.fits(v, limit) {
		return ""
	}
	return v.text
}

// fits checks length and characters of a text.
func (r *reader) fits(n *node, limit int) bool {
	if count := utf8.RuneCountInString(n.text); count > limit {
		r.add(n, "", "%s must be at most %d characters long, found %d", label(n), limit, count)
		return false
	}
	if i := strings.IndexFunc(n.text, unprintable); i >= 0 {
		c, _ := utf8.DecodeRuneInString(n.text[i:])
		if c != 0 { // NUL is reported for every text when it is read
			r.add(n, "", "%s holds the control character %U", label(n), c)
		}
		return false
	}
	return true
}

// unprintable are the characters that names and descriptions may not hold; a
// line break is one, and descriptions are made one line before.
func unprintable(c rune) bool { return unicode.IsControl(c) }

// name returns a required text that is not blank.
func (r *reader) name(n *node, key string, limit int) string {
	if n.get(key) == nil {
		r.missing(n, key)
		return ""
	}
	s := r.text(n, key, limit)
	if v := n.get(key); v.kind == text && strings.TrimSpace(v.text) == "" {
		r.add(v, "", "%s must not be blank", key)
		return ""
	}
	return s
}

// optional is a name that may be left out; present, it must not be blank.
func (r *reader) optional(n *node, key string, limit int, fallback string) string {
	if n.get(key) == nil {
		return fallback
	}
	return r.name(n, key, limit)
}

// missing reports a required key, at its null value where there is one.
func (r *reader) missing(n *node, key string) {
	at := n
	if v := n.raw(key); v != nil {
		at = v
	}
	r.put(fault.Problem{Path: n.child(key), Line: at.line, Column: at.column,
		Message: fmt.Sprintf("the required key %q is missing", key)})
}

// description returns a description as one line: YAML's block texts end in a
// line break and may hold more, which no display of a step has room for.
func (r *reader) description(n *node, fallback string) string {
	v := r.member(n, "description", text, aText)
	if v == nil {
		return fallback
	}
	line := *v
	line.text = strings.Join(strings.Fields(v.text), " ")
	if !r.fits(&line, MaxDescription) || line.text == "" {
		return fallback
	}
	return line.text
}

// boolean returns true or false.
func (r *reader) boolean(n *node, key string, fallback bool) bool {
	v := r.member(n, key, boolean, aBool)
	if v == nil {
		return fallback
	}
	return v.text == "true"
}

// integer returns a whole number within bounds.
func (r *reader) integer(n *node, key string, low, high, fallback int) int {
	v := r.member(n, key, number, anInt)
	if v == nil {
		return fallback
	}
	i, err := strconv.Atoi(v.text)
	switch {
	case strings.ContainsAny(v.text, ".eE"):
		r.wrongType(v, anInt)
	case err != nil || i < low || i > high:
		r.add(v, "", "%s must be between %d and %d, found %s", key, low, high, clip(v.text))
	default:
		return i
	}
	return fallback
}

// float returns a number; its bounds are the policy's to check.
func (r *reader) float(n *node, key string, fallback float64) float64 {
	v := r.member(n, key, number, aFloat)
	if v == nil {
		return fallback
	}
	f, err := strconv.ParseFloat(v.text, 64)
	if err != nil {
		r.add(v, "", "%s is out of range: %s", key, clip(v.text))
		return fallback
	}
	return f
}

// texts returns the entries of a list of texts as nodes.
func (r *reader) texts(n *node, key string) []*node {
	v := r.member(n, key, list, aList)
	if v == nil {
		return nil
	}
	var out []*node
	for _, item := range v.items {
		if item.kind != text {
			r.wrongType(item, aText)
			continue
		}
		out = append(out, item)
	}
	return out
}

// keys reports members that are none of the known.
func (r *reader) keys(n *node, known []string) {
	for _, f := range n.fields {
		if slices.Contains(known, f.name) {
			continue
		}
		suggestion := ""
		if meant, ok := renamed[f.name]; ok && slices.Contains(known, meant) {
			suggestion = fmt.Sprintf("did you mean %q?", meant)
		} else {
			suggestion = r.nearest(f.name, known)
		}
		r.addKey(f, suggestion, "unknown key %q", clip(f.name))
	}
}

// renamed are keys of other workflow engines and of the field's habits, too far
// from ours to be found by their letters.
var renamed = map[string]string{
	"steps":           "step_templates",
	"depends_on":      "depends_on_steps",
	"dependencies":    "depends_on_steps",
	"needs":           "depends_on_steps",
	"after":           "depends_on_steps",
	"retry_backoff":   "backoff",
	"retry_limit":     "default_retry_limit",
	"retries":         "default_retry_limit",
	"max_attempts":    "default_retry_limit",
	"retryable":       "default_retryable",
	"timeout":         "timeout_seconds",
	"handler":         "handler_class",
	"config":          "handler_config",
	"system":          "dependent_system",
	"context_schema":  "schema",
	"input_schema":    "schema",
	"default_context": "schema",
}
