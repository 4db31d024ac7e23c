package boundary

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// Table writes the rows below one another, a line for each executor and work
// with both forms beside each other.
func Table(rows []Row, size int) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 2, 0, 2, ' ', tabwriter.AlignRight)
	work := ""
	for _, waiting := range rows {
		if waiting.Form != Waiting {
			continue
		}
		if waiting.Work != work {
			work = waiting.Work
			_ = w.Flush() // into memory, which cannot fail
			fmt.Fprintf(&text, "\n%s\n", work)
			_, _ = fmt.Fprintf(w, "waiting p50\tp99\ttimes Go\tper call in batches of %d, p50\tp99\ttimes Go\t \t\n", size)
		}
		batched := [3]string{"-", "-", "-"}
		if r := find(rows, waiting.Work, waiting.Executor, Batched); r.Calls > 0 {
			batched = [3]string{micro(r.P50), micro(r.P99), fmt.Sprintf("%.2f", r.Ratio)}
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%.2f\t%s\t%s\t%s\t  %s\n", micro(waiting.P50), micro(waiting.P99), waiting.Ratio,
			batched[0], batched[1], batched[2], waiting.Executor)
	}
	_ = w.Flush()
	return text.String()
}

func micro(d time.Duration) string {
	return fmt.Sprintf("%.2f µs", float64(d.Nanoseconds())/1e3)
}
