package rails_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// rails is one process of the Rails engine, statement by statement as the sheet
// of the state machines says (sections 4 and 8), with its locks, its reads before
// them and its reactions to a lost race.
type rails struct {
	conn *pgx.Conn
	// between runs before every statement but reads; nil: nothing does.
	between func()
	depth   int       // of open transactions; below the first they are savepoints
	now     time.Time // of its own clock
}

// What the Rails engine raises where it does not go on.
var (
	errNotAllowed = errors.New("TransitionFailedError")
	errGuard      = errors.New("GuardFailedError")
	errConflict   = errors.New("TransitionConflictError")
	errInvalid    = errors.New("RecordInvalid: sort key has already been taken")
	errArgument   = errors.New("ArgumentError")
	errHandler    = errors.New("the handler failed")
	errForeignKey = errors.New("InvalidForeignKey")
)

// legitimate are the errors that the sheet knows: section 5, and section 6 for
// lost races.
var legitimate = []error{errNotAllowed, errGuard, errConflict, errInvalid, errArgument, errHandler, errForeignKey}

// expected reports whether the Rails engine may meet this error without us, too:
// the server may have refused a row that somebody else stored first, or to delete
// one to which somebody else has added in the meantime; and nothing else.
func expected(err error) bool {
	var theirs *pgconn.PgError
	if errors.As(err, &theirs) && theirs.Code != "23505" && theirs.Code != "23503" {
		return false
	}
	return err == nil || slices.ContainsFunc(legitimate, func(known error) bool { return errors.Is(err, known) })
}

// owner is a task or a step, with the table and column of its history.
type owner struct {
	table, column, kind string
	id                  int64
}

func task(id int64) owner { return owner{"tasker_task_transitions", "task_id", "task", id} }
func step(id int64) owner {
	return owner{"tasker_workflow_step_transitions", "workflow_step_id", "step", id}
}

// pairs are the moves that each machine allows (sections 2 and 3).
var pairs = map[string]map[string][]string{
	"task": {"pending": {"in_progress", "error", "cancelled"}, "in_progress": {"pending", "complete", "error", "cancelled"},
		"error": {"pending", "resolved_manually"}, "complete": {"cancelled"}, "resolved_manually": {"cancelled"}},
	"step": {"pending": {"in_progress", "error", "cancelled", "resolved_manually"},
		"in_progress": {"complete", "error", "cancelled"}, "error": {"pending", "resolved_manually"}},
}

// do carries out one write.
func (r *rails) do(text string, args ...any) error {
	if r.between != nil {
		r.between()
	}
	_, err := r.conn.Exec(context.Background(), text, args...)
	var theirs *pgconn.PgError
	if errors.As(err, &theirs) && theirs.Code == "23505" {
		return fmt.Errorf("%w: %w", errConflict, err)
	}
	if errors.As(err, &theirs) && theirs.Code == "23503" {
		return fmt.Errorf("%w: %w", errForeignKey, err)
	}
	return err
}

// read fills in one row.
func (r *rails) read(text string, args []any, into ...any) error {
	return r.conn.QueryRow(context.Background(), text, args...).Scan(into...)
}

// transaction runs fn in one, or in a savepoint when one is open.
func (r *rails) transaction(fn func() error) error {
	name := fmt.Sprintf("active_record_%d", r.depth)
	begin, commit, rollback := "SAVEPOINT "+name, "RELEASE SAVEPOINT "+name, "ROLLBACK TO SAVEPOINT "+name
	if r.depth == 0 {
		begin, commit, rollback = "BEGIN", "COMMIT", "ROLLBACK"
	}
	if err := r.do(begin); err != nil {
		return err
	}
	r.depth++
	err := fn()
	r.depth--
	if err != nil {
		_, undone := r.conn.Exec(context.Background(), rollback)
		return errors.Join(err, undone)
	}
	return r.do(commit)
}

// state reads the current state, every time from the database.
func (r *rails) state(o owner) (state string, err error) {
	err = r.read(fmt.Sprintf(`SELECT coalesce((SELECT nullif(to_state, '') FROM %s WHERE %s = $1 AND most_recent = true
		ORDER BY id LIMIT 1), 'pending')`, o.table, o.column), []any{o.id}, &state)
	return state, err
}

// guard is G1 or G2.
func (r *rails) guard(o owner, to string) (passed bool, err error) {
	switch {
	case o.kind == "task" && to == "complete":
		err = r.read(`SELECT (SELECT count(*) FROM get_step_readiness_status($1) s WHERE s.current_state IN ('complete', 'resolved_manually'))
			= (SELECT count(*) FROM tasker_workflow_steps WHERE task_id = $1)`, []any{o.id}, &passed)
	case o.kind == "step" && to == "in_progress":
		err = r.read(`SELECT NOT EXISTS (SELECT 1 FROM tasker_workflow_step_edges e
			LEFT JOIN tasker_workflow_step_transitions p ON p.workflow_step_id = e.from_step_id AND p.most_recent = true
			WHERE e.to_step_id = $1 AND coalesce(p.to_state, 'pending') NOT IN ('complete', 'resolved_manually'))`, []any{o.id}, &passed)
	default:
		passed = true
	}
	return passed, err
}

// move is transition_to! (section 4).
func (r *rails) move(o owner, to, metadata string) error {
	from, key, err := r.history(o)
	if err != nil {
		return err
	}
	if !slices.Contains(pairs[o.kind][from], to) {
		return errNotAllowed
	}
	if passed, err := r.guard(o, to); err != nil || !passed {
		return errors.Join(err, errGuard)
	}
	return r.transaction(func() error {
		if again, err := r.state(o); err != nil || again == to {
			return errors.Join(err, errArgument)
		}
		if err := r.do(fmt.Sprintf("UPDATE %s SET most_recent = false, updated_at = $2 WHERE %s = $1 AND most_recent = true",
			o.table, o.column), o.id, r.now); err != nil {
			return err
		}
		return r.append(o, to, metadata, key)
	})
}

// history loads where the owner stands, with the key that the next row would get:
// before the transaction, so that a lost race shows in the validation or in the
// insert.
func (r *rails) history(o owner) (state string, key int, err error) {
	err = r.read(fmt.Sprintf(`SELECT coalesce((max(nullif(to_state, '')) FILTER (WHERE most_recent)), 'pending'),
		coalesce(max(sort_key), 0) + 10 FROM %s WHERE %s = $1`, o.table, o.column), []any{o.id}, &state, &key)
	return state, key, err
}

// append validates and inserts the new row.
func (r *rails) append(o owner, to, metadata string, key int) error {
	var taken bool
	if err := r.read(fmt.Sprintf("SELECT EXISTS (SELECT 1 FROM %s WHERE %s = $1 AND sort_key = $2)", o.table, o.column),
		[]any{o.id, key}, &taken); err != nil || taken {
		return errors.Join(err, errInvalid)
	}
	return r.do(fmt.Sprintf(`INSERT INTO %s (%s, to_state, sort_key, metadata, most_recent, created_at, updated_at)
		VALUES ($1, $2, $3, $4::jsonb, true, $5, $5)`, o.table, o.column), o.id, to, key, metadata, r.now)
}

// safely is safe_transition_to: what is not allowed or guarded is no error.
func (r *rails) safely(o owner, to string) error {
	err := r.move(o, to, "{}")
	if errors.Is(err, errNotAllowed) || errors.Is(err, errGuard) {
		return nil
	}
	return err
}
