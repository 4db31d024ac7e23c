package config

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// EmbeddedDefault is the file that is opened when nothing names a database.
const EmbeddedDefault = "tasker.sqlite3"

// Location is where the database is.
type Location struct {
	Store string // SQLite or PostgreSQL
	Path  string // of the file, or ":memory:"; empty for PostgreSQL
	URL   string // of the server, with its secrets; empty for SQLite
}

// The stores, as engine_health names them.
const (
	SQLite     = "sqlite"
	PostgreSQL = "postgresql"
)

// migrateDefault is what opening does about the schema unless told: an embedded
// file is ours to migrate, a server's schema is somebody's decision.
func (l Location) migrateDefault() string {
	if l.Store == PostgreSQL {
		return "check"
	}
	return "auto"
}

// scheme is the beginning of a URL. One letter is no scheme.
var scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+):`)

// keywords is the other way to write a PostgreSQL connection; read as a path it
// would make a file whose name holds the password.
var keywords = regexp.MustCompile(`^\s*(host|hostaddr|port|dbname|user|password|service)\s*=`)

// locate reads a database URL:
//
//	(empty)                     tasker.sqlite3 in the working directory
//	sqlite:data/tasker.sqlite3  relative path
//	sqlite:///srv/tasker.db     absolute path; %20 and the like are decoded
//	sqlite::memory:             in memory, gone when the engine is closed
//	data/tasker.sqlite3         a plain path, taken as it is
//	postgres://role@host/name   a server, as libpq reads it
func locate(text string) (Location, error) {
	if text == "" {
		return Location{Store: SQLite, Path: EmbeddedDefault}, nil
	}
	if strings.ContainsRune(text, 0) {
		return Location{}, badURL("database.url contains a NUL character")
	}
	if keywords.MatchString(text) {
		return Location{}, badURL("database.url is a list of keywords and values")
	}
	parts := scheme.FindStringSubmatch(text)
	if parts == nil {
		return Location{Store: SQLite, Path: text}, nil
	}
	switch rest := text[len(parts[0]):]; strings.ToLower(parts[1]) {
	case "sqlite":
		return embedded(rest)
	case "postgres", "postgresql":
		return Location{Store: PostgreSQL, URL: text}, nil // the driver reads and checks the rest
	default:
		return Location{}, badURL("database.url begins with " + parts[1] + ":, which names no database that this library knows")
	}
}

// embedded reads what follows sqlite:.
func embedded(rest string) (Location, error) {
	if rest == ":memory:" {
		return Location{Store: SQLite, Path: ":memory:"}, nil
	}
	if strings.Contains(rest, "?") {
		return Location{}, badURL("database.url has parameters after a question mark, which are not read")
	}
	if path, ok := strings.CutPrefix(rest, "//"); ok {
		if !strings.HasPrefix(path, "/") {
			return Location{}, badURL("database.url has a host after sqlite://, but the embedded store is a file")
		}
		rest = path
	}
	path, err := url.PathUnescape(rest)
	if err != nil || strings.ContainsRune(path, 0) {
		return Location{}, badURL("database.url holds a percent sign that begins no escape")
	}
	if path == "" {
		return Location{}, badURL("database.url names no file")
	}
	return Location{Store: SQLite, Path: path}, nil
}

func badURL(message string) error {
	return fault.New(fault.InvalidRequest, "%s", message).At("database.url").
		Advise("Use sqlite:relative/path, sqlite:///absolute/path, sqlite::memory:, a plain path, or postgres://role@host/database.")
}

// unambiguous is a URL whose parts cannot be mistaken for each other, so that it is
// sure what is the password: scheme, user, password, host and path, parameters.
var unambiguous = regexp.MustCompile(`^([a-zA-Z0-9+.-]+://)([\w.-]*)(:[^:/?#@]*)?(@[\w.-]+(?::\d+)?(?:/[\w.-]*)?)(\?.*)?$`)

// Masked returns a database URL without its password and parameters, which can
// hold secrets too. Of a URL that can be read in two ways only the scheme is
// left. A plain path or sqlite: URL is returned as it is.
func Masked(text string) string {
	head, rest, isURL := strings.Cut(text, "://")
	if !isURL || (strings.EqualFold(head, "sqlite") && strings.HasPrefix(rest, "/")) {
		return text
	}
	parts := unambiguous.FindStringSubmatch(text)
	if parts == nil {
		return head + "://…"
	}
	masked := parts[1] + parts[2]
	if parts[3] != "" {
		masked += ":xxxxx"
	}
	masked += parts[4]
	if parts[5] != "" {
		masked += "?…"
	}
	return masked
}
