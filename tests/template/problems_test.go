package template_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/template"
)

// problemsOf returns the problems of a text, one a line, in the order given.
func problemsOf(t require.TestingT, text []byte, opt template.Options) string {
	_, err := template.Parse(text, opt)
	var f *fault.Error
	require.True(t, errors.As(err, &f), "expected an error of ours, found %v", err)
	return listed(f.Problems)
}

// listed writes problems as the golden files have them.
func listed(problems []fault.Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%d:%d %s: %s", p.Line, p.Column, p.Path, p.Message)
		if p.Suggestion != "" {
			fmt.Fprintf(&b, " [%s]", p.Suggestion)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func goldens(t *testing.T) []string {
	files, err := filepath.Glob("testdata/problems/*")
	require.NoError(t, err)
	var inputs []string
	for _, f := range files {
		if filepath.Ext(f) != ".golden" {
			inputs = append(inputs, f)
		}
	}
	require.Greater(t, len(inputs), 15)
	return inputs
}

func TestEveryProblemOfATextIsReportedWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, file := range goldens(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			want, err := os.ReadFile(file + ".golden")
			require.NoError(t, err)
			require.Equal(t, string(want), problemsOf(t, text, template.Options{Path: file}))
		})
	}
}
