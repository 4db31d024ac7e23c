package barrier_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/barrier"
	"github.com/tasker-systems/tasker-core-go/core/fault"
)

func TestWorkThatDoesNotPanicIsLeftAlone(t *testing.T) {
	t.Parallel()
	wanted := errors.New("wanted")
	told := func(any, []byte) error { t.Error("nobody panicked"); return nil }
	require.NoError(t, barrier.Run(told, func() error { return nil }))
	require.ErrorIs(t, barrier.Run(told, func() error { return wanted }), wanted)
}

func TestAPanicBecomesTheErrorOfItsOwnerWhoSeesTheStack(t *testing.T) {
	t.Parallel()
	wanted := errors.New("wanted")
	var cause any
	var stack string
	told := func(c any, s []byte) error { cause, stack = c, string(s); return wanted }
	require.ErrorIs(t, barrier.Run(told, func() error { panic("gone wrong") }), wanted)
	require.Equal(t, "gone wrong", cause)
	require.Contains(t, stack, "TestAPanicBecomesTheErrorOfItsOwner")
}

func TestDeferredStatementsRunBeforeAPanicIsTold(t *testing.T) {
	t.Parallel()
	var order []string
	told := func(any, []byte) error { order = append(order, "told"); return nil }
	barrier.Do(told, func() {
		defer func() { order = append(order, "deferred") }()
		panic("gone wrong")
	})
	require.Equal(t, []string{"deferred", "told"}, order)
}

func TestAPanicIsAnInternalErrorWhateverItsOwnerMakesOfIt(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]barrier.Told{
		"no owner":               nil,
		"an owner without words": func(any, []byte) error { return nil },
		"an owner who panics":    func(any, []byte) error { panic("again") },
	} {
		err := barrier.Run(told, func() error { panic(errors.New("gone wrong")) })
		require.Equal(t, fault.Internal, fault.KindOf(err), name)
	}
}

func TestABarrierWithinABarrierCatchesFirst(t *testing.T) {
	t.Parallel()
	outer := func(any, []byte) error { t.Error("the inner one has it"); return nil }
	err := barrier.Run(outer, func() error {
		barrier.Do(nil, func() { panic("gone wrong") })
		return nil
	})
	require.NoError(t, err)
}
