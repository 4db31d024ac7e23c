package processes_test

import "syscall"

// diesWithParent has the system kill a child whose parent died, even one that
// is stopped and so cannot see the end of its input.
func diesWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
