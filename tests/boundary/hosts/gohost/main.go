// Command gohost makes calls on request, from Go and without C, and tells how
// long they took: what the hosts are compared with.
//
//	gohost LIBRARY MODE CONFIGURATION...
//
// The library and the mode are not used; see package boundary for the lines.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tasker-systems/tasker-core-go/capi/dispatch"
	"github.com/tasker-systems/tasker-core-go/capi/session"
)

func main() {
	if err := serve(os.Args[3:]); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

func serve(configurations []string) error {
	session.Start()
	engines := make([]*session.Engine, len(configurations))
	for i, configuration := range configurations {
		var err error
		if engines[i], _, err = session.Open([]byte(configuration), nil); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := answer(engines, lines.Text())
		if err != nil {
			return err
		}
		fmt.Println(answer)
	}
	failures := []error{lines.Err()}
	for _, e := range engines {
		_, err := e.Close(context.Background(), nil)
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// call is an operation of an engine with its request.
type call struct {
	engine  *session.Engine
	number  int
	request string
}

func answer(engines []*session.Engine, line string) (string, error) {
	var form, name string
	var which, number, times, size int
	if _, err := fmt.Sscan(line, &form, &which, &name, &number, &times, &size); err != nil {
		return "", err
	}
	c := call{engines[which], number, strings.SplitN(line, " ", 7)[6]}
	var text strings.Builder
	text.WriteString("ok")
	for range times {
		begin := time.Now()
		var err error
		if form == "wait" {
			err = c.make()
		} else {
			err = c.batch(size)
		}
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&text, " %d", time.Since(begin).Nanoseconds()/int64(size))
	}
	return text.String(), nil
}

func (c call) make() error {
	_, err := dispatch.Call(context.Background(), c.engine, c.number, []byte(c.request))
	return err
}

// batch does what a Go program would: a goroutine for each call.
func (c call) batch(size int) error {
	var group sync.WaitGroup
	errs := make([]error, size)
	for i := range errs {
		group.Go(func() { errs[i] = c.make() })
	}
	group.Wait()
	return errors.Join(errs...)
}
