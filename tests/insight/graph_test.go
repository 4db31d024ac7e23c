package insight_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/engine"
	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/graph"
	"github.com/tasker-systems/tasker-core-go/core/insight"
	"github.com/tasker-systems/tasker-core-go/core/readiness"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
)

// one is a step whose only row says that it is in a state; pending has none.
func one(name string, state workflow.State, attempts int) sceneStep {
	limit := 3
	s := sceneStep{Step: name, CreatedAgoS: 500, Attempts: &attempts, RetryLimit: &limit, Retryable: true}
	if state != workflow.Pending {
		s.Transitions = []sceneRow{{To: state, SortKey: 10, MostRecent: true, AgoS: 100}}
	}
	return s
}

func tasks(name string, steps []sceneStep, edges ...[2]string) sceneTask {
	return sceneTask{Task: name, Namespace: "shop", Name: "order", Version: "1.0.0", CreatedAgoS: 600, Steps: steps, Edges: edges}
}

// examined opens a scene and asks for the graph of its first task.
func examined(t *testing.T, d dialect, fill func(*scene), include ...string) engine.GraphReply {
	t.Helper()
	reply, err := d.open(t, &readiness.Core, fill).GetGraph(t.Context(), engine.GraphRequest{TaskID: 1, Include: include})
	require.NoError(t, err)
	return reply
}

// onEach runs a test on both stores.
func onEach(t *testing.T, check func(t *testing.T, d dialect)) {
	t.Parallel()
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			check(t, d)
		})
	}
}

// The sums beside the figures are those of the analysis sheet, section 2, with
// the default weights.
func TestADiamondWithAnExhaustedBranchIsScoredAsTheSheetSays(t *testing.T) {
	onEach(t, func(t *testing.T, d dialect) {
		g := examined(t, d, func(s *scene) {
			s.add(tasks("T", []sceneStep{one("a", workflow.Complete, 1), one("b", workflow.Error, 3), one("c", workflow.Complete, 1),
				one("d", workflow.Pending, 0)}, [2]string{"a", "b"}, [2]string{"a", "c"}, [2]string{"b", "d"}, [2]string{"c", "d"}))
		})
		require.Equal(t, map[string]int64{"1": 0, "2": 1, "3": 1, "4": 2}, g.Dependencies.Levels)
		require.Equal(t, []int64{2, 3}, g.Dependencies.Parents["4"])
		require.Equal(t, []int64{2, 3}, g.Dependencies.Children["1"])
		require.Equal(t, engine.GraphEdge{From: 1, To: 2, FromName: "a", ToName: "b"}, g.Dependencies.Edges[0])

		require.Equal(t, int64(2), g.CriticalPaths.TotalPaths)
		require.Equal(t, int64(3), g.CriticalPaths.LongestPathLength)
		require.Equal(t, []int64{1}, g.CriticalPaths.RootNodes)
		require.Equal(t, []int64{4}, g.CriticalPaths.LeafNodes)
		worst := g.CriticalPaths.Paths[0]
		require.Equal(t, []string{"a", "b", "d"}, worst.StepNames)
		require.InDelta(t, 30*3+60*1+30*4, worst.EstimatedDuration, 0)
		require.InDelta(t, (10*3-15*1+25*1*1.5+30*1*1.5+10*1+2*270/60.0)*(1-0.3*0.5), worst.CriticalityScore, 0.0051)
		require.Equal(t, []int64{1, 1, 1, 1, 0}, []int64{worst.CompletedSteps, worst.BlockedSteps, worst.ErrorSteps, worst.RetrySteps, worst.ReadySteps})
		require.InDelta(t, 33.3, worst.CompletionPercentage, 0)
		require.Equal(t, []insight.PathBottleneck{
			{StepID: 2, StepName: "b", Reason: "retries_exhausted", Severity: 10 + 5*3 + 20, Impact: "Medium"},
			{StepID: 4, StepName: "d", Reason: "dependencies_not_satisfied", Severity: 5, Impact: "Low"}}, worst.Bottlenecks)

		chain := g.ErrorChains.Chains[0]
		require.InDelta(t, 15*1+5*1+20+3*3, chain.TotalImpact, 0)
		require.Equal(t, insight.RetryAnalysis{Exhausted: true}, chain.Retry)
		require.Equal(t, []string{"Manual Resolution", "Increase Retry Limit"}, []string{chain.Strategies[0].Strategy, chain.Strategies[1].Strategy})
		require.Equal(t, []insight.DownstreamStep{{StepID: 4, StepName: "d", State: workflow.Pending, Blocked: true}}, chain.Downstream)
		require.Equal(t, int64(1), g.ErrorChains.TotalBlocked)
		require.InDelta(t, 25.0, g.ErrorChains.ErrorPercentage, 0)
		require.Equal(t, &chain, g.ErrorChains.MostCritical)

		require.Equal(t, []insight.TaskBottleneck{{StepID: 2, StepName: "b", State: workflow.Error, Attempts: 3, RetryLimit: 3,
			Satisfied: true, Downstream: 1, BlockedDownstream: 1, ImpactScore: (5+15)*2.5 + 3*3 + 10 + 20, Severity: "High",
			Type: "Permanent Failure", Resolution: "manual intervention", ResolutionTime: "unknown"}}, g.Bottlenecks.Bottlenecks)
		require.Equal(t, "Medium", g.Bottlenecks.OverallImpact)
		require.InDelta(t, 25, g.Bottlenecks.FailedRatio, 0)
		require.InDelta(t, 50, g.Bottlenecks.TaskCompletion, 0)
		require.Equal(t, "blocked", g.Bottlenecks.TaskHealth)
		require.Equal(t, "warning", g.Summary.OverallHealth)
		require.Equal(t, []int64{4, 4, 3, 3, 0, 1}, []int64{g.Summary.TotalSteps, g.Summary.TotalDependencies, g.Summary.DependencyLevels,
			g.Summary.LongestPathLength, g.Summary.CriticalBottlenecks, g.Summary.ErrorChains})
		require.NotEmpty(t, g.Summary.Recommendations)
	})
}

func TestScoresFollowTheWeightsOfTheEngine(t *testing.T) {
	t.Parallel()
	e := openSQLite(t, &readiness.Core, func(s *scene) {
		s.add(tasks("T", []sceneStep{one("a", workflow.Error, 3), one("b", workflow.Pending, 0)}, [2]string{"a", "b"}))
	})
	ask := func(e *engine.Engine) insight.ErrorChain {
		reply, err := e.GetGraph(t.Context(), engine.GraphRequest{TaskID: 1})
		require.NoError(t, err)
		return reply.ErrorChains.Chains[0]
	}
	require.InDelta(t, 15+5+20+9, ask(e).TotalImpact, 0)
	options := e.Options
	options.Weights = &insight.Weights{Blocked: 7, Downstream: 2, Critical: 9}
	other := engine.New(options)
	t.Cleanup(other.Close)
	require.InDelta(t, 7+2, ask(other).TotalImpact, 0)
}

func TestReadyStepsOfOneLevelAreOpportunities(t *testing.T) {
	onEach(t, func(t *testing.T, d dialect) {
		g := examined(t, d, func(s *scene) {
			s.add(tasks("T", []sceneStep{one("a", workflow.Complete, 1), one("b", workflow.Pending, 0), one("c", workflow.Pending, 0),
				one("d", workflow.Pending, 0)}, [2]string{"a", "b"}, [2]string{"a", "c"}, [2]string{"b", "d"}, [2]string{"c", "d"}))
		}, "text", "mermaid", "dot")
		p := g.Parallelism
		require.Equal(t, []int64{4, 3, 2, 2, 1}, []int64{p.TotalSteps, p.TotalLevels, p.MaxParallelSteps, p.CurrentOpportunities, p.BlockedOpportunities})
		require.InDelta(t, 33.3, p.Efficiency, 0)
		require.Equal(t, p.Efficiency, g.Summary.Efficiency)
		require.Equal(t, insight.LevelOpportunity{Level: 1, TotalSteps: 2, ReadySteps: 2, StepNames: []string{"b", "c"}, Potential: "High",
			Risk: "Low"}, p.Levels[1])
		require.Equal(t, []string{"Low", "High"}, []string{p.Levels[2].Potential, p.Levels[2].Risk})
		require.Equal(t, "None", examined(t, d, func(s *scene) { s.add(tasks("T", []sceneStep{one("a", workflow.Complete, 3)})) }).
			Bottlenecks.OverallImpact, "a step that has ended is no bottleneck")
		require.Equal(t, "healthy", g.Summary.OverallHealth)
		require.Contains(t, g.Text, "├─● b  · pending")
		require.Contains(t, g.Mermaid, `n1["b"]:::ready`)
		require.Contains(t, g.DOT, `n0 -> n1;`)
	})
}

// brokenScenes are what only somebody with an SQL prompt can have written.
var brokenScenes = map[string]func(*scene){
	"a cycle": func(s *scene) {
		s.add(tasks("T", []sceneStep{one("a", workflow.Complete, 1), one("b", workflow.Error, 1), one("c", workflow.Pending, 0)},
			[2]string{"a", "b"}, [2]string{"b", "c"}, [2]string{"c", "b"}))
	},
	"a self edge": func(s *scene) {
		s.add(tasks("T", []sceneStep{one("a", workflow.Pending, 0)}, [2]string{"a", "a"}))
	},
	"a parent in another task": func(s *scene) {
		s.add(tasks("T", []sceneStep{one("a", workflow.Pending, 0), one("b", workflow.Pending, 0)}, [2]string{"a", "b"}))
		s.add(tasks("U", []sceneStep{one("u", workflow.Complete, 1)}))
		s.edge("u", "a")
	},
	"edges twice": func(s *scene) {
		s.add(tasks("T", []sceneStep{one("a", workflow.Pending, 0), one("b", workflow.Pending, 0)}, [2]string{"a", "b"}, [2]string{"a", "b"}))
	},
	"states that the machine lacks": func(s *scene) {
		task := tasks("T", []sceneStep{one("a", "skipped", 0), one("b", "dreaming", 1), one("c", "", 0)}, [2]string{"a", "b"})
		task.Transitions = []sceneRow{{To: "asleep", SortKey: 10, MostRecent: true, AgoS: 5}}
		s.add(task)
	},
	"no current row": func(s *scene) {
		step := one("a", workflow.Complete, 1)
		step.Transitions[0].MostRecent = false
		s.add(tasks("T", []sceneStep{step, one("b", workflow.Pending, 0)}, [2]string{"a", "b"}))
	},
	"no steps": func(s *scene) { s.add(tasks("T", nil)) },
	"absent and absurd attempts": func(s *scene) {
		none, many, negative := one("a", workflow.Error, 0), one("b", workflow.Error, 2_000_000_000), one("c", workflow.Error, -7)
		none.Attempts, none.RetryLimit = nil, nil
		s.add(tasks("T", []sceneStep{none, many, negative}, [2]string{"a", "b"}, [2]string{"b", "c"}))
	},
}

func TestBrokenRowsAreToldAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, fill := range brokenScenes {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, d dialect) {
				for _, policy := range []*readiness.Policy{&readiness.Core, &readiness.Rails} {
					require.NotEmpty(t, everything(t, d.open(t, policy, fill)), policy.Name)
				}
			})
		})
	}
}

func TestACycleIsNamedAndHasNeitherLevelsNorPaths(t *testing.T) {
	onEach(t, func(t *testing.T, d dialect) {
		g := examined(t, d, brokenScenes["a cycle"], "text")
		require.Equal(t, []int64{2, 3, 2}, g.Dependencies.Cycle)
		require.Equal(t, map[string]int64{"1": 0}, g.Dependencies.Levels)
		require.Equal(t, []int64{2, 3}, g.Parallelism.Unreached)
		require.Zero(t, g.CriticalPaths.TotalPaths)
		require.Equal(t, []insight.CriticalPath{}, g.CriticalPaths.Paths)
		require.Equal(t, "critical", g.Summary.OverallHealth)
		require.Equal(t, int64(2), g.ErrorChains.Chains[0].TotalDownstream, "on a cycle it is below itself")
		require.Contains(t, g.Text, "←")
	})
}

func TestAParentInAnotherTaskLeavesNoLevelButAnEdge(t *testing.T) {
	onEach(t, func(t *testing.T, d dialect) {
		g := examined(t, d, brokenScenes["a parent in another task"])
		require.Empty(t, g.Dependencies.Levels)
		require.Nil(t, g.Dependencies.Nodes[0].Level)
		require.Contains(t, g.Dependencies.Edges, engine.GraphEdge{From: 3, To: 1, FromName: "u", ToName: "a"})
		require.Equal(t, int64(2), g.Summary.TotalDependencies)
		require.Equal(t, int64(1), g.CriticalPaths.TotalPaths, "a path begins where no parent of the task is")
		require.Equal(t, int64(1), g.Parallelism.CurrentOpportunities, "its parent is complete")
	})
}

func TestWhatDoesNotExistIsNotFound(t *testing.T) {
	onEach(t, func(t *testing.T, d dialect) {
		e := d.open(t, &readiness.Core, func(*scene) {})
		for _, id := range []int64{0, -1, 1, 1 << 62} {
			_, err := e.GetGraph(t.Context(), engine.GraphRequest{TaskID: id})
			require.Equal(t, fault.NotFound, fault.KindOf(err), id)
		}
		_, err := e.GetGraph(t.Context(), engine.GraphRequest{TaskID: 1, Include: []string{"svg"}})
		require.Equal(t, fault.InvalidRequest, fault.KindOf(err))
		require.ErrorContains(t, err, "svg")
	})
}

// wide is a task of layers, each step with three parents in the layer before.
func wide(layers, width int) *insight.Scene {
	var nodes []int64
	var edges []graph.Edge[int64]
	s := &insight.Scene{Weights: insight.Defaults, Now: moment, Health: "blocked"}
	for i := range int64(layers * width) {
		nodes = append(nodes, i)
		satisfied := i < int64(width)
		for p := range int64(3) {
			if !satisfied {
				layer := i/int64(width) - 1
				edges = append(edges, graph.Edge[int64]{From: layer*int64(width) + (i+p)%int64(width), To: i})
			}
		}
		s.Steps = append(s.Steps, insight.Step{ID: i, Name: fmt.Sprint("s", i), State: workflow.Error, Attempts: 3, Limit: 3, Satisfied: satisfied})
	}
	s.Graph = graph.New(nodes, edges)
	return s
}

func TestATaskOfTenThousandFailedStepsIsToldInABoundedAnswer(t *testing.T) {
	t.Parallel()
	s := wide(200, 50)
	reaches := s.Graph.Reaches(func(int64) bool { return true })
	chains, paths, bottlenecks := s.ErrorChains(reaches), s.CriticalPaths(), s.Bottlenecks(reaches)
	require.Equal(t, int64(10_000), chains.TotalErrorSteps)
	require.Equal(t, int64(9_950), chains.TotalBlocked)
	require.Len(t, chains.Chains, 100)
	require.Len(t, chains.Chains[0].Downstream, 100)
	require.Len(t, bottlenecks.Bottlenecks, 10)
	require.Equal(t, "Severe", bottlenecks.OverallImpact)
	require.Equal(t, int64(graph.PathsMax), paths.TotalPaths)
	require.Len(t, paths.Paths, 5)
	require.Equal(t, int64(200), paths.LongestPathLength)
	require.Equal(t, int64(200), s.Parallelism(s.Graph.Levels()).TotalLevels)
}
