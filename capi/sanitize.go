//go:build tasker_sanitize

package main

// The C files of the boundary under AddressSanitizer and its sister for undefined
// behaviour, in a library that a program with libasan loads (tests/abi).

// #cgo CFLAGS: -fsanitize=address,undefined -fno-omit-frame-pointer
// #cgo LDFLAGS: -fsanitize=address,undefined
import "C"
