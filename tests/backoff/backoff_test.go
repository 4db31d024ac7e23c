package backoff_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tasker-systems/tasker-core-go/core/backoff"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// waits returns the first n waits in the middle of the jitter.
func waits(p backoff.Policy, n int) (all []int) {
	for attempt := 1; attempt <= n; attempt++ {
		all = append(all, p.Wait(attempt, nil, 0.5))
	}
	return all
}

func TestDefaultCurveIsThatOfTheSheets(t *testing.T) {
	t.Parallel()
	require.Equal(t, []int{2, 4, 8, 16, 30, 30, 30}, waits(backoff.Default(), 7), "N13, R5")
	require.NoError(t, backoff.Default().Validate())
}

func TestEachStrategyHasItsCurve(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{BaseSeconds: 3, Multiplier: 1.5, MaxSeconds: 10}
	for strategy, want := range map[backoff.Strategy][]int{
		backoff.Exponential: {3, 5, 7, 10, 10}, // 3, 4.5, 6.75, 10.1 capped
		backoff.Linear:      {3, 6, 9, 10, 10},
		backoff.Constant:    {3, 3, 3, 3, 3},
		backoff.None:        {0, 0, 0, 0, 0},
		"unheard of":        {0, 0, 0, 0, 0},
	} {
		p.Strategy = strategy
		require.Equal(t, want, waits(p, 5), strategy)
	}
}

func TestAttemptsBelowOneCountAsOne(t *testing.T) {
	t.Parallel()
	require.Equal(t, 2, backoff.Default().Wait(0, nil, 0.5))
	require.Equal(t, 2, backoff.Default().Wait(math.MinInt, nil, 0.5))
}

func TestNoAttemptOverflows(t *testing.T) {
	t.Parallel()
	for _, attempt := range []int{44, 1023, 1024, 1e9, math.MaxInt} {
		require.Equal(t, 30, backoff.Default().Wait(attempt, nil, 0.5))
		for _, s := range []backoff.Strategy{backoff.Exponential, backoff.Linear} {
			p := backoff.Policy{Strategy: s, BaseSeconds: 1, Multiplier: 1000, MaxSeconds: math.MaxInt}
			require.Positive(t, p.Wait(attempt, nil, 0.5))
			require.LessOrEqual(t, p.Wait(attempt, nil, 0.5), backoff.SecondsMax)
			require.Zero(t, backoff.Policy{Strategy: s, Multiplier: 2, MaxSeconds: 9}.Wait(attempt, nil, 0.5), "a base of 0")
		}
	}
}

func TestServerHintWinsOverTheCurveUpToItsOwnCap(t *testing.T) {
	t.Parallel()
	p := backoff.Default()
	for hint, want := range map[int]int{0: 0, 1: 1, 120: 120, 3600: 3600, 3601: 3600, math.MaxInt: 3600, -5: 0} {
		require.Equal(t, want, p.Wait(1, &hint, 0.9), "hint %d", hint)
	}
	p.HintMaxSeconds = 60
	long := 120
	require.Equal(t, 60, p.Wait(1, &long, 0.5))
	p.HintMaxSeconds = 0
	require.Equal(t, 120, p.Wait(1, &long, 0.5), "no cap named: the default one")
}

func TestJitterStaysWithinItsShareAndBelowTheCap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := backoff.Policy{
			Strategy:    rapid.SampledFrom([]backoff.Strategy{backoff.Exponential, backoff.Linear, backoff.Constant}).Draw(t, "strategy"),
			BaseSeconds: rapid.Float64Range(0, 100).Draw(t, "base"),
			Multiplier:  rapid.Float64Range(1, 10).Draw(t, "multiplier"),
			MaxSeconds:  rapid.IntRange(100, 10_000).Draw(t, "max"),
			Jitter:      rapid.Float64Range(0, 1).Draw(t, "jitter"),
		}
		require.NoError(t, p.Validate())
		attempt := rapid.IntRange(1, 2000).Draw(t, "attempt")
		got := p.Wait(attempt, nil, rapid.Float64Range(0, 0.999999).Draw(t, "draw"))
		middle := float64(p.Wait(attempt, nil, 0.5))
		require.LessOrEqual(t, got, p.MaxSeconds)
		require.GreaterOrEqual(t, got, 0)
		require.LessOrEqual(t, float64(got), math.Ceil(middle*(1+p.Jitter)))
		require.GreaterOrEqual(t, float64(got), (middle-1)*(1-p.Jitter)-1e-9)
		require.GreaterOrEqual(t, p.Wait(attempt+1, nil, 0.5), int(middle), "a later wait is never shorter")
	})
}

func TestJitterSpreadsWaits(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{Strategy: backoff.Constant, BaseSeconds: 100, MaxSeconds: 1000, Jitter: 0.1}
	require.Equal(t, 90, p.Wait(1, nil, 0))
	require.Equal(t, 100, p.Wait(1, nil, 0.5))
	require.Equal(t, 110, p.Wait(1, nil, 0.999))
	require.NotEqual(t, waits(p, 1)[0], p.Wait(1, nil, 0.1), "a draw that changed nothing would go unnoticed above")
}

func TestValidateListsEveryFieldOutOfRange(t *testing.T) {
	t.Parallel()
	err := backoff.Policy{
		Strategy: "cubic", BaseSeconds: math.NaN(), MaxSeconds: -1, Jitter: 1.5, HintMaxSeconds: -1,
	}.Validate()
	require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
	var f *fault.Error
	require.True(t, errors.As(err, &f))
	var paths []string
	for _, p := range f.Problems {
		paths = append(paths, p.Path)
	}
	require.Equal(t, []string{"strategy", "base_seconds", "max_seconds", "max_seconds", "jitter", "hint_max_seconds"}, paths)

	p := backoff.Default()
	p.Multiplier = 0.5
	require.ErrorContains(t, p.Validate(), "multiplier")
	p.Strategy = backoff.Constant
	require.NoError(t, p.Validate(), "only the exponential curve has a multiplier")
	p.BaseSeconds = 31
	require.ErrorContains(t, p.Validate(), "not below the base")
}

func TestRetryAfterReadsSecondsAndDates(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 10, 21, 7, 27, 0, 500_000_000, time.UTC)
	for header, want := range map[string]int{
		"120": 120, "0": 0, " 7\t": 7, "007": 7,
		"99999999999999999999":              math.MaxInt32,
		"Wed, 21 Oct 2026 07:28:00 GMT":     60, // 59.5 seconds away, rounded up
		"Wednesday, 21-Oct-26 07:28:00 GMT": 60,
		"Wed Oct 21 07:28:00 2026":          60,
		"Wed, 21 Oct 2026 07:00:00 GMT":     0, // in the past
		"Fri, 31 Dec 9999 23:59:59 GMT":     math.MaxInt32,
	} {
		got, err := backoff.RetryAfter(header, now)
		require.NoError(t, err, header)
		require.Equal(t, want, got, header)
	}
}

func TestRetryAfterRefusesEverythingElse(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"", " ", "soon", "-5", "+5", "1.5", "12s", "1e3", "0x10", "١٢", "Wed, 21 Oct 2026 07:28:00 +0200",
		"Wed, 21 Foo 2026 07:28:00 GMT", "Wed, 32 Oct 2026 07:28:00 GMT", "2026-10-21T07:28:00Z",
	} {
		_, err := backoff.RetryAfter(header, time.Unix(0, 0))
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err), header)
	}
}
