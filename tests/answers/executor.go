package answers

import "testing"

// Executor is something that answers what the SQL functions answer.
type Executor interface {
	// Name is one of the names below.
	Name() string
	// Run puts the vector's rows into a database and reports each expectation
	// with what answers it; the rows are gone afterwards. The one key of rows
	// that the database refuses is insert_error.
	Run(t testing.TB, v Vector, each func(key string, answer func(Call) (any, error)))
}

// The names of the Executors.
const (
	OnSQLite   = "Go on SQLite"
	OnPostgres = "Go on PostgreSQL"
	InSQL      = "SQL functions"
)

// Executors are the three, each opened on a database of its own.
var Executors = map[string]func(testing.TB) Executor{
	OnSQLite: newGoOnSQLite, OnPostgres: newGoOnPostgres, InSQL: newSQLFunctions,
}

// sqlError is an error of a database in the words of PostgreSQL.
type sqlError struct{ state, message string }

func (e sqlError) Error() string { return e.message }
