// Package panics_test has the library panic at every point of its source that can
// be armed, while a host in another process works with it, and sees that nothing
// is left behind.
package panics_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // looks at the file from another process
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// patience ends a host that hangs; it is no measurement.
const patience = 3 * time.Minute

// waysIn are what panics.py knows beside the points.
var waysIn = []string{"call", "instant", "submitted", "many"}

// atOnce bounds how many hosts run, each of which starts two engines.
var atOnce = make(chan struct{}, 4)

func root(t *testing.T) string {
	t.Helper()
	place, err := filepath.Abs("../..")
	require.NoError(t, err)
	return place
}

var building sync.Mutex // keeps two tests from building the same library at once

// build makes a library and returns its path.
func build(t *testing.T, arguments ...string) {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	command := exec.CommandContext(t.Context(), "make", append([]string{"--no-print-directory"}, arguments...)...)
	command.Dir = root(t)
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
}

func library(t *testing.T) string {
	t.Helper()
	build(t, "lib/probe")
	return filepath.Join(root(t), "build/probe/libtasker_core.so")
}

// points are the names of the points below some folders, without those that belong
// to the other store, and the ways in.
func points(t *testing.T, otherStore string, folders ...string) []string {
	t.Helper()
	pattern := regexp.MustCompile(`barrier\.Point\("([^"]+)"\)`)
	names := slices.Clone(waysIn)
	for _, tree := range folders {
		err := filepath.WalkDir(filepath.Join(root(t), tree), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.Contains(path, otherStore) {
				return err
			}
			text, err := os.ReadFile(path)
			for _, match := range pattern.FindAllSubmatch(text, -1) {
				names = append(names, string(match[1]))
			}
			return err
		})
		require.NoError(t, err)
	}
	require.Greater(t, len(names), 12)
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

// host runs panics.py; settled is called while the engine is idle but open.
func host(t *testing.T, lib, config, point string, settled func()) (string, error) {
	t.Helper()
	atOnce <- struct{}{}
	defer func() { <-atOnce }()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	program := exec.CommandContext(ctx, "python3", filepath.Join(root(t), "tests/panics/panics.py"), lib, config, point)
	program.Dir = t.TempDir()
	program.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	var trouble strings.Builder
	program.Stderr = &trouble
	input, err := program.StdinPipe()
	require.NoError(t, err)
	output, err := program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	if line, _ := bufio.NewReader(output).ReadString('\n'); line == "settled\n" {
		settled()
	}
	_, _ = io.WriteString(input, "\n") // fails if it has ended, which Wait tells
	err = program.Wait()
	return trouble.String(), err
}

// configuration is what tasker_open is given.
func configuration(t *testing.T, database map[string]any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"database": database, "log": map[string]any{"level": "info"}})
	require.NoError(t, err)
	return string(text)
}

func TestAPanicAnywhereOnTheEmbeddedFileEndsOneCallAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	lib := library(t)
	for _, point := range points(t, "store/postgres", "capi", "core") {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "tasker.sqlite3")
			config := configuration(t, map[string]any{"url": file, "synchronous": "normal"})
			output, err := host(t, lib, config, point, func() { requireFreeFile(t, file) })
			require.NoError(t, err, output)
		})
	}
}

// requireFreeFile fails while a transaction of another process is open on the file:
// a writer keeps others from beginning, a reader keeps the log from being reset.
func requireFreeFile(t *testing.T, file string) {
	t.Helper()
	db, err := sql.Open("sqlite3", file+"?_busy_timeout=20000&_txlock=immediate")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	transaction, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err, "a writing transaction was left open")
	require.NoError(t, transaction.Rollback())
	require.Eventually(t, func() bool {
		var busy, pages, moved int
		err := db.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
		return err == nil && busy == 0
	}, patience, 50*time.Millisecond, "a reading transaction was left open")
}

// Only where the store makes a difference: all other points were met above.
func TestAPanicAnywhereOnPostgreSQLEndsOneCallAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	lib := library(t)
	for _, point := range points(t, "store/sqlite", "core/store", "core/engine", "core/batch", "core/worker") {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			location := testdb.PostgresDatabase(t)
			config := configuration(t, map[string]any{"url": location})
			output, err := host(t, lib, config, point, func() { requireNoTransaction(t, location) })
			require.NoError(t, err, output)
		})
	}
}

// requireNoTransaction waits until no session but ours has been in a transaction
// for long: one that was left behind would stay.
func requireNoTransaction(t *testing.T, location string) {
	t.Helper()
	conn := testdb.Connect(t, location)
	require.Eventually(t, func() bool {
		var open int
		err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = "+
			"pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid() AND xact_start IS NOT NULL").Scan(&open)
		return err == nil && open == 0
	}, patience, 20*time.Millisecond, "a transaction was left open")
}

func TestALibraryWithoutTheBarrierIsCaught(t *testing.T) {
	t.Parallel()
	build(t, "lib", "LIB=build/panics/libtasker_core.so", "LIB_TAGS=tasker_probe tasker_sabotage_no_barrier")
	lib := filepath.Join(root(t), "build/panics/libtasker_core.so")
	for _, point := range []string{"call", "instant", "submitted", "many", "batch.deliver", "worker.tick", "handles.enter", "store.scan"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			config := configuration(t, map[string]any{"url": filepath.Join(t.TempDir(), "tasker.sqlite3"), "synchronous": "normal"})
			output, err := host(t, lib, config, point, func() {})
			require.Error(t, err, "the barrier was taken out and the host went on")
			require.Contains(t, output, "panic: the probe panics")
		})
	}
}
