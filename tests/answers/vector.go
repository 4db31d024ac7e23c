// Package answers asks everything that answers the questions of the Rails
// engine's SQL functions: the Go engine on either store, and the functions
// themselves. What is asked about is written into a database past any store.
package answers

import "encoding/json"

// Vector is one example of the SQL functions: rows, and what the functions say.
type Vector struct {
	ID               string         `json:"id"`
	Title            string         `json:"title"`
	Tags             []string       `json:"tags"`
	Tasks            []Task         `json:"tasks"`
	Args             Arguments      `json:"args"`
	Zone             string         `json:"session_timezone"`
	StatementTimeout float64        `json:"statement_timeout_s"`
	Expected         map[string]any `json:"expected"`
	// ExpectedV01 is what the functions of the first version say. The policy
	// rails is the second version, so nothing here is compared with it.
	ExpectedV01 map[string]any `json:"expected_v01"`
}

// First is the task that a call without a task is about.
func (v *Vector) First() string {
	if len(v.Tasks) == 0 {
		return ""
	}
	return v.Tasks[0].Task
}

// Arguments are those of the analytic functions; absent means the default.
type Arguments struct {
	SinceAgo  *float64 `json:"since_ago_s"`
	Limit     *int     `json:"limit"`
	Namespace *string  `json:"namespace"`
	TaskName  *string  `json:"task_name"`
	Version   *string  `json:"version"`
}

// Task is a task of a vector, with what its row says.
type Task struct {
	Task        string       `json:"task"`
	Namespace   string       `json:"namespace"`
	Name        string       `json:"name"`
	Version     string       `json:"version"`
	Complete    bool         `json:"complete"`
	CreatedAgo  float64      `json:"created_ago_s"`
	Transitions []Transition `json:"transitions"`
	Steps       []Step       `json:"steps"`
	Edges       [][]string   `json:"edges"`
}

// Step is a step of a task, with what its row says.
type Step struct {
	Step          string       `json:"step"`
	Attempts      *int         `json:"attempts"`
	RetryLimit    RetryLimit   `json:"retry_limit"`
	Retryable     *bool        `json:"retryable"`
	InProcess     bool         `json:"in_process"`
	Processed     bool         `json:"processed"`
	LastAttempted *float64     `json:"last_attempted_ago_s"`
	Backoff       *int         `json:"backoff_request_seconds"`
	CreatedAgo    float64      `json:"created_ago_s"`
	Transitions   []Transition `json:"transitions"`
}

// Transition is a row of a history.
type Transition struct {
	ToState    string  `json:"to_state"`
	SortKey    int     `json:"sort_key"`
	MostRecent bool    `json:"most_recent"`
	Ago        float64 `json:"ago_s"`
}

// RetryLimit tells null, which is stored, from absent, which is 3.
type RetryLimit struct {
	given bool
	value *int
}

// LimitOf is a limit that is stored, NULL when nil.
func LimitOf(value *int) RetryLimit { return RetryLimit{true, value} }

// UnmarshalJSON is called for null as well.
func (l *RetryLimit) UnmarshalJSON(raw []byte) error {
	l.given = true
	return json.Unmarshal(raw, &l.value)
}

// stored is the value of the column.
func (l RetryLimit) stored() any {
	if !l.given {
		return 3
	}
	return nullable(l.value)
}
