// A second Go library in the process of the first: it needs goroutines, memory
// and a collection to answer, so a runtime that the other one disturbs shows.
package main

import "C"

import (
	"runtime"
	"sync"
)

// second_answer returns its argument, counted up by as many goroutines.
//
//export second_answer
func second_answer(n C.int) C.int {
	var (
		mu    sync.Mutex // guards kept
		kept  [][]byte
		group sync.WaitGroup
	)
	for range int(n) {
		group.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			kept = append(kept, make([]byte, 1024))
		})
	}
	group.Wait()
	runtime.GC()
	return C.int(len(kept))
}

func main() {}
