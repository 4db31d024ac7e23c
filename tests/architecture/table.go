package architecture

// Rule says what one package may import besides the standard library.
type Rule struct {
	Packages []string // of this repository
	Modules  []string // from outside, by module path
	Pure     bool     // values in, values out: carries a runnable Example
}

// Modules from outside that more than one rule names.
const (
	goccyJSON   = "github.com/goccy/go-json"
	levenshtein = "github.com/agnivade/levenshtein"
	modernc     = "modernc.org/sqlite"
	mattn       = "github.com/mattn/go-sqlite3"
)

// Table is the one list of who may import whom. A package that is not in it may
// not exist, and a module that a package does not list may not be imported by
// it. Everything under tests/ may import anything, and nothing outside tests/
// imports it.
//
// Against the style sheet: the request and reply types live in core/engine
// with their use case, so that their documentation has one source, and
// capi/wire reads them there.
var Table = map[string]Rule{
	"migrations":    {},
	"core":          {},
	"core/fault":    {},
	"core/workflow": {Packages: []string{"core/fault"}},
	"core/barrier":  {Packages: []string{"core/fault"}}, // of every goroutine and call; its points are in what it protects

	"core/graph":   {Packages: []string{"core/fault"}, Pure: true},
	"core/backoff": {Packages: []string{"core/fault"}, Pure: true},
	"core/lifecycle": {
		Packages: []string{"core/workflow", "core/fault"},
		Pure:     true,
	},
	"core/query": {
		Packages: []string{"core/workflow", "core/fault"},
		Pure:     true,
	},
	"core/identity": {
		Packages: []string{"core/workflow", "core/fault"},
		Modules:  []string{"github.com/google/uuid"},
		Pure:     true,
	},
	"core/readiness": {
		Packages: []string{"core/workflow", "core/graph", "core/lifecycle", "core/backoff", "core/fault"},
		Pure:     true,
	},
	"core/insight": {
		Packages: []string{"core/workflow", "core/graph", "core/fault"},
		Pure:     true,
	},
	"core/template": {
		Packages: []string{"core/workflow", "core/graph", "core/backoff", "core/fault"},
		Modules: []string{
			"github.com/goccy/go-yaml", "github.com/santhosh-tekuri/jsonschema/v6", levenshtein, "golang.org/x/mod",
		},
		Pure: true,
	},
	"core/config": {
		Packages: []string{"core/fault"},
		Modules:  []string{"github.com/knadh/koanf/v2", "github.com/knadh/koanf/providers/confmap"},
	},

	"core/batch":     {Packages: []string{"core/barrier", "core/fault", "core/workflow"}},
	"core/cache":     {Packages: []string{"core/barrier"}, Modules: []string{"github.com/hashicorp/golang-lru/v2"}}, // bounded in bytes on a kept library
	"core/notify":    {Packages: []string{"core/barrier", "core/fault", "core/workflow"}},
	"core/telemetry": {Packages: []string{"core/barrier", "core/fault", "core/workflow"}},
	"core/worker":    {Packages: []string{"core/barrier", "core/fault", "core/workflow"}},

	"core/store": {Packages: []string{"core/workflow", "core/graph", "core/readiness", "core/insight", "core/query", "core/fault"}},
	"core/store/migrate": {
		Packages: []string{"core/store", "core/workflow", "core/fault", "migrations"},
		Modules:  []string{"github.com/pressly/goose/v3"},
	},
	"core/store/sqlite": {
		Packages: []string{
			"core/store", "core/store/migrate", "core/workflow", "core/graph", "core/readiness", "core/insight", "core/query", "core/fault",
			"core/barrier", "migrations",
		},
		Modules: []string{mattn, "github.com/fsnotify/fsnotify"},
	},
	"core/store/postgres": {
		Packages: []string{
			"core/store", "core/store/migrate", "core/workflow", "core/graph", "core/readiness", "core/insight", "core/query", "core/fault",
			"core/barrier", "migrations",
		},
		Modules: []string{"github.com/jackc/pgx/v5"},
	},
	"core/engine": {
		Packages: []string{
			"core/graph", "core/backoff", "core/lifecycle", "core/identity", "core/readiness", "core/template",
			"core/insight", "core/batch", "core/cache", "core/notify", "core/telemetry", "core/query", "core/store",
			"core/workflow", "core/barrier", "core/fault",
		},
	},

	"capi/wire": {
		Packages: []string{"core/engine", "core/query", "core/workflow", "core/fault"},
		Modules:  []string{goccyJSON, levenshtein},
	},
	"capi/session": {
		Packages: []string{
			"core/config", "core/engine", "core/insight", "core/notify", "core/worker", "core/telemetry", "core/backoff",
			"core/store", "core/store/sqlite", "core/store/postgres", "core/workflow", "core/barrier", "core/fault", "capi/wire",
		},
	},
	"capi/dispatch": {
		Packages: []string{"capi/wire", "capi/session", "core/engine", "core/workflow", "core/barrier", "core/fault"},
	},
	"capi": {Packages: []string{"capi/dispatch", "capi/session", "capi/wire", "core/barrier", "core/fault"}},

	"bindings/generate": {Packages: []string{"capi/wire", "core/fault"}},
}

// Confined are packages of the standard library and modules that may be used in
// few places only, beside the table: the reason is why the place is the only one.
var Confined = map[string][]string{
	"C":                    {"capi"},                                                           // the boundary is read in one sitting
	"encoding/json":        {"capi/wire", "core/template", "core/config"},                      // raw JSON travels as it came
	goccyJSON:              {"capi/wire", "core/template", "core/config"},                      // as above
	modernc:                {"core/store/sqlite"},                                              // a second copy of SQLite in
	mattn:                  {"core/store/sqlite"},                                              // one process loses its locks
	"database/sql":         {"core/store/sqlite", "core/store/postgres", "core/store/migrate"}, // no SQL outside the stores
	"github.com/jackc/pgx": {"core/store/postgres"},
}

// GoroutineOwners are the only packages that may start goroutines: each owner
// gives them a context and waits for them when it closes.
var GoroutineOwners = []string{
	"capi", "capi/session", "core/batch", "core/notify", "core/worker", "core/store/sqlite", "core/store/postgres",
}

// State lists package variables that must be mutable, with the reason.
var State = map[string]string{
	"core/barrier.armed":        "the point that panics next, in the library of the tests alone",
	"capi.version":              "set by the linker",
	"capi.commit":               "set by the linker",
	"capi.engines":              "the table of handles: a number is all that C hands back",
	"capi.claimNumber":          "computed once from the operation table",
	"core/store/sqlite.opening": "descriptors are the process's, whatever store opens them",
}

// Required are the places without which a check would pass by looking at nothing.
var Required = []string{
	kindsFile, operationsFile, headerFile, pythonFile, pythonErrors,
	"core/store/store.go", "core/store/sqlite/task.sql", "migrations/sqlite/0001_rails_tables.sql",
}
