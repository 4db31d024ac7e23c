// A program that opens a store where memory cannot be shared between processes, as
// on some file systems, so that a log beside the file is not to be had. It prints
// the error. SQLite has a layer of its own for that, which only C can choose.
package main

/*
struct sqlite3_vfs;
extern struct sqlite3_vfs *sqlite3_vfs_find(const char *name);
extern int sqlite3_vfs_register(struct sqlite3_vfs *vfs, int makeDefault);

static void use(void) { sqlite3_vfs_register(sqlite3_vfs_find("unix-none"), 1); }
*/
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
)

func main() {
	C.use()
	s, err := sqlite.Open(context.Background(), sqlite.Options{Path: os.Args[1]})
	if err == nil {
		err = s.Close()
	}
	var told *fault.Error
	_ = errors.As(err, &told)
	if json.NewEncoder(os.Stdout).Encode(told) != nil {
		os.Exit(1)
	}
}
