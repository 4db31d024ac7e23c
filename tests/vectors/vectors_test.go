// Package vectors_test runs the worked examples of the Rails engine, and our own
// of the policy core, on everything that answers the same questions: the Go
// engine on either store, and the SQL functions of the database.
package vectors_test

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	_ "time/tzdata" // the zones of the vectors, on machines without a zone database

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/answers"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
)

// stores are where the engine runs what is more than a question.
var stores = map[string]factory.OpenFunc{answers.OnSQLite: factory.SQLite, answers.OnPostgres: factory.Postgres}

// check runs one vector and returns every difference.
func check(t testing.TB, e answers.Executor, v answers.Vector) (problems []string) {
	t.Helper()
	answered := 0
	e.Run(t, v, func(key string, answer func(answers.Call) (any, error)) {
		answered++
		if d := judge(v, e.Name(), key, answer); d != "" {
			problems = append(problems, key+": "+d)
		}
	})
	if answered != len(v.Expected) {
		problems = append(problems, fmt.Sprintf("%d of %d expectations were looked at", answered, len(v.Expected)))
	}
	return problems
}

// judge compares one answer with the expectation, or with what replaces it.
func judge(v answers.Vector, executor, key string, answer func(answers.Call) (any, error)) string {
	expected, known := v.Expected[key]
	if !known {
		_, err := answer(answers.Call{})
		return fmt.Sprintf("not expected: %v", err)
	}
	c, err := answers.ParseCall(key, v.First())
	if err != nil {
		return err.Error()
	}
	expected = replaced(v, executor, key, expected)
	got, err := answer(c)
	if err != nil {
		got = map[string]any{"error": answers.Raised(err)}
		if key == "insert_error" {
			got = answers.Raised(err)
		}
	}
	return answers.Difference(expected, answers.Normal(got))
}

// total counts the examples of one file on one executor.
type total struct {
	file, executor string
	passed, failed atomic.Int64
}

func (c *total) String() string {
	return fmt.Sprintf("%-24s %-18s %5d passed %5d failed", c.file, c.executor, c.passed.Load(), c.failed.Load())
}

// count counts one example and reports its problems, a line each.
func (c *total) count(t *testing.T, id string, problems []string) {
	t.Helper()
	if len(problems) == 0 {
		c.passed.Add(1)
		return
	}
	c.failed.Add(1)
	for _, p := range problems {
		t.Errorf("%s, %s: %s: %s", c.file, c.executor, id, p)
	}
}

// pass is all examples of one file on one executor.
type pass struct {
	*total
	run func(t *testing.T, c *total)
}

// passes are what a file asks for. The SQL functions neither create tasks nor
// move states, so other forms than rows are for the engine on either store.
func passes(f file) (list []pass) {
	add := func(executor string, run func(*testing.T, *total)) {
		list = append(list, pass{&total{file: f.name, executor: executor}, run})
	}
	if f.rows != nil {
		for title, open := range answers.Executors {
			add(title, func(t *testing.T, c *total) {
				e := open(t)
				for _, v := range f.rows {
					c.count(t, v.ID+" ("+v.Title+")", check(t, e, v))
				}
			})
		}
	}
	for title, open := range stores {
		if f.machines != nil {
			add(title, f.machines.run)
		}
		if f.decisions != nil {
			add(title, func(t *testing.T, c *total) {
				for _, d := range f.decisions {
					t.Run(d.ID, func(t *testing.T) { c.count(t, d.ID+" ("+d.Title+")", d.problems(t, open)) })
				}
			})
		}
		if f.identities != nil {
			add(title, func(t *testing.T, c *total) {
				for _, v := range f.identities {
					t.Run(v.Title, func(t *testing.T) { c.count(t, v.Title, v.problems(t, open)) })
				}
			})
		}
	}
	slices.SortFunc(list, func(a, b pass) int { return cmp.Compare(a.executor, b.executor) })
	return list
}

func TestEveryExampleOnEveryExecutor(t *testing.T) {
	t.Parallel()
	var all []pass
	t.Cleanup(func() {
		for _, p := range all {
			fmt.Println(p)
		}
	})
	for _, f := range load(t, folder()) {
		list := passes(f)
		require.NotEmpty(t, list, "%s holds nothing", f.name)
		for _, p := range list {
			t.Run(f.name+" on "+p.executor, func(t *testing.T) {
				t.Parallel()
				p.run(t, p.total)
				require.Positive(t, p.passed.Load()+p.failed.Load(), "nothing ran")
			})
		}
		all = append(all, list...)
	}
}
