package sqlite

import (
	"os"
	"strconv"
	"sync"
	"syscall"
)

// fdMark is kept by the kernel with every open file of ours. It is the number of
// the signal that would tell of input on a file which can tell of it; on a
// regular file it means nothing. It belongs to the open file and not to the
// descriptor, so a forked child finds it on what its parent's copy of SQLite had
// open, and a number that is used again has lost it.
const fdMark = int(syscall.SIGURG)

// The operations of fcntl, from Linux's fcntl.h.
const (
	setSignal = 10 // F_SETSIG
	getSignal = 11 // F_GETSIG
)

// identity is a file, whatever its name.
type identity struct{ device, inode uint64 }

// openFile is an open file: of whom, and under which descriptor.
type openFile struct {
	file       identity
	descriptor int
}

// fileSet is the database and its companions, by the path of the first.
type fileSet string

// suffixes of the files that SQLite's locks lie on.
func suffixes() []string { return []string{"", "-wal", "-shm"} }

// identities returns the files that are there, with their paths.
func (f fileSet) identities() map[identity]string {
	found := map[identity]string{}
	for _, suffix := range suffixes() {
		var about syscall.Stat_t
		path := string(f) + suffix
		if syscall.Stat(path, &about) == nil {
			found[identity{device: about.Dev, inode: about.Ino}] = path
		}
	}
	return found
}

// unmarked returns the descriptors of this process that lead to the files and have
// no mark, with the paths. Where the system does not list descriptors there are
// none to be seen.
func (f fileSet) unmarked() map[openFile]string {
	if f == Memory {
		return nil
	}
	wanted := f.identities()
	found := map[openFile]string{}
	for _, descriptor := range descriptors() {
		var about syscall.Stat_t
		if syscall.Fstat(descriptor, &about) != nil {
			continue // closed meanwhile
		}
		file := identity{device: about.Dev, inode: about.Ino}
		path, ours := wanted[file]
		if !ours {
			continue
		}
		mark, _, failed := syscall.Syscall(syscall.SYS_FCNTL, uintptr(descriptor), getSignal, 0)
		if failed == 0 && int(mark) != fdMark {
			found[openFile{file: file, descriptor: descriptor}] = path
		}
	}
	return found
}

// opening is held while a connection opens files and while somebody looks whose
// the descriptors are. These are the process's, whatever store opens them.
var opening sync.Mutex

// claim runs fn and marks the descriptors that it leaves on the files. Who else
// opens one of them just then is taken for us.
func (f fileSet) claim(fn func() error) error {
	opening.Lock()
	defer opening.Unlock()
	before := f.unmarked()
	defer func() {
		for opened := range f.unmarked() {
			if _, known := before[opened]; !known {
				// It cannot fail on a descriptor that is open.
				_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, uintptr(opened.descriptor), setSignal, uintptr(fdMark))
			}
		}
	}()
	return fn()
}

// foreign returns the descriptors that are not ours.
func (f fileSet) foreign() map[openFile]string {
	opening.Lock()
	defer opening.Unlock()
	return f.unmarked()
}

// descriptors lists those of this process.
func descriptors() []int {
	directory, err := os.Open("/proc/self/fd")
	if err != nil {
		return nil
	}
	defer func() { _ = directory.Close() }() // it was only read
	names, err := directory.Readdirnames(-1)
	if err != nil {
		return nil
	}
	list := make([]int, 0, len(names))
	for _, name := range names {
		if descriptor, err := strconv.Atoi(name); err == nil {
			list = append(list, descriptor)
		}
	}
	return list
}
