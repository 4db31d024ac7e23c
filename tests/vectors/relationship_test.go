package vectors_test

import (
	"fmt"
	"strconv"
	"strings"
)

// relationship is a row of the view tasker_step_dag_relationships.
type relationship struct {
	step                int64
	parentIDs, childIDs string
	parents, children   int
	root, leaf          bool
	depth               *int
}

// scan reads the row from its columns separated by bars, as both databases write
// them.
func (r *relationship) scan(line string) (err error) {
	columns := strings.Split(line, "|")
	if len(columns) != 8 {
		return fmt.Errorf("%q is no row of the view", line)
	}
	r.parentIDs, r.childIDs = columns[1], columns[2]
	if r.step, err = strconv.ParseInt(columns[0], 10, 64); err != nil {
		return err
	}
	if r.parents, err = strconv.Atoi(columns[3]); err != nil {
		return err
	}
	if r.children, err = strconv.Atoi(columns[4]); err != nil {
		return err
	}
	if r.root, err = strconv.ParseBool(columns[5]); err != nil {
		return err
	}
	if r.leaf, err = strconv.ParseBool(columns[6]); err != nil || columns[7] == "" {
		return err
	}
	depth, err := strconv.Atoi(columns[7])
	r.depth = &depth
	return err
}
