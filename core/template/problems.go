package template

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// maxComparisons bounds the search for suggestions in one text, about a tenth
// of a second: a hostile text could ask for thousands against thousands.
const maxComparisons = 100_000

// problems collects everything that is wrong with one text. A value is seen
// once per environment, so the same problem is kept once.
type problems struct {
	list        []fault.Problem
	seen        map[fault.Problem]bool
	reports     int // problems put, those already seen included
	comparisons int
}

// add records a problem at a value.
func (p *problems) add(n *node, suggestion, format string, args ...any) {
	p.put(fault.Problem{Path: n.path(), Line: n.line, Column: n.column,
		Message: fmt.Sprintf(format, args...), Suggestion: suggestion})
}

// addKey records a problem with the name of a field rather than its value.
func (p *problems) addKey(f field, suggestion, format string, args ...any) {
	p.put(fault.Problem{Path: f.owner.child(f.name), Line: f.line, Column: f.column,
		Message: fmt.Sprintf(format, args...), Suggestion: suggestion})
}

func (p *problems) put(problem fault.Problem) {
	p.reports++
	if p.seen == nil {
		p.seen = map[fault.Problem]bool{}
	}
	if !p.seen[problem] {
		p.seen[problem] = true
		p.list = append(p.list, problem)
	}
}

// err returns nil, or one error that lists the problems in the order they have.
func (p *problems) err(what, file string) error {
	if len(p.list) == 0 {
		return nil
	}
	count := "a problem"
	if len(p.list) > 1 {
		count = fmt.Sprintf("%d problems, the first", len(p.list))
	}
	e := fault.New(fault.InvalidRequest, "%s has %s %s", what, count, place(p.list[0])).At(file)
	e.Problems = p.list
	if len(p.list) > MaxProblems {
		e.Problems = p.list[:MaxProblems:MaxProblems]
		e.With("problems_total", len(p.list))
	}
	return e
}

// sort puts the problems into source order; those of one place go by path, since
// the schema validator finds them in the order of a map.
func (p *problems) sort() {
	slices.SortStableFunc(p.list, func(a, b fault.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
}

// place writes a problem as part of a sentence.
func place(p fault.Problem) string {
	var where []string
	if p.Line > 0 {
		where = append(where, fmt.Sprintf("at line %d, column %d", p.Line, p.Column))
	}
	if p.Path != "" {
		where = append(where, "in "+p.Path)
	}
	if len(where) == 0 {
		return "(" + p.Message + ")"
	}
	return strings.Join(where, " ") + ": " + p.Message
}

// nearest returns the candidate that was probably meant by name as a phrase, or
// nothing when none is close: a third of the letters may differ, or two of four.
func (p *problems) nearest(name string, candidates []string) string {
	length := utf8.RuneCountInString(name)
	best, least := "", max(1, length/3)+1
	if length > 3 {
		least = max(least, 3)
	}
	for _, c := range candidates {
		other := utf8.RuneCountInString(c)
		if max(other-length, length-other) >= least || length > MaxStepName {
			continue
		}
		if p.comparisons++; p.comparisons > maxComparisons {
			break
		}
		if d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(c)); d < min(least, length) {
			best, least = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// tooMuch is the error of a text that exceeds a stated limit; nothing else of
// the text is judged then.
func tooMuch(n *node, what string, limit int) *fault.Error {
	e := fault.New(fault.LimitExceeded, "the limit of %d %s is exceeded", limit, what).With("limit", limit)
	e.Problems = []fault.Problem{{Path: n.path(), Line: n.line, Column: n.column, Message: e.Message}}
	return e
}
