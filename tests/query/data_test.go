package query_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/tasker-systems/tasker-core-go/core/store"
	"github.com/tasker-systems/tasker-core-go/core/workflow"
	"github.com/tasker-systems/tasker-core-go/tests/testdb"
)

// start is when the first thing in these databases happens.
var start = workflow.At(testdb.Start)

// hostile are texts that would do harm if a value ever became part of a
// statement, a pattern or a path.
var hostile = []string{
	"", "'", `"`, `\`, "%", "_", "a%", "a_b", "'; DROP TABLE tasker_tasks; --", `" OR 1=1 --`, "$1", "?", "?1", ":name", "@x",
	"$.a", `$."a"`, "{a,b}", "a.b", "$", "[0]", "*", "ÄÖ", "äö", "İ", "é😀", "e\u0301", "\u2028", "line\nbreak", "tab\t", "NULL", "null",
	"true", "0", "Order", "order", "ORDER", "{schema}", "\x01", "/* */", "x'00'", "\ufffd",
}

// chosen draws one of the texts.
func chosen(random *rand.Rand, texts []string) string { return texts[random.IntN(len(texts))] }

// moment draws an instant; a few of them coincide.
func moment(random *rand.Rand) workflow.Instant {
	return start.Plus(time.Duration(random.IntN(12))*time.Minute + time.Duration(random.IntN(2))*time.Microsecond)
}

// quoted writes a text as JSON.
func quoted(text string) string { return string(workflow.AppendQuoted(nil, text)) }

// payload draws a JSON object with keys and values that collide now and then.
func payload(random *rand.Rand) workflow.JSON {
	values := []string{"null", "true", "false", "0", "1", "1.0", "1.50", "-3", "1e2", "12345678901234567890", "[]", "[1]", "{}", `["x"]`}
	value := func() string {
		if random.IntN(2) == 0 {
			return quoted(chosen(random, hostile))
		}
		return values[random.IntN(len(values))]
	}
	inner := fmt.Sprintf(`{"a":%s,%s:%s}`, value(), quoted("k"+chosen(random, hostile)), value())
	return workflow.JSON(fmt.Sprintf(`{"a":%s,"b":%s,%s:%s}`, value(), inner, quoted("k"+chosen(random, hostile)), value()))
}

// dataset is what one database holds, stored through the contract.
type dataset struct {
	t        *testing.T
	random   *rand.Rand
	store    store.Store
	types    []workflow.NamedTask
	routes   map[int64][]workflow.Route
	tasks    []int64
	workers  []int64
	notes    []note
	expected catalogue
}

// note is an annotation of a task.
type note struct {
	task  int64
	kind  string
	value workflow.JSON
}

// noteKinds are the types of the annotations.
var noteKinds = []string{"review", "it's", `"`, "%"}

// build fills an empty database with things of every kind, the same for the same
// seed.
func build(t *testing.T, db store.Store, seed uint64) *dataset {
	t.Helper()
	d := &dataset{t: t, random: rand.New(rand.NewPCG(seed, 1)), store: db, routes: map[int64][]workflow.Route{}}
	d.write(func(ctx context.Context, tx store.Tx) {
		for i, version := range []string{"0.9.0", "0.10.0", "1.0.0", "10.0.0"} {
			for _, name := range []string{"order", "it's", "100%"} {
				d.install(ctx, tx, chosen(d.random, []string{"shop", "'; --", "Shop"}), name, version, i)
			}
		}
	})
	for range 70 {
		d.write(d.task)
	}
	d.write(d.register)
	d.write(d.connectSystems)
	return d
}

func (d *dataset) write(fn func(context.Context, store.Tx)) {
	d.t.Helper()
	require.NoError(d.t, d.store.Write(context.Background(), func(tx store.Tx) error {
		fn(context.Background(), tx)
		return nil
	}))
}

func (d *dataset) install(ctx context.Context, tx store.Tx, namespace, name, version string, steps int) {
	install := store.NamedTaskInstall{Key: store.NamedTaskKey{Namespace: namespace, Name: name, Version: version},
		Description: strings.ToUpper(name), Configuration: payload(d.random), At: moment(d.random)}
	for i := range steps + 2 {
		install.Steps = append(install.Steps, store.RouteInstall{StepName: fmt.Sprintf("%s %d", name, i), System: "default"})
	}
	named, routes, err := tx.NamedTaskInstall(ctx, install)
	require.NoError(d.t, err)
	d.types, d.routes[named.ID] = append(d.types, named), routes
}

// texts draws a list of texts, now and then none at all.
func (d *dataset) texts() []string {
	list := []string{}
	for range d.random.IntN(3) {
		list = append(list, chosen(d.random, hostile))
	}
	return list
}

// task stores a task with steps, edges and histories.
func (d *dataset) task(ctx context.Context, tx store.Tx) {
	named := d.types[d.random.IntN(len(d.types))]
	ids, err := tx.TaskInsert(ctx, []store.NewTask{{NamedTaskID: named.ID, NamespaceID: named.NamespaceID, RequestedAt: moment(d.random),
		Initiator: chosen(d.random, hostile), SourceSystem: chosen(d.random, hostile), Reason: chosen(d.random, hostile),
		Tags: d.texts(), BypassSteps: d.texts(), Context: payload(d.random), IdentityHash: fmt.Sprint("hash ", len(d.tasks)),
		Priority: d.random.IntN(3) - 1, Open: 1, At: moment(d.random)}})
	require.NoError(d.t, err)
	d.tasks = append(d.tasks, ids[0])
	if d.random.IntN(3) > 0 {
		d.move(ctx, tx.TaskMove, ids[0])
	}
	for range d.random.IntN(3) {
		d.notes = append(d.notes, note{ids[0], chosen(d.random, noteKinds), payload(d.random)})
	}
	var steps []store.NewStep
	for _, route := range d.routes[named.ID] {
		steps = append(steps, store.NewStep{TaskID: ids[0], NamedStepID: route.NamedStepID, Retryable: d.random.IntN(2) == 0,
			RetryLimit: d.random.IntN(3), Skippable: d.random.IntN(2) == 0, Inputs: payload(d.random), At: moment(d.random)})
	}
	stored, err := tx.StepInsert(ctx, steps)
	require.NoError(d.t, err)
	d.connect(ctx, tx, stored)
	for _, id := range stored {
		d.step(ctx, tx, id)
	}
}

// connect stores edges, some of them twice.
func (d *dataset) connect(ctx context.Context, tx store.Tx, steps []int64) {
	var edges []store.NewEdge
	for i := 1; i < len(steps); i++ {
		for range d.random.IntN(3) {
			edges = append(edges, store.NewEdge{From: steps[d.random.IntN(min(i, 2))], To: steps[i], At: start})
		}
	}
	require.NoError(d.t, tx.EdgeInsert(ctx, edges))
}

func (d *dataset) step(ctx context.Context, tx store.Tx, id int64) {
	if d.random.IntN(4) > 0 {
		d.move(ctx, tx.StepMove, id)
	}
	if d.random.IntN(2) == 0 {
		return
	}
	change := store.StepChange{ID: id, Retryable: d.random.IntN(2) == 0, InProcess: d.random.IntN(2) == 0,
		Processed: d.random.IntN(2) == 0, ProcessedAt: moment(d.random), Attempts: d.random.IntN(4),
		LastAttemptedAt: moment(d.random), At: moment(d.random)}
	if wait := d.random.IntN(4); wait > 0 {
		change.BackoffSeconds, change.ProcessedAt, change.Results = &wait, workflow.Instant{}, payload(d.random)
	}
	require.NoError(d.t, tx.StepChange(ctx, []store.StepChange{change}))
}

// move gives an owner a history.
func (d *dataset) move(ctx context.Context, move func(context.Context, []store.Move) ([]store.Moved, error), owner int64) {
	var path []store.Hop
	for range 1 + d.random.IntN(4) {
		path = append(path, store.Hop{To: workflow.States[d.random.IntN(len(workflow.States))], Metadata: payload(d.random)})
	}
	from := workflow.State("")
	if d.random.IntN(2) == 0 {
		from = workflow.Pending
	}
	moved, err := move(ctx, []store.Move{{OwnerID: owner, From: from, Path: path, At: moment(d.random)}})
	require.NoError(d.t, err)
	require.Len(d.t, moved, 1)
}

// register stores workers with routes and leases.
func (d *dataset) register(ctx context.Context, tx store.Tx) {
	for i := range 12 {
		worker := workflow.Worker{Name: chosen(d.random, hostile), Host: chosen(d.random, []string{"a", "b'"}), PID: i % 3,
			Language: "go", StartedAt: moment(d.random), HeartbeatAt: moment(d.random)}
		for range d.random.IntN(3) {
			worker.Routes = append(worker.Routes, d.routes[d.types[i].ID][d.random.IntN(2)].ID)
		}
		id, err := tx.WorkerInsert(ctx, worker)
		require.NoError(d.t, err)
		d.workers = append(d.workers, id)
	}
	steps, err := tx.StepListByTask(ctx, d.tasks[:8])
	require.NoError(d.t, err)
	var leases []workflow.Lease
	for _, step := range steps {
		leases = append(leases, workflow.Lease{StepID: step.ID, TaskID: step.TaskID, WorkerID: d.workers[d.random.IntN(len(d.workers))],
			Epoch: 1, Attempt: 1, ClaimedAt: start, DeadlineAt: start})
	}
	require.NoError(d.t, tx.LeaseInsert(ctx, leases))
}

// connectSystems stores dependent systems, steps of them and object maps.
func (d *dataset) connectSystems(ctx context.Context, tx store.Tx) {
	insert := func(kind store.CatalogueKind, e workflow.CatalogueEntry) int64 {
		id, err := tx.CatalogueIdentify(ctx, kind, e)
		require.NoError(d.t, err)
		if id == 0 {
			e.Description, e.CreatedAt, e.UpdatedAt = chosen(d.random, hostile), moment(d.random), moment(d.random)
			id, err = tx.CatalogueInsert(ctx, kind, e)
			require.NoError(d.t, err)
		}
		return id
	}
	var systems []int64
	for range 9 {
		systems = append(systems, insert(store.DependentSystem, workflow.CatalogueEntry{Name: "s" + chosen(d.random, hostile)}))
		insert(store.Namespace, workflow.CatalogueEntry{Name: "n" + chosen(d.random, hostile)})
	}
	for range 20 {
		one, two := systems[d.random.IntN(9)], systems[d.random.IntN(9)]
		insert(store.NamedStep, workflow.CatalogueEntry{Name: "x" + chosen(d.random, hostile), ParentID: one})
		insert(store.ObjectMap, workflow.CatalogueEntry{ParentID: one, OtherID: two, RemoteOne: chosen(d.random, hostile),
			RemoteTwo: chosen(d.random, hostile)})
	}
}

// annotate stores the annotations past the store, by a function that executes
// one statement with arguments; mark writes the place of an argument.
func (d *dataset) annotate(mark func(int) string, execute func(text string, args ...any) error) {
	d.t.Helper()
	at := "'2026-01-01 00:00:00.000000'"
	for i, kind := range noteKinds {
		require.NoError(d.t, execute(fmt.Sprintf("INSERT INTO tasker_annotation_types (annotation_type_id, name, created_at, "+
			"updated_at) VALUES (%d, %s, %s, %s)", i+1, mark(1), at, at), kind))
	}
	for _, n := range d.notes {
		require.NoError(d.t, execute(fmt.Sprintf("INSERT INTO tasker_task_annotations (task_id, annotation_type_id, annotation, "+
			"created_at, updated_at) SELECT %d, annotation_type_id, %s, %s, %s FROM tasker_annotation_types WHERE name = %s",
			n.task, mark(1), at, at, mark(2)), string(n.value), n.kind))
	}
}

// onSQLite builds a dataset in a file.
func onSQLite(t *testing.T, seed uint64) *dataset {
	t.Helper()
	path := testdb.File(t)
	d := build(t, testdb.Open(t, path), seed)
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=rw")
	require.NoError(t, err)
	d.annotate(func(n int) string { return fmt.Sprintf("?%d", n) }, func(text string, args ...any) error {
		_, err := db.ExecContext(context.Background(), text, args...)
		return err
	})
	t.Cleanup(func() { require.NoError(t, db.Close()) }) // the store's own locks end with it
	d.expected = d.load()
	return d
}

// onPostgres builds a dataset in a PostgreSQL database.
func onPostgres(t *testing.T, seed uint64) *dataset {
	t.Helper()
	location := testdb.RecycledDatabase(t)
	d := build(t, testdb.OpenPostgres(t, location), seed)
	conn := testdb.Connect(t, location)
	d.annotate(func(n int) string { return fmt.Sprintf("$%d", n) }, func(text string, args ...any) error {
		_, err := conn.Exec(context.Background(), text, args...)
		return err
	})
	d.expected = d.load()
	return d
}
