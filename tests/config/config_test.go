package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of these tests, on machines without a zone database

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/config"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/insight"
)

func load(t require.TestingT, call string, environment map[string]string) *config.Config {
	c, err := config.Load([]byte(call), environment)
	require.NoError(t, err)
	return c
}

// refused returns the error of a configuration that must not be accepted.
func refused(t *testing.T, call string, environment map[string]string) *fault.Error {
	t.Helper()
	_, err := config.Load([]byte(call), environment)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	return f
}

func value(c *config.Config, name string) config.Setting {
	for _, s := range c.Settings() {
		if s.Name == name {
			return s
		}
	}
	return config.Setting{}
}

func TestNothingGivenMeansTheDefaults(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"", "{}", `{"database": null, "worker": {"lease_seconds": null}}`} {
		c := load(t, call, nil)
		require.Equal(t, config.Location{Store: "sqlite", Path: "tasker.sqlite3"}, c.Location)
		require.Equal(t, "auto", c.Migrate)
		require.Equal(t, "full", c.Database.Synchronous)
		require.Equal(t, 4, c.Database.ReadConnections)
		require.Equal(t, 15*time.Second, c.Worker.Lease())
		require.Equal(t, 5*time.Second, c.Worker.Heartbeat())
		require.Equal(t, time.Second, c.Worker.Sweep())
		require.Equal(t, "info", c.Log.Level)
		require.Equal(t, 1000, c.Log.Capacity)
		require.Zero(t, c.Runtime)
		_, frozen := c.Clock.Frozen()
		require.False(t, frozen)
	}
}

func TestTheCallWinsOverTheEnvironmentAndThatOverTheDefaults(t *testing.T) {
	t.Parallel()
	environment := map[string]string{
		"TASKER_DATABASE_URL": "sqlite:env.db", "TASKER_WORKER_LEASE_SECONDS": "20", "TASKER_MIGRATE": "check", "TASKER_LOG_LEVEL": "",
	}
	c := load(t, `{"worker": {"lease_seconds": 30}, "clock": {"frozen_at": "2026-01-31T10:30:00+01:00"}}`, environment)
	require.Equal(t, 30, c.Worker.LeaseSeconds)
	require.Equal(t, "env.db", c.Location.Path)
	require.Equal(t, "check", c.Migrate)
	at, frozen := c.Clock.Frozen()
	require.True(t, frozen)
	require.True(t, at.Equal(time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)))

	require.Equal(t, config.Setting{Name: "worker.lease_seconds", Value: int64(30), Source: "call"}, value(c, "worker.lease_seconds"))
	require.Equal(t, config.Setting{Name: "migrate", Value: "check", Source: "environment"}, value(c, "migrate"))
	require.Equal(t, config.Setting{Name: "log.level", Value: "info", Source: "default"}, value(c, "log.level"))
	require.Equal(t, config.Setting{Name: "worker.heartbeat_seconds", Value: 10.0, Source: "default"}, value(c, "worker.heartbeat_seconds"))
	require.Equal(t, config.Setting{Name: "runtime.gc_percent", Source: "default"}, value(c, "runtime.gc_percent"))
}

func TestEverySettingHasAVariableAndIsListedByName(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"adopt.namespaces": "shop, billing", "cache.max_mb": "5", "clock.frozen_at": "2026-01-31T09:30:00Z", "fork": "error", "database.max_pages": "100", "database.read_connections": "2",
		"database.max_connections": "7", "database.notify": "false", "database.pooler": "true", "database.schema": "flow",
		"database.synchronous": "normal", "database.triggers": "off", "database.url": "other.db", "engine.environment": "production",
		"engine.identity_strategy": "hash", "engine.identity_include_version": "true",
		"engine.identity_time_zone": "America/New_York", "log.capacity": "7", "log.level": "debug", "migrate": "only",
		"runtime.gc_percent": "50", "runtime.memory_limit_mb": "512", "runtime.processors": "2",
		"dependency_graph.downstream_weight":     "1",
		"dependency_graph.blocked_weight":        "2",
		"dependency_graph.path_length_weight":    "3",
		"dependency_graph.completed_penalty":     "4",
		"dependency_graph.blocked_penalty":       "5",
		"dependency_graph.error_penalty":         "6",
		"dependency_graph.retry_penalty":         "7",
		"dependency_graph.error_state":           "8",
		"dependency_graph.exhausted_retry_bonus": "9",
		"dependency_graph.dependency_issue":      "10",
		"dependency_graph.retry_instability":     "11",
		"dependency_graph.non_retryable":         "12",
		"dependency_graph.exhausted_retry":       "13",
		"dependency_graph.critical":              "14",
		"dependency_graph.high":                  "15",
		"dependency_graph.medium":                "16",
		"dependency_graph.base_step_seconds":     "17",
		"dependency_graph.error_penalty_seconds": "18",
		"dependency_graph.retry_penalty_seconds": "19",
		"worker.heartbeat_seconds":               "0.5", "worker.lease_seconds": "9", "worker.sweep_seconds": "0.25", "worker.survey_seconds": "2.5",
	}
	environment := map[string]string{}
	for name, text := range values {
		environment["TASKER_"+strings.ToUpper(strings.ReplaceAll(name, ".", "_"))] = text
	}
	c := load(t, "", environment)
	last := ""
	for _, s := range c.Settings() {
		require.Equal(t, "environment", s.Source, s.Name)
		require.Equal(t, values[s.Name], fmt.Sprint(s.Value), s.Name)
		require.Greater(t, s.Name, last)
		last = s.Name
	}
	require.Len(t, c.Settings(), len(values))
	require.Equal(t, config.Runtime{Processors: 2, MemoryLimitMB: 512, GCPercent: 50}, c.Runtime)
	require.Equal(t, "production", c.Engine.Environment)
	require.Equal(t, insight.Weights{Downstream: 1, Blocked: 2, PathLength: 3, CompletedPenalty: 4, BlockedPenalty: 5, ErrorPenalty: 6, RetryPenalty: 7, ErrorState: 8, ExhaustedRetryBonus: 9, DependencyIssue: 10, RetryInstability: 11, NonRetryable: 12, ExhaustedRetry: 13, Critical: 14, High: 15, Medium: 16, BaseStepSeconds: 17, ErrorPenaltySeconds: 18, RetryPenaltySeconds: 19}, insight.Weights(c.DependencyGraph))
	require.EqualValues(t, 100, c.Database.PagesMax)
	require.Equal(t, "America/New_York", c.Engine.IdentityZone().String())
	require.True(t, c.Engine.IdentityIncludeVersion)
}

func TestTheWeightsOfScoresAreThoseOfTheSheetUnlessSet(t *testing.T) {
	t.Parallel()
	require.Equal(t, insight.Defaults, insight.Weights(load(t, "", nil).DependencyGraph))
	set := insight.Defaults
	set.BlockedPenalty = 2.5
	require.Equal(t, set, insight.Weights(load(t, `{"dependency_graph": {"blocked_penalty": 2.5}}`, nil).DependencyGraph))
	require.ErrorContains(t, refused(t, `{"dependency_graph": {"blocked_penalty": -1}}`, nil), "dependency_graph.blocked_penalty")
}

func TestATimeZoneIsOneThatTheMachineKnows(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Mars/Olympus", "Local"} {
		_, err := config.Load([]byte(`{"engine": {"identity_time_zone": "`+name+`"}}`), nil)
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), name)
		require.ErrorContains(t, err, "America/New_York", "what is wanted is told")
	}
}

func TestForeignVariablesAreNamedAndIgnored(t *testing.T) {
	t.Parallel()
	c := load(t, "", map[string]string{"DATABASE_URL": "postgres://rails", "TASKER_HOME": "x", "TASKER_LEASE": "y", "PATH": "/bin"})
	require.Equal(t, []string{"TASKER_HOME", "TASKER_LEASE"}, c.Ignored)
	require.Equal(t, config.EmbeddedDefault, c.Location.Path)
}

func TestEveryWrongSettingIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	f := refused(t, `{"worker": {"lease_second": 1, "sweep_seconds": "1"}, "databse": {"url": "x"}, "log": "debug", "migrate": {"a": 1},
		"database": {"synchronous": "off", "max_pages": -1, "read_connections": 1.5}}`,
		map[string]string{"TASKER_LOG_CAPACITY": "many", "TASKER_CLOCK_FROZEN_AT": "yesterday"})
	require.Equal(t, fault.InvalidRequest, f.Kind)
	var paths []string
	for _, p := range f.Problems {
		paths = append(paths, p.Path)
		require.NotEmpty(t, p.Message)
	}
	require.ElementsMatch(t, []string{
		"worker.lease_second", "worker.sweep_seconds", "databse.url", "log", "migrate", "database.synchronous",
		"database.max_pages", "database.read_connections", "TASKER_LOG_CAPACITY", "TASKER_CLOCK_FROZEN_AT",
	}, paths)
	require.Contains(t, f.Error(), "9 more")
}

func TestSuggestionsNameWhatWasMeant(t *testing.T) {
	t.Parallel()
	for call, suggestion := range map[string]string{
		`{"databse": {"url": "x"}}`:           "Did you mean database.url?",
		`{"worker": {"lease_second": 3}}`:     "Did you mean worker.lease_seconds?",
		`{"worker": {"patience": 3}}`:         "Known settings of worker: worker.heartbeat_seconds, worker.lease_seconds, worker.survey_seconds, worker.sweep_seconds.",
		`{"spoon": "error"}`:                  "Sections: adopt, cache, clock, database, dependency_graph, engine, log, runtime, worker; and fork, migrate.",
		`{"log": "debug"}`:                    "Its settings are log.capacity, log.level.",
		`{"clock": {"frozen_at": "noon"}}`:    "",
		`{"worker": {"heartbeat_seconds":9}}`: "One late heartbeat would cost the worker its leases. Use a third of lease_seconds.",
	} {
		require.Equal(t, suggestion, refused(t, call, nil).Problems[0].Suggestion, call)
	}
}

func TestWrongTypesSayWhatIsWanted(t *testing.T) {
	t.Parallel()
	for call, message := range map[string]string{
		`{"worker": {"lease_seconds": "15"}}`:        `worker.lease_seconds is "15"; it must be an integer from 1 to 3600`,
		`{"worker": {"lease_seconds": 3601}}`:        `worker.lease_seconds is 3601; it must be an integer from 1 to 3600`,
		`{"worker": {"lease_seconds": 1.5}}`:         `worker.lease_seconds is 1.5; it must be an integer from 1 to 3600`,
		`{"worker": {"sweep_seconds": true}}`:        `worker.sweep_seconds is true; it must be a number from 0.05 to 600`,
		`{"database": {"url": 7}}`:                   `database.url is 7; it must be a string`,
		`{"database": {"url": ["a"]}}`:               `database.url is an array; it must be a string`,
		`{"log": {"level": "loud"}}`:                 `log.level is "loud"; it must be one of debug, info, warn, error`,
		`{"log": {"level": {}}}`:                     `log.level is an object; it must be one of debug, info, warn, error`,
		`{"database": 7}`:                            `database is 7; an object is wanted`,
		`{"clock": {"frozen_at": "a://b:secret@c"}}`: `clock.frozen_at is another string; it must be an instant in RFC 3339, such as 2026-01-31T09:30:00Z`,
		`{"nonsense": null}`:                         `nonsense is not a known setting`,
	} {
		require.Equal(t, message, refused(t, call, nil).Problems[0].Message, call)
	}
}

func TestWhatIsNotAnObjectIsRefused(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"[]", "{", `{"migrate": "auto"} x`, "7", "\xff"} {
		require.Equal(t, fault.InvalidRequest, refused(t, call, nil).Kind, call)
	}
}

func TestDatabaseURLsNameFiles(t *testing.T) {
	t.Parallel()
	for url, path := range map[string]string{
		"":                         config.EmbeddedDefault,
		"sqlite:data/tasker.db":    "data/tasker.db",
		"sqlite:///srv/tasker.db":  "/srv/tasker.db",
		"sqlite:/srv/tasker.db":    "/srv/tasker.db",
		"SQLite:a%20b.db":          "a b.db",
		"sqlite::memory:":          ":memory:",
		"data/tasker.db":           "data/tasker.db",
		"/srv/with space?.db":      "/srv/with space?.db",
		"./a:b.db":                 "./a:b.db",
		"sqlite:./deep/../file.db": "./deep/../file.db",
	} {
		c := load(t, fmt.Sprintf(`{"database": {"url": %q}}`, url), nil)
		require.Equal(t, config.Location{Store: "sqlite", Path: path}, c.Location, url)
	}
}

func TestOtherDatabasesAreRefusedWithoutShowingThePassword(t *testing.T) {
	t.Parallel()
	for url, kind := range map[string]fault.Kind{
		"mysql://me:secret@db/tasker":  fault.InvalidRequest,
		"host=db password=secret":      fault.InvalidRequest,
		"sqlite://me:secret@db/tasker": fault.InvalidRequest,
		"sqlite:a.db?key=secret":       fault.InvalidRequest,
		"sqlite:":                      fault.InvalidRequest,
		"sqlite:%zzsecret":             fault.InvalidRequest,
		"sqlite:%00secret":             fault.InvalidRequest,
	} {
		f := refused(t, fmt.Sprintf(`{"database": {"url": %q}}`, url), nil)
		require.Equal(t, kind, f.Kind, url)
		require.NotContains(t, f.Error(), "secret", url)
		require.NotEmpty(t, f.Remedy, url)
		require.Equal(t, "database.url", f.Path)
	}
}

func TestAServersURLIsLeftToItsDriverAndChecksTheSchemaByDefault(t *testing.T) {
	t.Parallel()
	const url = "postgresql://me:secret@a,b:5433/t?target_session_attrs=read-write"
	c := load(t, fmt.Sprintf(`{"database": {"url": %q, "schema": "flow", "pooler": true}}`, url),
		map[string]string{"TASKER_DATABASE_NOTIFY": "false"})
	require.Equal(t, config.Location{Store: "postgresql", URL: url}, c.Location)
	require.Equal(t, "check", c.Migrate)
	require.True(t, c.Database.Pooler)
	require.False(t, c.Database.Notify)
	require.Equal(t, "flow", c.Database.Schema)
	for _, wrong := range []string{`{"database": {"pooler": "true"}}`, `{"database": {"notify": 1}}`} {
		require.Contains(t, refused(t, wrong, nil).Error(), "true or false")
	}
}

func TestMaskingHidesPasswordsAndParameters(t *testing.T) {
	t.Parallel()
	for url, masked := range map[string]string{
		"postgres://me:secret@db/tasker?password=secret": "postgres://me:xxxxx@db/tasker?…",
		"postgres://me@db/tasker":                        "postgres://me@db/tasker",
		"postgres://me:secret@[bad":                      "postgres://…",
		"postgres://user:s3cr:#&&@host/db?password=x":    "postgres://…", // once read as host, port and fragment
		"sqlite:///srv/a.db":                             "sqlite:///srv/a.db",
		"plain.db":                                       "plain.db",
	} {
		require.Equal(t, masked, config.Masked(url))
	}
}

// leaks reports whether a secret can be read in a text.
func leaks(text, secret string) bool { return strings.Contains(text, secret) }

func TestNoPasswordSurvivesMasking(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret := "s3cr" + rapid.StringMatching(`[a-zA-Z0-9:/?#@%&=]{4,12}`).Draw(t, "secret")
		url := "postgres://user:" + secret + "@host/db?password=" + secret
		require.False(t, leaks(config.Masked(url), secret), config.Masked(url))
	})
}

func TestTheLeakCheckFindsASecret(t *testing.T) {
	t.Parallel()
	require.True(t, leaks("postgres://user:s3cret@host", "s3cret"))
}

func TestSettingsBelongToTheCaller(t *testing.T) {
	t.Parallel()
	c := load(t, "", nil)
	c.Settings()[0].Value = "changed"
	require.NotEqual(t, "changed", c.Settings()[0].Value)
}

// documented returns the settings that a page has a row for, with the default
// that it tells.
func documented(page string) map[string]string {
	rows := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| ([^|]+) \\|").FindAllStringSubmatch(page, -1) {
		rows[row[1]] = strings.Trim(row[2], "`")
	}
	return rows
}

func TestEverySettingIsDocumentedWithItsDefault(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	require.NoError(t, err)
	rows := documented(string(page))
	listed := load(t, "", nil).Settings()
	require.Len(t, rows, len(listed))
	for _, setting := range listed {
		told, found := rows[setting.Name]
		require.True(t, found, setting.Name)
		switch value := setting.Value.(type) {
		case nil:
		case string:
			if value != "" && setting.Name != "migrate" {
				require.Equal(t, value, told, setting.Name)
			}
		default:
			if setting.Name != "worker.heartbeat_seconds" {
				require.Equal(t, fmt.Sprint(value), told, setting.Name)
			}
		}
	}
	require.Empty(t, documented("| database.url | x |"), "a row names its setting as code")
}
