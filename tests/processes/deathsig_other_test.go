//go:build !linux

package processes_test

import "syscall"

// diesWithParent is empty where the system has no such signal: children see the
// end of their input.
func diesWithParent() *syscall.SysProcAttr { return nil }
