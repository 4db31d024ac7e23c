package engine_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
)

// crowd is a serial task type of twelve steps that are all ready at once.
func crowd() string {
	text := "name: crowd\nconcurrent: false\npriority: 5\nstep_templates:\n"
	for i := range 12 {
		text += fmt.Sprintf("  - {name: s%d}\n", i)
	}
	return text
}

// byTask counts claimed steps by task.
func byTask(steps []engine.ClaimedStep) map[int64]int {
	count := map[int64]int{}
	for _, step := range steps {
		count[step.TaskID]++
	}
	return count
}

// Rows of serial tasks that stood in front used up the rounds of a claim, which
// ended with fewer steps than asked for while others were ready.
func TestAClaimGetsWhatItAskedForThroughACrowdOfSerialSteps(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(crowd())
	k.register(diamond)
	w := k.worker()
	tasks := []int64{}
	for range 7 {
		tasks = append(tasks, k.create("crowd"))
	}
	single := k.create("diamond")
	count := byTask(k.claim(w, 8))
	require.Len(t, count, 8)
	for _, task := range append(tasks, single) {
		require.Equal(t, 1, count[task], "one of each task")
		k.requireTruth(task)
	}
}

func TestAClaimWithAReportPassesOverTheTasksInHand(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.register(crowd())
	k.register(single(""))
	w := k.worker()
	first, second, single := k.create("crowd"), k.create("crowd"), k.create("single")
	reply, err := k.ReportSteps(ctx(), engine.ReportStepsRequest{
		Outcomes: []engine.Outcome{done(k.claimOne(w))}, Claim: &engine.ClaimRequest{WorkerID: w, Limit: 5}})
	require.NoError(t, err)
	require.Equal(t, map[int64]int{first: 1, second: 1, single: 1}, byTask(reply.Claimed))
	for _, task := range []int64{first, second, single} {
		k.requireTruth(task)
	}
}
