package engine

import "context"

// Setting is one configuration value.
type Setting struct {
	// Its dotted name, such as worker.lease_seconds.
	Name string `json:"name"`
	// The value in force; secrets are masked.
	Value any `json:"value"`
	// "default", "environment" or "call".
	Source string `json:"source"`
}

// SettingsReply is the answer to engine_config_get.
type SettingsReply struct {
	// Every setting by name.
	Items []Setting `json:"items"`
	// Always null: settings are few.
	Next *int64 `json:"next"`
}

// Settings answers engine_config_get: every value with its source.
func (e *Engine) Settings(_ context.Context, _ Empty) (SettingsReply, error) {
	return SettingsReply{Items: e.Options.Settings}, nil
}
