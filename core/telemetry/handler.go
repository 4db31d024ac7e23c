package telemetry

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// Handler returns a handler that takes what a part of the library logs through
// log/slog into this log, at the time that now tells. It may be used
// concurrently.
func (l *Log) Handler(now func() time.Time) slog.Handler { return records{log: l, now: now} }

// records is what Handler returns.
type records struct {
	log    *Log
	now    func() time.Time
	fields []slog.Attr // of WithAttrs, names complete
	prefix string      // of WithGroup
}

// Enabled leaves the choice to the log, which knows its level.
func (r records) Enabled(context.Context, slog.Level) bool { return true }

// Handle keeps one record.
func (r records) Handle(_ context.Context, record slog.Record) error {
	fields := make(map[string]any, len(r.fields)+record.NumAttrs())
	for _, attr := range r.fields {
		fields[attr.Key] = plain(attr.Value)
	}
	record.Attrs(func(attr slog.Attr) bool {
		fields[r.prefix+attr.Key] = plain(attr.Value)
		return true
	})
	r.log.Add(workflow.At(r.now()), strings.ToLower(record.Level.String()), record.Message, fields)
	return nil
}

// WithAttrs returns a handler that adds fields to every record.
func (r records) WithAttrs(attrs []slog.Attr) slog.Handler {
	fields := append([]slog.Attr(nil), r.fields...)
	for _, attr := range attrs {
		fields = append(fields, slog.Attr{Key: r.prefix + attr.Key, Value: attr.Value})
	}
	r.fields = fields
	return r
}

// WithGroup returns a handler whose further fields carry the name in front.
func (r records) WithGroup(name string) slog.Handler {
	r.prefix += name + "."
	return r
}

// plain returns a value that JSON can hold whatever it is.
func plain(value slog.Value) any {
	switch value = value.Resolve(); value.Kind() {
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindString:
		return value.Any()
	default:
		return value.String()
	}
}
