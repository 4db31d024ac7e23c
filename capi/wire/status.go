package wire

import "github.com/tasker-systems/tasker-core-go/core/fault"

// StatusOK is the status of a call that succeeded.
const StatusOK int32 = 0

// StatusOf returns the status code of a kind in the C header, 1 to 16: its
// position in fault.Kinds. A kind that is not in the list is Internal.
func StatusOf(kind fault.Kind) int32 {
	for i, known := range fault.Kinds {
		if kind == known {
			return int32(i + 1)
		}
	}
	return int32(len(fault.Kinds))
}
