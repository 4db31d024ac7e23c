package session_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/capi/session"
)

// processorsEnv has the test below run in a process of its own, since the number
// of processors is the process's.
const processorsEnv = "SESSION_TEST_PROCESSORS"

func processors(t *testing.T) {
	t.Helper()
	session.Start()
	started := runtime.GOMAXPROCS(0)
	e, _ := open(t, at(":memory:", ""))
	usual := runtime.GOMAXPROCS(0)
	asking, _ := open(t, at(":memory:", `, "runtime": {"processors": 9}`))
	fmt.Printf("processors: %d %d %d\n", started, usual, runtime.GOMAXPROCS(0))
	closed(t, e, "")
	closed(t, asking, "")
}

func TestTheNumberOfProcessorsIsTheHostsOrTwoMoreThanGos(t *testing.T) {
	if os.Getenv(processorsEnv) != "" {
		processors(t)
		return
	}
	t.Parallel()
	more := runtime.NumCPU() + 2
	for given, want := range map[string]string{"": fmt.Sprintf("%d %d 9", more, more), "5": "5 5 9"} {
		again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), processorsEnv+"=1", "GOMAXPROCS="+given)
		output, err := again.CombinedOutput()
		require.NoError(t, err, string(output))
		_, counts, _ := strings.Cut(string(output), "processors: ")
		counts, _, _ = strings.Cut(counts, "\n")
		require.Equal(t, want, counts, "GOMAXPROCS=%s", given)
	}
}
