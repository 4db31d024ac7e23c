package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Options tell Parse what a text alone does not.
type Options struct {
	// Environment selects the overrides to merge in; empty, or one the template
	// does not mention, selects none.
	Environment string
	// Path is the file's name, used in messages only. Where it ends in .json the
	// text must be JSON.
	Path string
}

// Parse reads a template from YAML or JSON, merges the environment and checks
// everything, the other environments included. On failure the error is an
// InvalidRequest whose Problems list all that is wrong in source order, each
// with path, line and column; a text beyond a limit of size, depth or count
// gives LimitExceeded and is not read further.
func Parse(text []byte, opt Options) (*Template, error) {
	t, err := parse(text, opt)
	return t, inFile(err, opt.Path)
}

// FromJSON reads a canonical form back. It accepts what Parse accepts in JSON,
// up to MaxStoredBytes.
func FromJSON(stored workflow.JSON) (*Template, error) {
	if len(stored) > MaxStoredBytes {
		return nil, tooMuch(&node{}, "bytes of a stored template", MaxStoredBytes)
	}
	p := &problems{}
	root, err := readJSON(stored, p)
	if err != nil {
		return nil, err
	}
	return build(root, Options{}, p)
}

func parse(text []byte, opt Options) (*Template, error) {
	if len(text) > MaxBytes {
		return nil, tooMuch(&node{}, "bytes of text", MaxBytes).With("length", len(text))
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if err := readable(text); err != nil {
		return nil, err
	}
	p := &problems{}
	read := readYAML
	if path.Ext(opt.Path) == ".json" || json.Valid(text) {
		read = readJSON
	}
	root, err := read(text, p)
	if err != nil {
		return nil, err
	}
	return build(root, opt, p)
}

// readable refuses what is no text at all.
func readable(text []byte) error {
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		if c == 0 || c == utf8.RuneError && size == 1 {
			line, column := position(text, i)
			what := "the text is not UTF-8"
			if c == 0 {
				what = "the text holds a NUL character"
			}
			return notYAML(line, column, what)
		}
		i += size
	}
	return nil
}

// inFile adds the file's name to an error of parsing.
func inFile(err error, file string) error {
	var f *fault.Error
	if file != "" && errors.As(err, &f) {
		return f.At(file)
	}
	return err
}

// build decodes the template once per environment, so that a mistake in an
// environment that is not chosen is found as well, and returns the chosen one.
func build(root *node, opt Options, p *problems) (*Template, error) {
	r := &reader{problems: p, schemas: map[*node]*schema{}}
	if root.kind != object {
		r.add(root, "", "a template is a map of keys such as name and step_templates, found %s", root.found())
		return nil, p.err("the template", opt.Path)
	}
	environments, err := overrides(root, p)
	if err != nil {
		return nil, err
	}
	chosen, err := r.template(within(root, nil))
	if err != nil {
		return nil, err
	}
	if environments != nil {
		for _, f := range environments.fields {
			t, err := r.template(within(root, f.value))
			if err != nil {
				return nil, err
			}
			if f.name == opt.Environment {
				chosen = t
			}
		}
	}
	p.sort()
	if err := p.err(strings.TrimSpace("the template "+clip(chosen.Name)), opt.Path); err != nil {
		return nil, err
	}
	return chosen, nil
}
