package oracle

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// scope is the life of one sequence inside a test: databases close and files go
// when the sequence ends, not when the test does, and a failure to open panics,
// which rapid can shrink, instead of ending the test from inside.
type scope struct {
	testing.TB
	cleanups []func()
}

func (s *scope) Helper()           {}
func (s *scope) Cleanup(fn func()) { s.cleanups = append(s.cleanups, fn) }

func (s *scope) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (s *scope) FailNow()                          { panic("the sequence cannot go on") }
func (s *scope) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// TempDir returns a directory of the sequence's own.
func (s *scope) TempDir() string {
	dir, err := os.MkdirTemp("", "tasker-oracle-")
	if err != nil {
		panic(err)
	}
	s.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// close undoes everything, the latest first.
func (s *scope) close() {
	for _, cleanup := range slices.Backward(s.cleanups) {
		cleanup()
	}
	s.cleanups = nil
}
