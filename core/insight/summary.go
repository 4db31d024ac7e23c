package insight

import "fmt"

// GraphSummary is what there is to say about a task in a few figures.
type GraphSummary struct {
	// All steps.
	TotalSteps int64 `json:"total_steps"`
	// Edges between them, and from steps of other tasks; repeated ones count once.
	TotalDependencies int64 `json:"total_dependencies"`
	// Levels.
	DependencyLevels int64 `json:"dependency_levels"`
	// Steps on the longest path.
	LongestPathLength int64 `json:"longest_path_length"`
	// Bottlenecks of severity Critical.
	CriticalBottlenecks int64 `json:"critical_bottlenecks_count"`
	// Steps in error.
	ErrorChains int64 `json:"error_chains_count"`
	// Levels with more than one ready step in percent of all, with one decimal.
	Efficiency float64 `json:"parallelism_efficiency"`
	// critical with a critical bottleneck or a cycle, warning with a failure or a step that nothing leads to, else healthy.
	OverallHealth string `json:"overall_health"`
	// What deserves a look, one sentence each; empty when nothing does.
	Recommendations []string `json:"recommendations"`
}

// Summary sums up what was found. cycle is one cycle of the DAG, as Graph.Cycle
// gives it.
func (s *Scene) Summary(cycle []int64, paths CriticalPaths, p Parallelism, c ErrorChains, b TaskBottlenecks) GraphSummary {
	sum := GraphSummary{TotalSteps: p.TotalSteps, TotalDependencies: int64(s.Graph.EdgeCount() + s.Graph.Foreign()),
		DependencyLevels: p.TotalLevels, LongestPathLength: paths.LongestPathLength, CriticalBottlenecks: b.Critical,
		ErrorChains: c.TotalErrorSteps, Efficiency: p.Efficiency, OverallHealth: "healthy", Recommendations: []string{}}
	say := func(format string, args ...any) {
		sum.Recommendations = append(sum.Recommendations, fmt.Sprintf(format, args...))
	}
	switch {
	case b.Critical > 0 || len(cycle) > 0:
		sum.OverallHealth = "critical"
	case c.TotalErrorSteps > 0 || len(p.Unreached) > 0:
		sum.OverallHealth = "warning"
	}
	if len(cycle) > 0 {
		say("Steps wait for each other in a cycle of %d, which never run: remove one of its edges.", len(cycle)-1)
	}
	if len(p.Unreached) > 0 && len(cycle) == 0 {
		say("%s can only follow steps of other tasks.", counted(int64(len(p.Unreached)), "step"))
	}
	if first := c.MostCritical; first != nil {
		say("%s failed and holds back %s: %s.", first.StepName, counted(first.BlockedDownstream, "step"), first.Strategies[0].Strategy)
	}
	if b.Critical > 0 {
		say("The worst of %s is %s.", counted(b.Critical, "critical bottleneck"), b.Bottlenecks[0].StepName)
	}
	if p.CurrentOpportunities > 1 {
		say("%d steps can run at once now: give them as many workers.", p.CurrentOpportunities)
	}
	return sum
}
