// Package cache keeps values that were made from a task's rows in memory,
// bounded in bytes, the least recently used out first. It knows nothing about
// currency but the version that a value was made from: who asks names the
// version that is current, as the store's stamp says (design sections 4 and 7).
package cache

import (
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
)

// Cache holds one value per task. All methods may be called concurrently; the
// values are shared, so nobody may change one that was put in.
type Cache[V any] struct {
	mu       sync.Mutex // guards what follows; never held across a call of size
	recent   *simplelru.LRU[int64, entry[V]]
	bytes    int64
	bytesMax int64
	hits     int64
	misses   int64
	size     func(V) int64
}

type entry[V any] struct {
	version int64
	bytes   int64
	value   V
}

// Stats tells how a cache fares.
type Stats struct {
	Entries  int
	Bytes    int64 // as estimated by the size function
	BytesMax int64
	Hits     int64 // since the cache was made
	Misses   int64
}

// New returns a cache of at most bytesMax bytes, as size estimates them; 0 or
// less keeps nothing.
func New[V any](bytesMax int64, size func(V) int64) *Cache[V] {
	recent, err := simplelru.NewLRU[int64, entry[V]](math.MaxInt, nil)
	if err != nil { // only for a size below 1
		panic(err)
	}
	return &Cache[V]{recent: recent, bytesMax: bytesMax, size: size}
}

// Get returns the value of a task if it was made from this version.
func (c *Cache[V]) Get(taskID, version int64) (value V, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	barrier.Point("cache.get")
	e, kept := c.recent.Get(taskID)
	if !kept || e.version != version {
		c.misses++
		return value, false
	}
	c.hits++
	return e.value, true
}

// Put keeps a value. One made from an older version than what is kept is
// dropped, since a slow reader may come after a fast one; so is one that alone
// would fill more than half of the cache.
func (c *Cache[V]) Put(taskID, version int64, value V) {
	bytes := c.size(value)
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, kept := c.recent.Peek(taskID); kept {
		if old.version > version {
			return
		}
		c.drop(taskID, old)
	}
	if bytes > c.bytesMax/2 {
		return
	}
	c.recent.Add(taskID, entry[V]{version, bytes, value})
	barrier.Point("cache.put") // counted wrongly now, until everything is forgotten
	c.bytes += bytes
	for c.bytes > c.bytesMax {
		id, oldest, _ := c.recent.GetOldest()
		c.drop(id, oldest)
	}
}

func (c *Cache[V]) drop(taskID int64, e entry[V]) {
	c.recent.Remove(taskID)
	c.bytes -= e.bytes
}

// Forget drops every value.
func (c *Cache[V]) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recent.Purge()
	c.bytes = 0
}

// Stats returns how the cache fares.
func (c *Cache[V]) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{Entries: c.recent.Len(), Bytes: c.bytes, BytesMax: c.bytesMax, Hits: c.hits, Misses: c.misses}
}
