package processes_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kinds of lines in a ledger.
const (
	lineWorker  = "worker"  // this process registered a worker; its id stands in place of the step
	lineBegin   = "begin"   // a handler begins; detail: how many parents' results it was given
	lineEnd     = "end"     // the handler has ended
	lineVerdict = "verdict" // the engine answered the report; detail: the verdict
	lineRetry   = "retry"   // a call ended without an answer and is repeated; detail: which
	lineRing    = "ring"    // the engine said that something may be new
)

// entry is one line of a ledger.
type entry struct {
	Process     string
	Kind        string
	At          int64 // nanoseconds since 1970
	Step, Epoch int64
	Detail      string
}

// ledger is what one process writes down. It may be used concurrently.
type ledger struct {
	mu      sync.Mutex // guards file
	file    *os.File
	durable bool
}

// openLedger opens a ledger for appending.
func openLedger(path string, durable bool) (*ledger, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return &ledger{file: file, durable: durable}, err
}

// write appends lines in one write, so that a kill leaves whole lines, and
// makes them durable if that is wanted.
func (l *ledger) write(entries ...entry) error {
	var text bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&text, "%s\t%d\t%d\t%d\t%s\n", e.Kind, time.Now().UnixNano(), e.Step, e.Epoch, e.Detail)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(text.Bytes()); err != nil {
		return err
	}
	if l.durable {
		return l.file.Sync()
	}
	return nil
}

// readLedgers reads the ledgers of all processes in a directory.
func readLedgers(dir string) ([]entry, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, err
	}
	var all []entry
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			if !strings.HasSuffix(line, "\n") { // read while it was being written
				continue
			}
			e, err := parseEntry(line)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			e.Process = filepath.Base(file)
			all = append(all, e)
		}
	}
	return all, nil
}

func parseEntry(line string) (e entry, err error) {
	parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
	if len(parts) != 5 {
		return e, fmt.Errorf("a broken line: %q", line)
	}
	e.Kind, e.Detail = parts[0], parts[4]
	for i, number := range []*int64{&e.At, &e.Step, &e.Epoch} {
		if *number, err = strconv.ParseInt(parts[i+1], 10, 64); err != nil {
			return e, err
		}
	}
	return e, nil
}

// summary counts a ledger in one line.
func summary(lines []entry) string {
	runs, ends := map[int64]int{}, 0
	verdicts := map[string]int{}
	processes := map[string]bool{}
	begins, retries := 0, 0
	for _, e := range lines {
		processes[e.Process] = true
		switch e.Kind {
		case lineBegin:
			begins++
			runs[e.Step]++
		case lineEnd:
			ends++
		case lineVerdict:
			verdicts[e.Detail]++
		case lineRetry:
			retries++
		}
	}
	return fmt.Sprintf("ledger: %d lines of %d processes, %d runs of %d steps, %d re-runs, %d cut short, %d calls repeated, verdicts %v",
		len(lines), len(processes), begins, len(runs), begins-len(runs), begins-ends, retries, verdicts)
}
