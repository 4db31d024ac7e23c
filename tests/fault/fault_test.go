package fault_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

func TestKindIsFoundThroughWrapping(t *testing.T) {
	t.Parallel()
	for _, kind := range fault.Kinds {
		err := fault.New(kind, "step %d", 7)
		require.Equal(t, kind, fault.KindOf(err))
		require.Equal(t, kind, fault.KindOf(fmt.Errorf("while reporting: %w", err)))
		require.Equal(t, kind, fault.KindOf(errors.Join(errors.New("other"), err)))
	}
}

func TestForeignErrorsAreInternalAndNoErrorHasNoKind(t *testing.T) {
	t.Parallel()
	require.Equal(t, fault.Internal, fault.KindOf(errors.New("disk on fire")))
	require.Equal(t, fault.Internal, fault.KindOf(context.Canceled), "translation happens at the edge, not here")
	require.Empty(t, fault.KindOf(nil))
}

func TestTheOutermostKindCounts(t *testing.T) {
	t.Parallel()
	err := fault.Wrap(fault.Conflict, fault.New(fault.Unavailable, "no connection"), "the step moved")
	require.Equal(t, fault.Conflict, fault.KindOf(err))
	require.False(t, fault.Retryable(err))
}

func TestOnlyThreeKindsMayBeRetried(t *testing.T) {
	t.Parallel()
	var retryable []fault.Kind
	for _, kind := range fault.Kinds {
		if fault.Retryable(fmt.Errorf("wrapped: %w", fault.New(kind, "x"))) {
			retryable = append(retryable, kind)
		}
	}
	require.Equal(t, []fault.Kind{fault.Unavailable, fault.Timeout, fault.Cancelled}, retryable)
	require.False(t, fault.Retryable(nil))
	require.False(t, fault.Retryable(errors.New("foreign")))
}

// flaws lists what is wrong with a list of kinds: repetitions, blanks, a count
// that differs from the vocabulary of the operation table.
func flaws(kinds []fault.Kind) (found []string) {
	if len(kinds) != 16 {
		found = append(found, "count")
	}
	sorted := slices.Sorted(slices.Values(kinds))
	if len(slices.Compact(sorted)) != len(kinds) {
		found = append(found, "repetition")
	}
	if slices.Contains(kinds, "") {
		found = append(found, "blank")
	}
	return found
}

func TestTheVocabularyIsComplete(t *testing.T) {
	t.Parallel()
	require.Empty(t, flaws(fault.Kinds))
}

func TestAVocabularyWithARepetitionIsNoticed(t *testing.T) {
	t.Parallel()
	spoiled := slices.Clone(fault.Kinds)
	spoiled[3] = spoiled[0]
	require.Equal(t, []string{"repetition"}, flaws(spoiled))
}

func TestPlaceRemedyDetailsAndCauseAreCarried(t *testing.T) {
	t.Parallel()
	cause := errors.New("SQLSTATE 23505")
	err := fault.Wrap(fault.Duplicate, cause, "task %q exists", "order").
		At("name").Advise("read task %d instead", 4).With("task_id", int64(4)).With("state", "complete")
	require.Equal(t, `task "order" exists`, err.Message, "the message for the host has no cause")
	require.Equal(t, "read task 4 instead", err.Remedy)
	require.Equal(t, map[string]any{"task_id": int64(4), "state": "complete"}, err.Details)
	require.Equal(t, `duplicate at name: task "order" exists: SQLSTATE 23505`, err.Error(), "the log has it all")
	require.ErrorIs(t, err, cause)
	require.Equal(t, "closed: gone", fault.New(fault.Closed, "gone").Error())
}
