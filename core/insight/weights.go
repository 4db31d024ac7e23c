package insight

// Weights are the figures by which paths, failures and bottlenecks of a task are
// scored (configuration sheet, section 7). It is a small value; copy it freely.
type Weights struct {
	Downstream       float64 // impact, per step below
	Blocked          float64 // impact, per blocked step below
	PathLength       float64 // path, per step
	CompletedPenalty float64 // path, taken away per complete step
	BlockedPenalty   float64 // path, per blocked step
	ErrorPenalty     float64 // path, per step in error
	RetryPenalty     float64 // path, per step in error that was tried

	ErrorState          float64 // multiplier of a bottleneck in error
	ExhaustedRetryBonus float64 // added to it when the attempts are used up
	DependencyIssue     float64 // multiplier of a pending bottleneck that waits for others

	RetryInstability float64 // bottleneck, per attempt
	NonRetryable     float64 // bottleneck without an attempt left to it
	ExhaustedRetry   float64 // bottleneck whose attempts are used up

	Critical float64 // scores from here on are critical
	High     float64 // or high
	Medium   float64 // or medium, else low

	BaseStepSeconds     float64 // estimated duration of a step
	ErrorPenaltySeconds float64 // added for a step in error
	RetryPenaltySeconds float64 // added per attempt
}

// Defaults are the weights of the sheet.
var Defaults = Weights{
	Downstream: 5, Blocked: 15, PathLength: 10, CompletedPenalty: 15, BlockedPenalty: 25, ErrorPenalty: 30, RetryPenalty: 10,
	ErrorState: 2, ExhaustedRetryBonus: 0.5, DependencyIssue: 1.2,
	RetryInstability: 3, NonRetryable: 10, ExhaustedRetry: 20,
	Critical: 100, High: 50, Medium: 20,
	BaseStepSeconds: 30, ErrorPenaltySeconds: 60, RetryPenaltySeconds: 30,
}

// The levels of a score.
const (
	Critical = "Critical"
	High     = "High"
	Medium   = "Medium"
	Low      = "Low"
)

// level is the level of a score.
func (w *Weights) level(score float64) string {
	switch {
	case score >= w.Critical:
		return Critical
	case score >= w.High:
		return High
	case score >= w.Medium:
		return Medium
	}
	return Low
}
