package postgres

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tasker-systems/tasker-core-go/core/fault"
	"github.com/tasker-systems/tasker-core-go/core/store"
)

// sharedTables describes the tables of the Rails engine (schema sheet, section
// 2): below each name its columns with type and nullability, what their default
// has to do for us, and the unique indexes that writers rely on. A timestamp has
// microseconds with and without (6).
//
//go:embed shared.txt
var sharedTables string

// numbered is said of a column whose default numbers the rows.
const numbered = "numbered"

// sharedColumn is what the description or the catalogue says about one column.
type sharedColumn struct {
	name    string
	kind    string // type as PostgreSQL writes it
	notNull bool
	duty    string // of its default: numbered, "default false" or nothing
}

// sharedTable is one table, described or found.
type sharedTable struct {
	name    string
	columns []sharedColumn
	unique  []string // each "column,column" in the index's order, with its predicate
}

// describedTables reads sharedTables.
func describedTables() []sharedTable {
	var tables []sharedTable
	for line := range strings.Lines(sharedTables) {
		line = strings.TrimRight(line, "\n")
		text, indented := strings.CutPrefix(line, "\t")
		if !indented {
			tables = append(tables, sharedTable{name: line})
			continue
		}
		t := &tables[len(tables)-1]
		if index, unique := strings.CutPrefix(text, "UNIQUE "); unique {
			t.unique = append(t.unique, index)
			continue
		}
		name, kind, _ := strings.Cut(text, ": ")
		kind, duty, _ := strings.Cut(kind, ", ")
		kind, notNull := strings.CutSuffix(kind, " NOT NULL")
		t.columns = append(t.columns, sharedColumn{name: name, kind: kind, notNull: notNull, duty: duty})
	}
	return tables
}

// checkShared refuses tables of another engine that are not as described, before
// the first migration takes them for the shared ones. A database without any of
// them is fine: they will be made. Errors: IncompatibleSchema with every
// difference; the place is that of the first, table and column.
func (s *Store) checkShared(ctx context.Context, plan store.MigrationPlan) error {
	if plan.Direction != "up" {
		return nil
	}
	status, err := s.Status(ctx)
	if err != nil || status.Current > 0 {
		return err
	}
	want := describedTables()
	found, err := s.findTables(ctx, want)
	if err != nil || len(found) == 0 {
		return err
	}
	var problems []fault.Problem
	var missing []string
	for _, table := range want {
		if at := slices.IndexFunc(found, func(t sharedTable) bool { return t.name == table.name }); at >= 0 {
			problems = append(problems, table.compare(found[at])...)
		} else {
			missing = append(missing, table.name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fault.New(fault.IncompatibleSchema, "the schema has some tables of the Rails engine and lacks %s",
			strings.Join(missing, ", ")).At(missing[0]).
			Advise("run the Rails engine's own migrations to their end, or name an empty schema with database.schema")
	}
	return sharedFault(problems)
}

// sharedFault is the error for tables that differ.
func sharedFault(problems []fault.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	first := problems[0]
	refused := fault.New(fault.IncompatibleSchema, "the tables of the Rails engine are not as wanted: %s: %s", first.Path, first.Message)
	if len(problems) > 1 {
		refused.Message += fmt.Sprintf(", and %d more", len(problems)-1)
	}
	refused.Problems = problems
	return refused.At(first.Path).Advise("%s. Nothing was changed here.", first.Suggestion)
}

// findTables asks the catalogue for those of the tables that exist.
func (s *Store) findTables(ctx context.Context, want []sharedTable) (found []sharedTable, err error) {
	names := make([]string, len(want))
	for i, t := range want {
		names[i] = t.name
	}
	err = s.brief(ctx, func(ctx context.Context, q querier) error {
		rows, err := q.Query(ctx, s.statements["MigrateShared"], s.options.Schema, names)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, scanShared)
		return err
	})
	return found, err
}

// scanShared reads one table with its columns as parallel arrays.
func scanShared(row pgx.CollectableRow) (t sharedTable, err error) {
	var names, kinds, duties []string
	var notNull []bool
	err = row.Scan(&t.name, &names, &kinds, &notNull, &duties, &t.unique)
	for i := range names {
		t.columns = append(t.columns, sharedColumn{name: names[i], kind: kinds[i], notNull: notNull[i], duty: duties[i]})
	}
	return t, err
}

// compare tells how a table that was found differs from the one described.
func (t *sharedTable) compare(found sharedTable) (problems []fault.Problem) {
	known := map[string]bool{}
	for _, column := range t.columns {
		known[column.name] = true
		at := slices.IndexFunc(found.columns, func(c sharedColumn) bool { return c.name == column.name })
		if at < 0 {
			problems = append(problems, t.problem(column.name, "the column is missing", "ADD COLUMN %s %s", column.name, column.kind))
			continue
		}
		problems = append(problems, t.compareColumn(column, found.columns[at])...)
	}
	for _, column := range found.columns {
		if !known[column.name] && column.notNull && column.duty == "" {
			problems = append(problems, t.problem(column.name,
				"the column is not one of the Rails engine, and every row must give it a value", "ALTER COLUMN %s DROP NOT NULL", column.name))
		}
	}
	for _, index := range t.unique {
		if !slices.Contains(found.unique, index) {
			columns, where, _ := strings.Cut(index, " WHERE ")
			problems = append(problems, fault.Problem{Path: t.name + "." + columns,
				Message: "the unique index is missing, without which two writers can overwrite each other",
				Suggestion: strings.TrimSuffix(fmt.Sprintf("Make it with CREATE UNIQUE INDEX ON %s (%s) WHERE %s", t.name,
					strings.ReplaceAll(columns, ",", ", "), where), " WHERE ")})
		}
	}
	return problems
}

func (t *sharedTable) compareColumn(want, found sharedColumn) (problems []fault.Problem) {
	if want.kind != found.kind {
		problems = append(problems, t.problem(want.name, fmt.Sprintf("the type is %s and should be %s", found.kind, want.kind),
			"ALTER COLUMN %s TYPE %s", want.name, want.kind))
	}
	switch {
	case want.notNull && !found.notNull:
		problems = append(problems, t.problem(want.name, "the column allows NULL", "ALTER COLUMN %s SET NOT NULL", want.name))
	case !want.notNull && found.notNull:
		problems = append(problems, t.problem(want.name, "the column does not allow NULL", "ALTER COLUMN %s DROP NOT NULL", want.name))
	}
	switch {
	case want.duty == numbered && found.duty != numbered:
		problems = append(problems, t.problem(want.name, "the column has no default that numbers the rows",
			"ALTER COLUMN %s SET DEFAULT nextval('%s_%s_seq')", want.name, t.name, want.name))
	case want.duty != "" && found.duty != want.duty:
		problems = append(problems, t.problem(want.name, "the "+want.duty+" is missing", "ALTER COLUMN %s SET %s", want.name, want.duty))
	}
	return problems
}

// problem is one difference of a column with the change that would mend it.
func (t *sharedTable) problem(column, message, alter string, args ...any) fault.Problem {
	return fault.Problem{Path: t.name + "." + column, Message: message,
		Suggestion: "Mend it with ALTER TABLE " + t.name + " " + fmt.Sprintf(alter, args...)}
}
