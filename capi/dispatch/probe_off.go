//go:build !tasker_probe

package dispatch

import "github.com/tasker-systems/tasker-core-go/capi/wire"

// extra are operations beside the table; there are none outside of tests.
func extra(int, []byte) (*row, wire.Kind) { return nil, wire.Instant }
