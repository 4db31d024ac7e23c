// Package engine holds the use cases: what a host can ask for, one file each.
// Each method is one operation of the operation table; its request and reply
// types stand beside it and their comments are the documentation that the
// header, the bindings and docs/operations.md are generated from.
//
// The engine decides and the store reads and writes sets: a write use case
// locks, reads, decides with the pure packages, moves states by
// compare-and-set, and writes what follows for the winners only (design
// section 6). Every method may be called concurrently.
package engine
