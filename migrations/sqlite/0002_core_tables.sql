-- The tables of this engine beside the shared ones (design, section 4).

-- +goose Up
-- One row per task that the engine has touched: the lock target, the version
-- that a cached graph is compared with, and the counters of its steps. No step
-- runs before start_at; NULL: at once.
CREATE TABLE tasker_core_tasks (
    task_id INTEGER PRIMARY KEY
        CONSTRAINT tasker_core_tasks_task_id REFERENCES tasker_tasks (task_id),
    version INTEGER NOT NULL DEFAULT 1,
    open INTEGER NOT NULL,
    running INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    stuck INTEGER NOT NULL,
    priority INTEGER NOT NULL DEFAULT 0,
    concurrent INTEGER NOT NULL DEFAULT 1,
    namespace_id INTEGER NOT NULL,
    start_at TEXT,
    links TEXT
) STRICT;

-- The claim queue. Rows are inserted and deleted, never updated. Scheduled rows
-- have an index of their own, so that a pile of future retries does not lie in
-- the way of a claim. Each kind has two orders: by route, for workers with few
-- routes, and by namespace, for those with so many that looking at every one
-- costs more than walking the queue.
CREATE TABLE tasker_core_ready (
    step_id INTEGER PRIMARY KEY,
    task_id INTEGER NOT NULL
        CONSTRAINT tasker_core_ready_task_id REFERENCES tasker_core_tasks (task_id),
    route_id INTEGER NOT NULL,
    namespace_id INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    due_at TEXT NOT NULL,
    scheduled INTEGER NOT NULL
) STRICT;
CREATE INDEX tasker_core_ready_due ON tasker_core_ready (route_id, priority DESC, due_at, step_id)
    WHERE scheduled = 0;
CREATE INDEX tasker_core_ready_scheduled ON tasker_core_ready (route_id, due_at, step_id)
    WHERE scheduled = 1;
CREATE INDEX tasker_core_ready_walk ON tasker_core_ready (namespace_id, priority DESC, due_at, step_id)
    WHERE scheduled = 0;
CREATE INDEX tasker_core_ready_walk_scheduled ON tasker_core_ready (namespace_id, due_at, step_id)
    WHERE scheduled = 1;
CREATE INDEX tasker_core_ready_task ON tasker_core_ready (task_id);

-- One row per claimed step; the worker's row may go first, so that its leases
-- stay for the sweep.
CREATE TABLE tasker_core_leases (
    step_id INTEGER PRIMARY KEY,
    task_id INTEGER NOT NULL
        CONSTRAINT tasker_core_leases_task_id REFERENCES tasker_core_tasks (task_id),
    worker_id INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    claimed_at TEXT NOT NULL,
    deadline_at TEXT NOT NULL
) STRICT;
CREATE INDEX tasker_core_leases_worker ON tasker_core_leases (worker_id);
CREATE INDEX tasker_core_leases_deadline ON tasker_core_leases (deadline_at);
CREATE INDEX tasker_core_leases_task ON tasker_core_leases (task_id);

CREATE TABLE tasker_core_workers (
    worker_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    language TEXT NOT NULL,
    routes TEXT NOT NULL,
    started_at TEXT NOT NULL,
    heartbeat_at TEXT NOT NULL
) STRICT;

-- Tasks whose derived rows (queue, leases, counters) may be untrue.
CREATE TABLE tasker_core_dirty (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX tasker_core_dirty_task ON tasker_core_dirty (task_id);

-- +goose Down
DROP TABLE tasker_core_dirty;
DROP TABLE tasker_core_workers;
DROP TABLE tasker_core_leases;
DROP TABLE tasker_core_ready;
DROP TABLE tasker_core_tasks;
