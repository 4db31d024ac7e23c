package config_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/config"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

func FuzzConfiguration(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"database":{"url":"sqlite::memory:","synchronous":"normal"}}`, `{"database":{"url":"postgresql://a:b@h:1/d?sslmode=disable"}}`,
		`{"clock":{"frozen_at":"2026-01-31T09:30:00Z"},"worker":{"lease_seconds":1}}`, `{"runtime":{"processors":-1}}`, `{"log":{"level":"x","capacity":1e9}}`,
		`{"database":{"url":"postgresql://[::1/d"}}`, `{"database":null}`, `{"database":[]}`, `{"no":{"such":1}}`, `[`,
	} {
		f.Add([]byte(seed), "TASKER_DATABASE_URL", seed)
	}
	f.Fuzz(func(t *testing.T, call []byte, name, value string) {
		c, err := config.Load(call, map[string]string{name: value})
		if err != nil {
			require.Contains(t, []fault.Kind{fault.InvalidRequest, fault.LimitExceeded, fault.Unsupported}, fault.KindOf(err), "%v", err)
			return
		}
		_, err = json.Marshal(c.Settings())
		require.NoError(t, err)
	})
}
