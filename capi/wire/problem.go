package wire

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// note adds a problem of the value or key that the path names. The message
// goes on after the path: "is a string; an integer is wanted".
func (s *scanner) note(offset int, message, suggestion string) {
	if len(s.problems) >= problemsMax {
		s.skipped++
		return
	}
	path := s.pathText()
	subject := path
	if path == "" {
		subject = "the request"
	}
	s.problems = append(s.problems, problem{offset, fault.Problem{
		Path: path, Message: subject + " " + message, Suggestion: suggestion,
	}})
}

// stop ends the walk; it returns false for the callers' convenience.
func (s *scanner) stop(kind fault.Kind, offset int, message, suggestion string) bool {
	if s.failed == nil {
		s.failed = &stop{kind, problem{offset, fault.Problem{
			Path: s.pathText(), Message: message, Suggestion: suggestion,
		}}}
	}
	return false
}

// malformed ends the walk here because what follows is not JSON.
func (s *scanner) malformed(message, suggestion string) bool {
	return s.stop(fault.InvalidRequest, s.pos, message, suggestion)
}

// unexpected ends the walk because something else was wanted here.
func (s *scanner) unexpected(want string) bool {
	if s.pos >= len(s.raw) {
		return s.malformed("the request ends where "+want+" is wanted",
			"Send the whole JSON object, and its exact length in bytes.")
	}
	found := fmt.Sprintf("byte 0x%02X", s.raw[s.pos])
	if c := s.raw[s.pos]; c > ' ' && c < utf8.RuneSelf {
		found = strconv.Quote(string(rune(c)))
	}
	return s.malformed(fmt.Sprintf("the request is not JSON: %s stands where %s is wanted", found, want),
		"Send one JSON object.")
}

// plainKey is a key that needs no quotes in a path.
var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// keyShown is how much of a key a path shows; payloads can have huge keys.
const keyShown = 64

// pathText writes the present path, such as tasks[3].context["a b"].
func (s *scanner) pathText() string {
	var path strings.Builder
	for _, part := range s.path {
		switch {
		case part.key == nil:
			fmt.Fprintf(&path, "[%d]", part.index)
		case len(part.key) <= keyShown && plainKey.Match(part.key):
			if path.Len() > 0 {
				path.WriteByte('.')
			}
			path.Write(part.key)
		default:
			fmt.Fprintf(&path, "[%s]", strconv.Quote(shortened(string(part.key))))
		}
	}
	return path.String()
}

// shortened cuts a long text at a character.
func shortened(text string) string {
	if len(text) <= keyShown {
		return text
	}
	end := keyShown
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// err returns what was found as one error, nil when the document is right.
func (s *scanner) err() error {
	problems, kind := s.problems, fault.InvalidRequest
	if s.failed != nil {
		problems, kind = append(problems, s.failed.problem), s.failed.kind
	}
	if len(problems) == 0 {
		return nil
	}
	lead := problems[0]
	if s.failed != nil {
		lead = s.failed.problem
	}
	list := located(s.raw, problems)
	if s.skipped > 0 {
		list = append(list, fault.Problem{Message: fmt.Sprintf("%d further problems are not listed", s.skipped)})
	}
	message := lead.Message
	if more := len(problems) + s.skipped - 1; more > 0 {
		message = fmt.Sprintf("%s (and %d more)", message, more)
	}
	err := fault.New(kind, "%s", message).At(lead.Path).With("offset", lead.offset).With("length", len(s.raw))
	err.Remedy = lead.Suggestion
	err.Problems = list
	return err
}

// located adds line and column when the document has several lines; on one
// line the offset says all. Offsets grow, so the text is read once.
func located(raw []byte, problems []problem) []fault.Problem {
	list := make([]fault.Problem, len(problems))
	line, lineStart, read := 1, 0, 0
	last := min(problems[len(problems)-1].offset, len(raw))
	several := bytes.IndexByte(raw[:last], '\n') >= 0
	for i, p := range problems {
		list[i] = p.Problem
		if !several || p.offset > len(raw) {
			continue
		}
		if p.offset < read {
			line, lineStart, read = 1, 0, 0
		}
		for at := bytes.IndexByte(raw[read:p.offset], '\n'); at >= 0; at = bytes.IndexByte(raw[read:p.offset], '\n') {
			read += at + 1
			line, lineStart = line+1, read
		}
		list[i].Line, list[i].Column = line, utf8.RuneCount(raw[lineStart:p.offset])+1
	}
	return list
}
