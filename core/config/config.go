// Package config turns what the host says into one checked configuration:
// defaults, below the TASKER_ environment variables, below the JSON object of
// the call. It reads no environment and no file itself.
package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// Config is a complete, checked configuration. It never changes after Load.
type Config struct {
	Database Database `koanf:"database"`
	// Migrate is "auto", "check" or "only".
	Migrate string `koanf:"migrate"`
	// Fork is ForkReopen or ForkError.
	Fork  string `koanf:"fork"`
	Adopt Adopt  `koanf:"adopt"`
	Cache Cache  `koanf:"cache"`
	// DependencyGraph weighs the scores of task_graph.
	DependencyGraph DependencyGraph `koanf:"dependency_graph"`
	Engine          Engine          `koanf:"engine"`
	Worker          Worker          `koanf:"worker"`
	Clock           Clock           `koanf:"clock"`
	Log             Log             `koanf:"log"`
	Runtime         Runtime         `koanf:"runtime"`

	// Location is what Database.URL names.
	Location Location `koanf:"-"`
	// Ignored are the TASKER_ variables of the environment that name no
	// setting. They may belong to somebody else, so they are not errors.
	Ignored []string `koanf:"-"`

	listed []Setting
}

// What a forked child does with an engine that its parent opened.
const (
	ForkReopen = "reopen" // opens it anew at its first use
	ForkError  = "error"  // answers every call with forked
)

// Database says which database to use and how.
type Database struct {
	URL             string `koanf:"url"`              // empty: tasker.sqlite3 in the working directory
	Synchronous     string `koanf:"synchronous"`      // of the embedded store, "full" or "normal"
	PagesMax        int64  `koanf:"max_pages"`        // of the embedded file, 0: no limit
	ReadConnections int    `koanf:"read_connections"` // of the embedded store
	Schema          string `koanf:"schema"`           // of all tables, PostgreSQL
	MaxConnections  int    `koanf:"max_connections"`  // of the pool, PostgreSQL
	Pooler          bool   `koanf:"pooler"`           // a pooler in transaction mode lies between, PostgreSQL
	Notify          bool   `koanf:"notify"`           // hear of and tell other processes' commits, PostgreSQL
	Triggers        string `koanf:"triggers"`         // "on" or "off": whether migrating makes those that note foreign writes, PostgreSQL
}

// Adopt names tasks of other engines that this one takes over by itself.
type Adopt struct {
	Namespaces string `koanf:"namespaces"` // separated by commas, empty: none
}

// List returns the names of the namespaces, nil when there are none.
func (a Adopt) List() []string {
	var names []string
	for name := range strings.SplitSeq(a.Namespaces, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Cache bounds what is kept of the database in memory.
type Cache struct {
	MaxMB int64 `koanf:"max_mb"` // task graphs, in MiB; 0: none is kept
}

// Bytes is the bound in bytes.
func (c Cache) Bytes() int64 { return c.MaxMB << 20 }

// DependencyGraph are the weights by which paths, failures and bottlenecks are
// scored, under the names of the Rails engine's leaves; the fields are those of
// insight.Weights.
type DependencyGraph struct {
	Downstream          float64 `koanf:"downstream_weight"`
	Blocked             float64 `koanf:"blocked_weight"`
	PathLength          float64 `koanf:"path_length_weight"`
	CompletedPenalty    float64 `koanf:"completed_penalty"`
	BlockedPenalty      float64 `koanf:"blocked_penalty"`
	ErrorPenalty        float64 `koanf:"error_penalty"`
	RetryPenalty        float64 `koanf:"retry_penalty"`
	ErrorState          float64 `koanf:"error_state"`
	ExhaustedRetryBonus float64 `koanf:"exhausted_retry_bonus"`
	DependencyIssue     float64 `koanf:"dependency_issue"`
	RetryInstability    float64 `koanf:"retry_instability"`
	NonRetryable        float64 `koanf:"non_retryable"`
	ExhaustedRetry      float64 `koanf:"exhausted_retry"`
	Critical            float64 `koanf:"critical"`
	High                float64 `koanf:"high"`
	Medium              float64 `koanf:"medium"`
	BaseStepSeconds     float64 `koanf:"base_step_seconds"`
	ErrorPenaltySeconds float64 `koanf:"error_penalty_seconds"`
	RetryPenaltySeconds float64 `koanf:"retry_penalty_seconds"`
}

// Engine holds defaults of requests.
type Engine struct {
	IdentityStrategy string `koanf:"identity_strategy"` // "default" or "hash"
	// IdentityTimeZone is that of the Rails application, whose hash has the
	// minute in it.
	IdentityTimeZone       string `koanf:"identity_time_zone"`
	IdentityIncludeVersion bool   `koanf:"identity_include_version"` // namespace and version, too
	Environment            string `koanf:"environment"`              // of templates, empty: none
}

// Worker times the loops that keep and recover leases.
type Worker struct {
	LeaseSeconds     int     `koanf:"lease_seconds"`
	HeartbeatSeconds float64 `koanf:"heartbeat_seconds"`
	SweepSeconds     float64 `koanf:"sweep_seconds"`
	SurveySeconds    float64 `koanf:"survey_seconds"`
}

// Clock says what time it is.
type Clock struct {
	FrozenAt string `koanf:"frozen_at"` // RFC 3339, empty: the clock runs
}

// Log bounds the log.
type Log struct {
	Level    string `koanf:"level"`
	Capacity int    `koanf:"capacity"` // records
}

// Runtime tunes the Go runtime inside the host's process; 0 leaves a value as
// it is.
type Runtime struct {
	Processors    int `koanf:"processors"`
	MemoryLimitMB int `koanf:"memory_limit_mb"`
	GCPercent     int `koanf:"gc_percent"`
}

// Lease is how long a silent worker keeps its leases.
func (w Worker) Lease() time.Duration { return time.Duration(w.LeaseSeconds) * time.Second }

// Heartbeat is the pause between two heartbeats.
func (w Worker) Heartbeat() time.Duration { return seconds(w.HeartbeatSeconds) }

// Sweep is the pause between two looks for dead workers.
func (w Worker) Sweep() time.Duration { return seconds(w.SweepSeconds) }

// Survey is the pause between two looks for what others wrote to a database
// without triggers.
func (w Worker) Survey() time.Duration { return seconds(w.SurveySeconds) }

// IdentityZone is the time zone of identity hashes.
func (e Engine) IdentityZone() *time.Location {
	at, err := time.LoadLocation(e.IdentityTimeZone)
	if err != nil { // it was checked when it was read
		return time.UTC
	}
	return at
}

// Frozen returns the instant at which the clock stands, and whether it does.
func (c Clock) Frozen() (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, c.FrozenAt)
	return at, err == nil
}

func seconds(value float64) time.Duration { return time.Duration(value * float64(time.Second)) }

// Setting is one value with its source, as engine_config_get answers it.
type Setting struct {
	Name   string // such as worker.lease_seconds
	Value  any    // secrets are masked; nil when nothing is set
	Source string // "default", "environment" or "call"
}

// Settings lists every setting by name. The caller owns the list.
func (c *Config) Settings() []Setting { return slices.Clone(c.listed) }

// Load combines the JSON object of a call (empty: none) with the environment,
// of which only names that begin with TASKER_ are looked at. Errors:
// InvalidRequest with every problem at once.
func Load(call []byte, environment map[string]string) (*Config, error) {
	var found problems
	given := fromCall(call, &found)
	variables, ignored := fromEnvironment(environment, &found)
	merged := koanf.New(".")
	for _, layer := range []map[string]any{defaults(), variables, given} {
		if err := merged.Load(confmap.Provider(layer, "."), nil); err != nil {
			return nil, fault.Wrap(fault.Internal, err, "the configuration cannot be merged")
		}
	}
	c := &Config{Ignored: ignored}
	if err := merged.Unmarshal("", c); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the configuration cannot be read")
	}
	c.derive(&found)
	if err := found.err(); err != nil {
		return nil, err
	}
	location, err := locate(c.Database.URL)
	if err != nil {
		return nil, err
	}
	c.Location = location
	if c.Migrate == "" {
		c.Migrate = c.Location.migrateDefault()
	}
	c.listed = c.list(merged, variables, given)
	return c, nil
}

// derive fills in what depends on other settings, and checks it.
func (c *Config) derive(found *problems) {
	if c.Worker.HeartbeatSeconds == 0 {
		// Two beats may be lost before a lease is.
		c.Worker.HeartbeatSeconds = float64(c.Worker.LeaseSeconds) / 3
	}
	if 2*c.Worker.HeartbeatSeconds > float64(c.Worker.LeaseSeconds) {
		found.add("worker.heartbeat_seconds",
			fmt.Sprintf("worker.heartbeat_seconds is %v, more than half of worker.lease_seconds, %d",
				c.Worker.HeartbeatSeconds, c.Worker.LeaseSeconds),
			"One late heartbeat would cost the worker its leases. Use a third of lease_seconds.")
	}
}

// list builds the answer of Settings.
func (c *Config) list(merged *koanf.Koanf, variables, given map[string]any) []Setting {
	list := make([]Setting, 0, len(settings))
	for _, s := range settings {
		entry := Setting{Name: s.name, Value: merged.Get(s.name), Source: "default"}
		if _, ok := variables[s.name]; ok {
			entry.Source = "environment"
		}
		if _, ok := given[s.name]; ok {
			entry.Source = "call"
		}
		switch s.name {
		case "migrate":
			entry.Value = c.Migrate
		case "worker.heartbeat_seconds":
			entry.Value = c.Worker.HeartbeatSeconds
		case "database.url":
			entry.Value = Masked(c.Database.URL)
		}
		list = append(list, entry)
	}
	return list
}
