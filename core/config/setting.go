package config

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind is the type of a setting.
type kind int

const (
	word     kind = iota // any string
	choice               // one of a few strings
	integer              // whole number within bounds
	fraction             // number within bounds
	instant              // RFC 3339
	zone                 // name of a time zone, such as America/New_York
	flag                 // true or false
)

// setting is one row of the table of settings.
type setting struct {
	name        string
	kind        kind
	fallback    any // nil: unset
	least, most float64
	choices     []string
}

// weightMax bounds the weights of a score, so that sums of them stay exact.
const weightMax = 1e6

// settings is the table, by name.
var settings = []setting{
	{name: "adopt.namespaces", kind: word, fallback: ""},
	{name: "cache.max_mb", kind: integer, fallback: int64(32), most: 1 << 20},
	{name: "clock.frozen_at", kind: instant},
	{name: "database.max_connections", kind: integer, fallback: int64(10), least: 2, most: 1000},
	{name: "database.max_pages", kind: integer, fallback: int64(0), most: 4294967294}, // SQLite's own bound
	{name: "database.notify", kind: flag, fallback: true},
	{name: "database.pooler", kind: flag, fallback: false},
	{name: "database.read_connections", kind: integer, fallback: int64(4), least: 1, most: 64},
	{name: "database.schema", kind: word, fallback: "public"},
	{name: "database.synchronous", kind: choice, fallback: "full", choices: []string{"full", "normal"}},
	{name: "database.triggers", kind: choice, fallback: "on", choices: []string{"on", "off"}},
	{name: "database.url", kind: word, fallback: ""},
	{name: "dependency_graph.base_step_seconds", kind: fraction, fallback: 30.0, most: weightMax},
	{name: "dependency_graph.blocked_penalty", kind: fraction, fallback: 25.0, most: weightMax},
	{name: "dependency_graph.blocked_weight", kind: fraction, fallback: 15.0, most: weightMax},
	{name: "dependency_graph.completed_penalty", kind: fraction, fallback: 15.0, most: weightMax},
	{name: "dependency_graph.critical", kind: fraction, fallback: 100.0, most: weightMax},
	{name: "dependency_graph.dependency_issue", kind: fraction, fallback: 1.2, most: weightMax},
	{name: "dependency_graph.downstream_weight", kind: fraction, fallback: 5.0, most: weightMax},
	{name: "dependency_graph.error_penalty", kind: fraction, fallback: 30.0, most: weightMax},
	{name: "dependency_graph.error_penalty_seconds", kind: fraction, fallback: 60.0, most: weightMax},
	{name: "dependency_graph.error_state", kind: fraction, fallback: 2.0, most: weightMax},
	{name: "dependency_graph.exhausted_retry", kind: fraction, fallback: 20.0, most: weightMax},
	{name: "dependency_graph.exhausted_retry_bonus", kind: fraction, fallback: 0.5, most: weightMax},
	{name: "dependency_graph.high", kind: fraction, fallback: 50.0, most: weightMax},
	{name: "dependency_graph.medium", kind: fraction, fallback: 20.0, most: weightMax},
	{name: "dependency_graph.non_retryable", kind: fraction, fallback: 10.0, most: weightMax},
	{name: "dependency_graph.path_length_weight", kind: fraction, fallback: 10.0, most: weightMax},
	{name: "dependency_graph.retry_instability", kind: fraction, fallback: 3.0, most: weightMax},
	{name: "dependency_graph.retry_penalty", kind: fraction, fallback: 10.0, most: weightMax},
	{name: "dependency_graph.retry_penalty_seconds", kind: fraction, fallback: 30.0, most: weightMax},
	{name: "engine.environment", kind: word, fallback: ""},
	{name: "engine.identity_include_version", kind: flag, fallback: false},
	{name: "engine.identity_strategy", kind: choice, fallback: "default", choices: []string{"default", "hash"}},
	{name: "engine.identity_time_zone", kind: zone, fallback: "UTC"},
	{name: "fork", kind: choice, fallback: ForkReopen, choices: []string{ForkReopen, ForkError}},
	{name: "log.capacity", kind: integer, fallback: int64(1000), least: 1, most: 1_000_000},
	{name: "log.level", kind: choice, fallback: "info", choices: []string{"debug", "info", "warn", "error"}},
	{name: "migrate", kind: choice, choices: []string{"auto", "check", "only"}},
	{name: "runtime.gc_percent", kind: integer, least: 1, most: 10_000},
	{name: "runtime.memory_limit_mb", kind: integer, least: 16, most: 1 << 24},
	{name: "runtime.processors", kind: integer, least: 1, most: 1024},
	{name: "worker.heartbeat_seconds", kind: fraction, least: 0.05, most: 1200},
	{name: "worker.lease_seconds", kind: integer, fallback: int64(15), least: 1, most: 3600},
	{name: "worker.survey_seconds", kind: fraction, fallback: 5.0, least: 0.05, most: 600},
	{name: "worker.sweep_seconds", kind: fraction, fallback: 1.0, least: 0.05, most: 600},
}

// variable is the name of the setting in the environment.
func (s setting) variable() string {
	return "TASKER_" + strings.ToUpper(strings.ReplaceAll(s.name, ".", "_"))
}

// defaults is the lowest layer.
func defaults() map[string]any {
	layer := map[string]any{}
	for _, s := range settings {
		if s.fallback != nil {
			layer[s.name] = s.fallback
		}
	}
	return layer
}

// find returns the setting of a name.
func find(name string) (setting, bool) {
	at := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
	if at < 0 {
		return setting{}, false
	}
	return settings[at], true
}

// read takes a value of the call's JSON. On a wrong one it says what is
// wanted.
func (s setting) read(value any) (any, string) {
	switch v := value.(type) {
	case bool:
		if s.kind == flag {
			return v, ""
		}
	case string:
		if s.kind == integer || s.kind == fraction || s.kind == flag {
			break
		}
		return s.readText(v)
	case json.Number:
		if s.kind == integer || s.kind == fraction {
			return s.readNumber(v.String())
		}
	}
	return nil, s.wanted()
}

// readVariable takes the text of an environment variable.
func (s setting) readVariable(text string) (any, string) {
	switch s.kind {
	case integer, fraction:
		return s.readNumber(text)
	case flag:
		if text == "true" || text == "false" {
			return text == "true", ""
		}
		return nil, s.wanted()
	}
	return s.readText(text)
}

func (s setting) readText(text string) (any, string) {
	switch {
	case s.kind == choice && !slices.Contains(s.choices, text):
		return nil, s.wanted()
	case s.kind == instant:
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			return nil, s.wanted()
		}
	case s.kind == zone:
		if _, err := time.LoadLocation(text); err != nil || text == "Local" { // the host's own may change
			return nil, s.wanted()
		}
	}
	return text, ""
}

func (s setting) readNumber(text string) (any, string) {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || number < s.least || number > s.most || math.IsNaN(number) {
		return nil, s.wanted()
	}
	if s.kind == fraction {
		return number, ""
	}
	if number != math.Trunc(number) {
		return nil, s.wanted()
	}
	return int64(number), ""
}

// wanted says what values the setting takes.
func (s setting) wanted() string {
	switch s.kind {
	case choice:
		return "one of " + strings.Join(s.choices, ", ")
	case integer:
		return fmt.Sprintf("an integer from %.0f to %.0f", s.least, s.most)
	case fraction:
		return fmt.Sprintf("a number from %g to %g", s.least, s.most)
	case flag:
		return "true or false"
	case zone:
		return "a time zone that this machine knows, such as America/New_York"
	case instant:
		return "an instant in RFC 3339, such as 2026-01-31T09:30:00Z"
	}
	return "a string"
}
