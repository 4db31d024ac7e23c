package session

import (
	"path/filepath"

	"github.com/tasker-systems/tasker-core-go/capi/wire"
	"github.com/tasker-systems/tasker-core-go/core/config"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store/postgres"
	"github.com/tasker-systems/tasker-core-go/core/store/sqlite"
)

// Origin is what an engine is opened from. It is text and plain values alone, so
// that a forked child can open the same engine again.
type Origin struct {
	Version string // of the library, for engine_health
	Config  []byte // the JSON object of tasker_open
	// Environment is what the host's was when it opened the engine: TASKER_
	// variables count, and PWD, where relative paths begin. Without it they begin in
	// the present working directory.
	Environment map[string]string
	// Inherited says that this process was forked from one that had opened the
	// engine. It is opened passively then: it migrates nothing, and begins to
	// listen, to beat and to sweep when a worker registers or a call waits, or the
	// host asks for the wake descriptor (Attend).
	Inherited bool
	Sockets   postgres.Sockets // told of every socket; nil: nobody asks
}

// settings reads the configuration. Errors: those of the configuration, Forked.
func (o Origin) settings() (*config.Config, error) {
	if err := wire.Check(o.Config); err != nil {
		return nil, err
	}
	c, err := config.Load(o.Config, o.Environment)
	if err != nil {
		return nil, err
	}
	if directory := o.Environment["PWD"]; c.Location.Store == config.SQLite && c.Location.Path != sqlite.Memory &&
		filepath.IsAbs(directory) && !filepath.IsAbs(c.Location.Path) {
		c.Location.Path = filepath.Join(directory, c.Location.Path)
	}
	if o.Inherited {
		return c, inheritable(c)
	}
	return c, nil
}

// inheritable refuses what is not to be had in a child.
func inheritable(c *config.Config) error {
	if c.Fork == config.ForkError {
		return fault.New(fault.Forked, "this process was forked after the engine was opened, and the setting fork is error").
			At("fork").Advise("Open an engine after the fork, or leave out the setting: a child then opens the engine anew by itself.")
	}
	if c.Location.Path == sqlite.Memory {
		return fault.New(fault.Forked, "this process was forked, and a database in memory is in the parent's alone").
			At("database.url").Advise("Use a file, which both can open, or open an engine after the fork.")
	}
	return nil
}

// migrate is what opening does about the schema: what the parent opened is up to
// date, and a child among many is not the one to change it.
func (o Origin) migrate(c *config.Config) string {
	if o.Inherited && c.Migrate == sqlite.MigrateAuto {
		return sqlite.MigrateCheck
	}
	return c.Migrate
}
