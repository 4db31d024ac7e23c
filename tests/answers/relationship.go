package answers

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// relationship is a row of the view tasker_step_dag_relationships.
type relationship struct {
	step, task          int64
	namedStep           int64
	parentIDs, childIDs string
	parents, children   int
	root, leaf          bool
	depth               *int
}

// scan reads the row from its columns separated by bars, as both databases write
// them.
func (r *relationship) scan(line string) (err error) {
	columns := strings.Split(line, "|")
	if len(columns) != 10 {
		return fmt.Errorf("%q is no row of the view", line)
	}
	number := func(column int) int64 {
		n, problem := strconv.ParseInt(columns[column], 10, 64)
		err = errors.Join(err, problem)
		return n
	}
	flag := func(column int) bool {
		b, problem := strconv.ParseBool(columns[column])
		err = errors.Join(err, problem)
		return b
	}
	*r = relationship{
		step: number(0), task: number(1), namedStep: number(2), parentIDs: columns[3], childIDs: columns[4],
		parents: int(number(5)), children: int(number(6)), root: flag(7), leaf: flag(8),
	}
	if columns[9] != "" {
		depth := int(number(9))
		r.depth = &depth
	}
	return err
}
