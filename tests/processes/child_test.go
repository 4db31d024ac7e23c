package processes_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/tasker-systems/tasker-core-go/capi/session"
	"github.com/tasker-systems/tasker-core-go/core/engine"
)

// orderVariable holds the order of a child; without it the binary runs tests.
const orderVariable = "TASKER_TEST_PROCESS"

// order is what a child is told to do.
type order struct {
	Role    string // "work" or "hunt"
	Name    string // of the process, in ledgers
	Ledger  string // path of its ledger
	Durable bool   // each line of the ledger is made durable before the next step
	Rings   bool   // note in the ledger when the engine says that something may be new
	Lanes   int    // concurrent callers
	Batch   int    // steps in one claim
	ShortMS int    // shortest run of a handler
	LongMS  int    // longest run of a handler; 0: handlers return at once
	Seed    uint64
	Config  json.RawMessage // of tasker_open
}

// TestMain turns the binary into a child when it has an order. Otherwise it
// runs the tests and requires that nothing is left running.
func TestMain(m *testing.M) {
	if text := os.Getenv(orderVariable); text != "" {
		if err := obey([]byte(text)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// child is a process under order.
type child struct {
	*engine.Engine
	order
	session *session.Engine
	ledger  *ledger
}

// obey runs a child to its end: it says "ready", begins when it reads a line,
// ends when its input does, and says as JSON what it has to tell.
func obey(text []byte) error {
	c := &child{}
	if err := json.Unmarshal(text, &c.order); err != nil {
		return err
	}
	opened, _, err := session.Open(c.Config, nil)
	if err != nil {
		return err
	}
	c.Engine, c.session = opened.Cases(), opened
	if c.ledger, err = openLedger(c.Ledger, c.Durable); err != nil {
		return err
	}
	run := c.work
	if c.Role == "hunt" {
		run = c.hunt
	}
	fmt.Println("ready")
	ctx, begun := untilInputEnds()
	<-begun
	told, err := run(ctx)
	if err != nil {
		return err
	}
	if _, err := opened.Close(context.Background(), nil); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(told)
}

// untilInputEnds returns a context that ends with the standard input, which is
// also how a child notices that its parent is gone, and a channel that is
// closed by the first line.
func untilInputEnds() (context.Context, <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	begun := make(chan struct{})
	go func() { // owned by the process: it ends with it
		defer cancel()
		input := bufio.NewReader(os.Stdin)
		_, _ = input.ReadString('\n') // the end of the input begins the work too, which then ends at once
		close(begun)
		_, _ = io.Copy(io.Discard, input)
	}()
	return ctx, begun
}
