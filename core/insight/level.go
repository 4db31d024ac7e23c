package insight

// Parallelism tells how much of a task can run at once.
type Parallelism struct {
	// All steps.
	TotalSteps int64 `json:"total_steps"`
	// Levels: the longest way from a step without parents, in steps.
	TotalLevels int64 `json:"total_levels"`
	// Steps of the fullest level.
	MaxParallelSteps int64 `json:"max_parallel_steps"`
	// Steps that may run now.
	CurrentOpportunities int64 `json:"current_parallel_opportunities"`
	// Steps that wait for others.
	BlockedOpportunities int64 `json:"blocked_parallel_opportunities"`
	// Complete steps in percent, with two decimals.
	OverallCompletion float64 `json:"overall_completion"`
	// The levels from the roots on.
	Levels []LevelOpportunity `json:"levels"`
	// Levels with more than one ready step in percent of all, with one decimal.
	Efficiency float64 `json:"parallelism_efficiency"`
	// Steps without a level, since no step without parents leads to them: on a cycle, behind one, or below a step of another task.
	Unreached []int64 `json:"unreached_steps"`
}

// LevelOpportunity is one level of a task.
type LevelOpportunity struct {
	// Its number, 0 for the roots.
	Level int64 `json:"level"`
	// Its steps.
	TotalSteps int64 `json:"total_steps"`
	// Those that may run now.
	ReadySteps int64 `json:"ready_steps"`
	// Those that wait for others.
	BlockedSteps int64 `json:"blocked_steps"`
	// Those in error.
	ErrorSteps int64 `json:"error_steps"`
	// Those that are complete or resolved.
	CompletedSteps int64 `json:"completed_steps"`
	// Their names.
	StepNames []string `json:"step_names"`
	// High with more than one ready step, Medium with one, Low with none.
	Potential string `json:"parallelism_potential"`
	// High when more than half of its steps wait for others, else Low.
	Risk string `json:"bottleneck_risk"`
}

// Parallelism sorts the steps by their levels, as Graph.Levels gives them.
func (s *Scene) Parallelism(levels map[int64]int) Parallelism {
	p := Parallelism{TotalSteps: int64(len(s.Steps)), OverallCompletion: percent(s.done(), int64(len(s.Steps))),
		Levels: []LevelOpportunity{}, Unreached: []int64{}}
	for _, level := range levels {
		p.TotalLevels = max(p.TotalLevels, int64(level)+1)
	}
	for level := range p.TotalLevels {
		p.Levels = append(p.Levels, LevelOpportunity{Level: level, StepNames: []string{}})
	}
	for i := range s.Steps {
		step := &s.Steps[i]
		if step.Ready {
			p.CurrentOpportunities++
		}
		if step.blocked() {
			p.BlockedOpportunities++
		}
		if level, has := levels[step.ID]; has {
			p.Levels[level].add(step)
		} else {
			p.Unreached = append(p.Unreached, step.ID)
		}
	}
	wide := int64(0)
	for i := range p.Levels {
		p.Levels[i].judge()
		p.MaxParallelSteps = max(p.MaxParallelSteps, p.Levels[i].TotalSteps)
		if p.Levels[i].ReadySteps > 1 {
			wide++
		}
	}
	p.Efficiency = tenths(wide, p.TotalLevels)
	return p
}

func (l *LevelOpportunity) add(step *Step) {
	l.TotalSteps++
	l.StepNames = append(l.StepNames, step.Name)
	if step.Ready {
		l.ReadySteps++
	}
	if step.blocked() {
		l.BlockedSteps++
	}
	if step.failed() {
		l.ErrorSteps++
	}
	if step.State.Satisfies() {
		l.CompletedSteps++
	}
}

func (l *LevelOpportunity) judge() {
	l.Potential, l.Risk = Low, Low
	switch {
	case l.ReadySteps > 1:
		l.Potential = High
	case l.ReadySteps == 1:
		l.Potential = Medium
	}
	if l.BlockedSteps > l.TotalSteps/2 {
		l.Risk = High
	}
}
