// Package crash_test has something go wrong at every point of a run: before and
// after each statement of every write transaction, at its begin and at its
// commit. After recovery every task has ended, every result is recorded once,
// no lease is left and every invariant holds.
package crash_test

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// backend is a kind of store under test.
type backend struct {
	name     string
	open     func(*testing.T, *testdb.Clock) store.Store
	points   int    // tried per scenario and mishap, 0 for all
	variable string // of the environment, which says otherwise
}

var backends = []backend{
	{"sqlite", func(t *testing.T, clock *testdb.Clock) store.Store {
		return testdb.SQLite(t, testdb.WithClock(clock))
	}, 12, "TASKER_CRASH_SQLITE_POINTS"},
	{"postgresql", func(t *testing.T, clock *testdb.Clock) store.Store {
		return testdb.Postgres(t, testdb.WithPostgresClock(clock))
	}, 3, "TASKER_CRASH_POSTGRESQL_POINTS"},
}

// seedVariable names the seed by which points are drawn.
const seedVariable = "TASKER_CRASH_SEED"

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

// pick returns the points, from 1, at which the mishap is to happen.
func (b backend) pick(t *testing.T, points []string, m mishap) (picked []int) {
	t.Helper()
	for i, point := range points {
		if slices.Contains(mishapsAt(point), m) {
			picked = append(picked, i+1)
		}
	}
	sample := number(t, b.variable, b.points)
	if sample == 0 || sample >= len(picked) {
		return picked
	}
	seed := number(t, seedVariable, 1)
	t.Logf("%s=%d", seedVariable, seed)
	name := fnv.New64()
	_, _ = name.Write([]byte(t.Name())) // other points for each scenario and mishap; a hash takes any bytes
	source := rand.New(rand.NewPCG(uint64(seed), name.Sum64()))
	source.Shuffle(len(picked), func(i, k int) { picked[i], picked[k] = picked[k], picked[i] })
	picked = picked[:sample]
	slices.Sort(picked)
	return picked
}

func TestWhateverFailsWhereverNothingIsLostOrDoneTwice(t *testing.T) {
	t.Parallel()
	for _, b := range backends {
		for _, s := range scenarios {
			t.Run(b.name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				calm := &plan{}
				bench := &bench{scenario: s, backend: b, t: t}
				bench.judge(t, bench.play(t, calm), "without a mishap")
				for _, m := range mishaps {
					t.Run(string(m), func(t *testing.T) {
						for _, n := range b.pick(t, calm.points, m) {
							t.Run(label(n, calm.points[n-1]), func(t *testing.T) {
								bench.judge(t, bench.play(t, &plan{at: n, mishap: m}), "after the mishap")
							})
						}
					})
				}
			})
		}
	}
}
