//go:build tasker_probe

package barrier

import "sync/atomic"

// armed is the name of the point that panics next, nil for none.
var armed atomic.Pointer[string]

// Arm makes the next passage of the point panic, once; "" disarms.
func Arm(name string) {
	if name == "" {
		armed.Store(nil)
		return
	}
	armed.Store(&name)
}

// Armed returns the name of the point that is still to panic.
func Armed() string {
	if name := armed.Load(); name != nil {
		return *name
	}
	return ""
}

// Point panics if it was armed.
func Point(name string) {
	if next := armed.Load(); next != nil && *next == name && armed.CompareAndSwap(next, nil) {
		panic("the probe panics at " + name)
	}
}
