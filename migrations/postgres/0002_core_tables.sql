-- The tables of this engine beside the shared ones (design, section 4). Instants
-- are UTC without a zone, like those of the shared tables.
--
-- A task that somebody deletes takes its rows here along: no foreign writer has
-- to know them.

-- +goose Up
-- One row per task that the engine has touched: the lock target, the version
-- that a cached graph is compared with, and the counters of its steps. No step
-- runs before start_at; NULL: at once.
CREATE TABLE {schema}.tasker_core_tasks (
    task_id bigint PRIMARY KEY
        CONSTRAINT tasker_core_tasks_task_id REFERENCES {schema}.tasker_tasks (task_id) ON DELETE CASCADE,
    version bigint NOT NULL DEFAULT 1,
    namespace_id bigint NOT NULL,
    open integer NOT NULL,
    running integer NOT NULL,
    waiting integer NOT NULL,
    stuck integer NOT NULL,
    priority integer NOT NULL DEFAULT 0,
    concurrent boolean NOT NULL DEFAULT true,
    start_at timestamp(6),
    links jsonb
);

-- The claim queue. Rows are inserted and deleted, never updated. Scheduled rows
-- have an index of their own, so that a pile of future retries does not lie in
-- the way of a claim. Each kind has two orders: by route, for workers with few
-- routes, and by namespace, for those with so many that looking at every one
-- costs more than walking the queue.
CREATE TABLE {schema}.tasker_core_ready (
    step_id bigint PRIMARY KEY,
    task_id bigint NOT NULL
        CONSTRAINT tasker_core_ready_task_id REFERENCES {schema}.tasker_core_tasks (task_id) ON DELETE CASCADE,
    route_id bigint NOT NULL,
    namespace_id bigint NOT NULL,
    due_at timestamp(6) NOT NULL,
    priority integer NOT NULL,
    scheduled boolean NOT NULL
);
CREATE INDEX tasker_core_ready_due ON {schema}.tasker_core_ready (route_id, priority DESC, due_at, step_id)
    WHERE NOT scheduled;
CREATE INDEX tasker_core_ready_scheduled ON {schema}.tasker_core_ready (route_id, due_at, step_id)
    WHERE scheduled;
CREATE INDEX tasker_core_ready_walk ON {schema}.tasker_core_ready (namespace_id, priority DESC, due_at, step_id)
    WHERE NOT scheduled;
CREATE INDEX tasker_core_ready_walk_scheduled ON {schema}.tasker_core_ready (namespace_id, due_at, step_id)
    WHERE scheduled;
CREATE INDEX tasker_core_ready_task ON {schema}.tasker_core_ready (task_id);

-- One row per claimed step; the worker's row may go first, so that its leases
-- stay for the sweep.
CREATE TABLE {schema}.tasker_core_leases (
    step_id bigint PRIMARY KEY,
    task_id bigint NOT NULL
        CONSTRAINT tasker_core_leases_task_id REFERENCES {schema}.tasker_core_tasks (task_id) ON DELETE CASCADE,
    worker_id bigint NOT NULL,
    epoch bigint NOT NULL,
    claimed_at timestamp(6) NOT NULL,
    deadline_at timestamp(6) NOT NULL,
    attempt integer NOT NULL
);
CREATE INDEX tasker_core_leases_worker ON {schema}.tasker_core_leases (worker_id);
CREATE INDEX tasker_core_leases_deadline ON {schema}.tasker_core_leases (deadline_at);
CREATE INDEX tasker_core_leases_task ON {schema}.tasker_core_leases (task_id);

CREATE TABLE {schema}.tasker_core_workers (
    worker_id bigserial PRIMARY KEY,
    name text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    language text NOT NULL,
    routes bigint[] NOT NULL,
    started_at timestamp(6) NOT NULL,
    heartbeat_at timestamp(6) NOT NULL
);

-- Tasks whose derived rows (queue, leases, counters) may be untrue.
CREATE TABLE {schema}.tasker_core_dirty (
    id bigserial PRIMARY KEY,
    task_id bigint NOT NULL,
    created_at timestamp(6) NOT NULL
);
CREATE INDEX tasker_core_dirty_task ON {schema}.tasker_core_dirty (task_id);

-- +goose Down
DROP TABLE {schema}.tasker_core_dirty;
DROP TABLE {schema}.tasker_core_workers;
DROP TABLE {schema}.tasker_core_leases;
DROP TABLE {schema}.tasker_core_ready;
DROP TABLE {schema}.tasker_core_tasks;
