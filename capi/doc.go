// Command capi is the shared library libtasker_core: the functions of
// include/tasker_core.h in front of the Go packages. It is built with
// -buildmode=c-shared and has no main of its own.
//
// The exported functions are C (front.c, operations_gen.c). They check what C
// can check and then cross into Go through one door, tk_go_enter, with one
// record per call. What is answered from memory is answered there and then, and so
// is a brief call that has a database file to itself; everything else runs on a
// goroutine that belongs to the engine's handle, while the calling thread sleeps in
// C. So waiting calls hold no thread of Go, and 200 waiting host threads cost 200
// goroutines.
//
// Nothing is decided here: wire holds the table and the vocabulary, dispatch
// decodes and runs, session holds the engine.
package main

// main is never called in a shared library; the linker asks for it.
func main() {}
