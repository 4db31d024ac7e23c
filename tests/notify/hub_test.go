package notify_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/notify"
)

func rung(bell <-chan struct{}) bool {
	select {
	case <-bell:
		return true
	default:
		return false
	}
}

func TestARingWakesEverybodyWhoHoldsABell(t *testing.T) {
	t.Parallel()
	h := notify.NewHub(nil)
	defer h.Close()
	first, second := h.Bell(), h.Bell()
	require.False(t, rung(first))
	h.Ring()
	require.True(t, rung(first))
	require.True(t, rung(second))
	require.False(t, rung(h.Bell()), "a later bell waits for the next ring")
}

func TestSubscribersAreCalledAtEveryRing(t *testing.T) {
	t.Parallel()
	h := notify.NewHub(nil)
	calls := 0
	h.OnRing(func() { calls++ })
	h.OnRing(func() { calls += 10; h.Bell() })
	h.Ring()
	h.Ring()
	require.Equal(t, 22, calls)
	h.Close()
	require.Equal(t, 33, calls, "closing wakes a last time")
	h.Ring()
	h.Close()
	require.Equal(t, 33, calls, "and never again")
}

func TestTheTimerRingsForTheEarliestTime(t *testing.T) {
	t.Parallel()
	h := notify.NewHub(nil)
	defer h.Close()
	bell := h.Bell()
	h.RingIn(time.Hour)
	h.RingIn(time.Millisecond)
	h.RingIn(time.Hour)
	<-bell
	bell = h.Bell()
	h.RingIn(-time.Second)
	<-bell
}

func TestRingsFromManySidesLoseNobody(t *testing.T) {
	t.Parallel()
	h := notify.NewHub(nil)
	defer h.Close()
	var waiters sync.WaitGroup
	for range 50 {
		bell := h.Bell()
		waiters.Go(func() { <-bell })
	}
	var ringers sync.WaitGroup
	for range 8 {
		ringers.Go(h.Ring)
	}
	ringers.Wait()
	waiters.Wait()
}
