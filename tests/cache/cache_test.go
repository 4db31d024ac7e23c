package cache_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/cache"
)

func length(text string) int64 { return int64(len(text)) }

func TestAValueIsFoundOnlyUnderTheVersionItWasMadeFrom(t *testing.T) {
	t.Parallel()
	c := cache.New(100, length)
	c.Put(7, 3, "three")
	for version, want := range map[int64]bool{2: false, 3: true, 4: false} {
		value, found := c.Get(7, version)
		require.Equal(t, want, found, "version %d", version)
		if want {
			require.Equal(t, "three", value)
		}
	}
	require.Equal(t, cache.Stats{Entries: 1, Bytes: 5, BytesMax: 100, Hits: 1, Misses: 2}, c.Stats())
}

func TestASlowReaderDoesNotReplaceANewerValue(t *testing.T) {
	t.Parallel()
	c := cache.New(100, length)
	c.Put(7, 4, "new")
	c.Put(7, 3, "old")
	_, found := c.Get(7, 3)
	require.False(t, found)
	value, found := c.Get(7, 4)
	require.True(t, found)
	require.Equal(t, "new", value)
}

func TestTheLeastRecentlyUsedGoesFirst(t *testing.T) {
	t.Parallel()
	c := cache.New(9, length)
	c.Put(1, 1, "aaa")
	c.Put(2, 1, "bbb")
	c.Put(3, 1, "ccc")
	_, _ = c.Get(1, 1)
	c.Put(4, 1, "ddd")
	_, kept := c.Get(1, 1)
	require.True(t, kept)
	_, kept = c.Get(2, 1)
	require.False(t, kept)
}

func TestAValueThatWouldFillMostOfTheCacheIsNotKept(t *testing.T) {
	t.Parallel()
	c := cache.New(10, length)
	c.Put(1, 1, "aaa")
	c.Put(1, 2, "eight888")
	require.Equal(t, 0, c.Stats().Entries, "what it replaces is out of date, too")
	off := cache.New(0, length)
	off.Put(1, 1, "a")
	require.Equal(t, 0, off.Stats().Entries)
}

// Whatever happens, the bytes counted are those of the values kept, and stay
// within the bound; a value that is found is the last one put for its version.
func TestTheBoundHoldsAndNothingIsMixedUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := cache.New(60, length)
		last := map[[2]int64]string{}
		for range rapid.IntRange(1, 80).Draw(t, "operations") {
			key := [2]int64{rapid.Int64Range(1, 5).Draw(t, "task"), rapid.Int64Range(1, 4).Draw(t, "version")}
			switch rapid.SampledFrom([]string{"put", "get", "forget"}).Draw(t, "operation") {
			case "put":
				last[key] = rapid.StringN(0, 20, 40).Draw(t, "value")
				c.Put(key[0], key[1], last[key])
			case "get":
				if value, found := c.Get(key[0], key[1]); found {
					require.Equal(t, last[key], value)
				}
			case "forget":
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					c.Forget()
					require.Zero(t, c.Stats().Bytes)
				}
			}
			require.LessOrEqual(t, c.Stats().Bytes, int64(60))
		}
		total := int64(0)
		for key, value := range last {
			if found, ok := c.Get(key[0], key[1]); ok {
				require.Equal(t, value, found)
				total += int64(len(value))
			}
		}
		require.Equal(t, c.Stats().Bytes, total)
	})
}

func TestManyCallersMayUseItAtOnce(t *testing.T) {
	t.Parallel()
	c := cache.New(50, length)
	var callers sync.WaitGroup
	for n := range int64(8) {
		callers.Go(func() {
			for i := range int64(500) {
				c.Put(i%20, n, "0123456789")
				_, _ = c.Get(i%20, n)
			}
		})
	}
	callers.Wait()
	require.LessOrEqual(t, c.Stats().Bytes, int64(50))
}
