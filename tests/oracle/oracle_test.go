package oracle_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/tests/oracle"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

const (
	// shards run beside each other; a failing one shrinks alone.
	shards = 4
	// sequencesDefault is how many sequences all shards run together; ORACLE_N
	// asks for more (make test/oracle N=5000).
	sequencesDefault = 240
)

// TestMain sets the number of sequences unless -rapid.checks was given.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		sequences := sequencesDefault
		if text := os.Getenv("ORACLE_N"); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				fmt.Fprintf(os.Stderr, "ORACLE_N is %q; it is the number of sequences\n", text)
				os.Exit(2)
			}
			sequences = n
		}
		if err := flag.Set("rapid.checks", strconv.Itoa((sequences+shards-1)/shards)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}

// inMemory is SQLite without a file: a sequence takes half the processor time and
// a fifth of the time in all that it takes with one. tests/conformance compares
// the two.
func inMemory(t testing.TB, clock *testdb.Clock) store.Store {
	return testdb.Memory(t, testdb.WithClock(clock))
}

// stores are the databases that every sequence of a test runs on, all unless
// ORACLE_STORE names one.
func stores(t testing.TB) []oracle.Store {
	warm := &warmStores{t: t}
	all := []oracle.Store{{Name: "SQLite", Open: inMemory}, {Name: "PostgreSQL", Open: warm.open, Sparing: true}}
	if name := os.Getenv("ORACLE_STORE"); name != "" {
		return slices.DeleteFunc(all, func(s oracle.Store) bool { return s.Name != name })
	}
	return all
}

func TestAnySequenceOfOperationsGivesWhatTheDesignSays(t *testing.T) {
	t.Parallel()
	databases := stores(t)
	for shard := range shards {
		t.Run(strconv.Itoa(shard+1), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(r *rapid.T) {
				if difference := oracle.Run(t, r, databases...); difference != "" {
					r.Fatalf("%s", difference)
				}
			})
		})
	}
}
