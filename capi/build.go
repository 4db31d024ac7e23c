package main

// #include "front.h"
import "C"

import (
	"fmt"
	"runtime"
	"sync"
)

// version and commit are set by the linker (mk/library.mk).
var (
	version = "0.0.0-development"
	commit  = "unknown"
)

// buildInfo returns the text of tasker_build_info. It is made once and lives as
// long as the process, because C keeps the pointer.
var buildInfo = sync.OnceValue(func() *C.char {
	return C.CString(fmt.Sprintf(`{"version":%q,"commit":%q,"go":%q,"abi":%d,"platform":"%s/%s"}`,
		version, commit, runtime.Version(), C.TASKER_ABI_VERSION, runtime.GOOS, runtime.GOARCH))
})
