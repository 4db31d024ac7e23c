package crash_test

import (
	"fmt"
	"sync"

	"github.com/tasker-systems/tasker-core-go/core/fault"
)

// mishap is what happens at one point of a run. A point is the begin of a write
// transaction, a call of the contract inside it ("statement"), or its commit.
type mishap string

const (
	none       mishap = ""
	failBefore mishap = "fails before"        // the statement is refused; the transaction could go on
	failAfter  mishap = "fails after"         // it took effect in the transaction, its answer is an error
	disconnect mishap = "connection lost"     // the transaction is rolled back; nothing more of it is answered
	rerun      mishap = "runs again"          // rolled back after a lost race, and the function is run again from its start
	answerLost mishap = "answer lost"         // the commit is durable, the caller is told Timeout
	dieForget  mishap = "dies"                // the process ends and remembers nothing of its work
	dieRepeat  mishap = "dies and repeats"    // … and its successor repeats the call that was not answered
	lateForget mishap = "dies after"          // as dieForget, after the commit
	lateRepeat mishap = "dies after, repeats" // as dieRepeat, after the commit
	lost       mishap = "lost in silence"     // sabotage: it does nothing and answers that all is well
)

// mishapsAt lists what can happen at a point of this name.
func mishapsAt(point string) []mishap {
	switch point {
	case "begin":
		return []mishap{failBefore, dieForget, dieRepeat}
	case "commit":
		return []mishap{failBefore, rerun, answerLost, dieForget, dieRepeat, lateForget, lateRepeat}
	}
	return []mishap{failBefore, failAfter, disconnect, rerun, dieForget, dieRepeat}
}

var mishaps = []mishap{failBefore, failAfter, disconnect, rerun, answerLost, dieForget, dieRepeat, lateForget, lateRepeat}

func (m mishap) forgets() bool { return m == dieForget || m == lateForget }

// plan counts the points of a run and has the mishap happen at one of them.
type plan struct {
	at     int    // the point, from 1; 0 only counts
	mishap mishap // what happens there
	loses  string // name of the points that are lost in silence: sabotage

	mu     sync.Mutex // guards the fields below
	armed  bool       // points are counted only while the scenario runs
	points []string   // names of the points so far
	dead   bool       // the process has ended: nothing is answered any more
}

// arm begins or ends the counting.
func (p *plan) arm(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = on
}

// died reports whether the process has ended.
func (p *plan) died() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// reached counts a point and returns what happens at it.
func (p *plan) reached(name string) mishap {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.armed {
		return none
	}
	p.points = append(p.points, name)
	if name == p.loses {
		return lost
	}
	if len(p.points) != p.at {
		return none
	}
	p.dead = p.mishap == dieForget || p.mishap == dieRepeat
	return p.mishap
}

// die ends the process after a commit.
func (p *plan) die() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
}

// The errors that callers see.
func broken() error { return fault.New(fault.Unavailable, "the connection to the database failed") }
func dead() error   { return fault.New(fault.Closed, "the process has ended") }
func unknown() error {
	return fault.New(fault.Timeout, "the deadline passed during the commit")
}

// again is how a lost race leaves the function; it never leaves the store.
func again() error { return fault.New(fault.Conflict, "a race was lost") }

// label names a case for people.
func label(n int, point string) string { return fmt.Sprintf("point %d %s", n, point) }
