package engine

import (
	"errors"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// under puts an error's place below the place of the thing it is part of.
func under(path string, err error) error {
	var f *fault.Error
	if path == "" || !errors.As(err, &f) {
		return err
	}
	moved := *f
	moved.Path = join(path, f.Path)
	moved.Problems = make([]fault.Problem, len(f.Problems))
	for i, p := range f.Problems {
		p.Path = join(path, p.Path)
		moved.Problems[i] = p
	}
	return &moved
}

func join(path, rest string) string {
	switch {
	case rest == "":
		return path
	case rest[0] == '[':
		return path + rest
	}
	return path + "." + rest
}

// problemsMax bounds the problems that an error lists: a thousand can be mended
// before the rest is told.
const problemsMax = 1_000

// joinProblems makes one error of many; nil for none.
func joinProblems(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	if len(errs) == 1 {
		return errs[0]
	}
	first := fault.New(fault.KindOf(errs[0]), "several things are wrong with the request").
		Advise("Mend every problem listed and repeat the call; nothing was stored.")
	for _, err := range errs {
		var f *fault.Error
		if !errors.As(err, &f) {
			continue
		}
		if first.Path == "" {
			first.Path = f.Path
		}
		if len(f.Problems) == 0 {
			first.Problems = append(first.Problems, fault.Problem{Path: f.Path, Message: f.Message, Suggestion: f.Remedy})
		}
		first.Problems = append(first.Problems, f.Problems...)
	}
	if total := len(first.Problems); total > problemsMax {
		first.Problems = first.Problems[:problemsMax]
		first = first.With("problems_total", total)
	}
	return first
}
