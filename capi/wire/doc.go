// Package wire is what crosses the C boundary: the table of operations, and
// JSON in and out. It decodes requests strictly, with every problem of a
// request told at once with its place, and encodes replies and errors.
//
// User payloads travel as raw JSON: they are checked once, by one scan, and
// then kept byte for byte (design section 8). All functions may be called
// concurrently.
package wire
