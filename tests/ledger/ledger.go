// Package ledger gives programs under test a database in which tasks of one step
// wait to be run, and audits it afterwards against what the programs wrote down:
// each step that was run is a line in a file, and the database must say the same.
package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // for the integrity check of an embedded file
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/factory"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// Namespace of the templates.
const Namespace = "fork"

// Templates are the names of the task types, each with one step.
var Templates = []string{"work", "busy"}

// Book is one database and the file in which its runs are noted.
type Book struct {
	Store string // "embedded" or "postgresql"
	URL   string // of the database, as database.url takes it
	Path  string // of the ledger: lines of step id and epoch

	t    testing.TB
	file string // of an embedded database
}

// Embedded makes a database in a file.
func Embedded(t testing.TB) *Book {
	t.Helper()
	b := &Book{Store: "embedded", t: t, file: testdb.File(t)}
	b.URL = "sqlite://" + b.file
	return b.prepared()
}

// Postgres makes a database on the server of the tests.
func Postgres(t testing.TB) *Book {
	t.Helper()
	return (&Book{Store: "postgresql", t: t, URL: testdb.RecycledDatabase(t)}).prepared()
}

func (b *Book) prepared() *Book {
	b.t.Helper()
	b.Path = filepath.Join(b.t.TempDir(), b.Store+".ledger")
	b.with(func(e *engine.Engine) {
		for _, name := range Templates {
			shape := factory.Shape{Namespace: Namespace, Name: name, Version: "1.0.0", Steps: []factory.Step{{Name: "only"}}}
			_, err := e.RegisterTemplate(context.Background(), engine.RegisterTemplateRequest{Template: shape.Template()})
			require.NoError(b.t, err)
		}
	})
	return b
}

// Config returns the configuration by which the database is opened, with more
// sections if wanted.
func (b *Book) Config(more map[string]any) string {
	settings := map[string]any{"database": map[string]any{"url": b.URL, "synchronous": "normal"}}
	if b.file == "" {
		settings["database"] = map[string]any{"url": b.URL}
	}
	maps.Copy(settings, more)
	text, err := json.Marshal(settings)
	require.NoError(b.t, err)
	return string(text)
}

// with opens the database for a moment.
func (b *Book) with(use func(e *engine.Engine)) {
	b.t.Helper()
	opened, _, err := session.Open([]byte(b.Config(nil)), nil)
	require.NoError(b.t, err)
	use(opened.Cases())
	_, err = opened.Close(context.Background(), nil)
	require.NoError(b.t, err)
}

// Lines returns how often each step was run, as the programs wrote it down.
func (b *Book) Lines() map[int64]int {
	b.t.Helper()
	text, err := os.ReadFile(b.Path)
	require.NoError(b.t, err)
	runs := map[int64]int{}
	for line := range strings.Lines(string(text)) {
		var step, epoch int64
		_, err := fmt.Sscanf(line, "%d %d\n", &step, &epoch)
		require.NoError(b.t, err, "a broken line in the ledger: %q", line)
		runs[step]++
	}
	return runs
}

// RequireHonest requires that every task is complete and every step was run
// once, and that the database is sound. It returns how many steps there are.
func (b *Book) RequireHonest() int {
	b.t.Helper()
	return b.audit(false)
}

// RequireSound is RequireHonest for programs that were killed: tasks may be left
// open, and what was run is complete or leased.
func (b *Book) RequireSound() int {
	b.t.Helper()
	return b.audit(true)
}

func (b *Book) audit(open bool) (steps int) {
	b.t.Helper()
	runs := b.Lines()
	var wrong []string
	b.with(func(e *engine.Engine) {
		for _, step := range b.steps(e) {
			steps++
			if n := runs[step.StepID]; n > 1 || (n == 0) != (step.State == workflow.Pending) {
				wrong = append(wrong, fmt.Sprintf("step %d was run %d times and is %s", step.StepID, n, step.State))
			}
			if step.State != workflow.Complete && !open {
				wrong = append(wrong, fmt.Sprintf("step %d is %s", step.StepID, step.State))
			}
			delete(runs, step.StepID)
		}
		health, err := e.Health(context.Background(), engine.HealthRequest{Deep: true})
		require.NoError(b.t, err)
		require.Empty(b.t, health.Violations)
	})
	require.Empty(b.t, wrong[:min(20, len(wrong))], "%s: %d things are wrong", b.Store, len(wrong))
	require.Empty(b.t, runs, "%s: steps in the ledger that are not in the database", b.Store)
	b.requireIntegrity()
	return steps
}

// steps reads all steps, page by page.
func (b *Book) steps(e *engine.Engine) (all []engine.StepInfo) {
	b.t.Helper()
	var request engine.ListStepsRequest
	request.Limit = 1000
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		page, err := e.ListSteps(ctx, request)
		cancel()
		require.NoError(b.t, err)
		all = append(all, page.Items...)
		if page.Next == nil {
			return all
		}
		request.After = *page.Next
	}
}

// requireIntegrity asks SQLite itself whether an embedded file is whole.
func (b *Book) requireIntegrity() {
	b.t.Helper()
	if b.file == "" {
		return
	}
	db, err := sql.Open("sqlite3", b.file)
	require.NoError(b.t, err)
	defer db.Close()
	var verdict string
	require.NoError(b.t, db.QueryRow("PRAGMA integrity_check").Scan(&verdict))
	require.Equal(b.t, "ok", verdict)
}
