package telemetry

import (
	"strconv"
	"strings"
)

// ContentType is what an HTTP endpoint says that serves Exposition.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Metric is one figure for a monitor. Names follow Prometheus: lower case, the
// unit last, and _total for what only grows.
type Metric struct {
	Name   string
	Help   string // one sentence
	Grows  bool   // a counter, else a gauge
	Labels []Label
	Value  float64
}

// Label tells metrics of one name apart.
type Label struct{ Name, Value string }

// escaped is what the text format asks to be written otherwise.
var (
	escapedHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapedLabel = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// Exposition writes metrics in Prometheus' text format. Those of one name stand
// together, with their help once.
func Exposition(metrics []Metric) string {
	var b strings.Builder
	last := ""
	for _, m := range metrics {
		if m.Name != last {
			kind := "gauge"
			if m.Grows {
				kind = "counter"
			}
			b.WriteString("# HELP " + m.Name + " " + escapedHelp.Replace(m.Help) + "\n# TYPE " + m.Name + " " + kind + "\n")
			last = m.Name
		}
		b.WriteString(m.Name)
		between := "{"
		for _, label := range m.Labels {
			b.WriteString(between + label.Name + `="` + escapedLabel.Replace(label.Value) + `"`)
			between = ","
		}
		if len(m.Labels) > 0 {
			b.WriteByte('}')
		}
		b.WriteString(" " + strconv.FormatFloat(m.Value, 'f', -1, 64) + "\n")
	}
	return b.String()
}
