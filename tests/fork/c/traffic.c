/*
 * A busy parent: on each store at least 64 submitted calls are in flight all the
 * time, most of them in transactions, and two threads stand inside waiting calls.
 * The configuration has garbage collected all the time.
 *
 * The parent's own tasks are worked off by itself and noted in the ledger, so that
 * a fork that disturbs the parent shows as a step that is lost or run twice.
 */
#include <poll.h>
#include <pthread.h>

#include "harness.h"

enum { FLIGHT = 64, OPEN_MAX = 200, TICKETS = 65536, BATCH = 50 };

enum kind { NOTHING, CREATE, CLAIM, REPORT, READ };

struct traffic {
    const struct store *store;
    pthread_t thread, waiter;
    int64_t worker;
    int in_flight, opening, claiming, reporting;
    int64_t created, taken, done, last_task;
    enum kind kinds[TICKETS]; /* by ticket, which are counted up; of the reads thousands may pass a slow write */
    int under_way;            /* atomic: the first steps were reported */
};

static struct traffic lines[STORES];
static int stopping; /* atomic */

static int stopped(void) { return __atomic_load_n(&stopping, __ATOMIC_ACQUIRE); }

static void submit(struct traffic *t, enum kind kind, uint32_t number, const char *text) {
    uint64_t ticket;
    tasker_buffer reply;
    int32_t status = tasker_submit(t->store->engine, number, (const uint8_t *)text, strlen(text), &ticket, &reply);
    if (status != TASKER_OK) {
        FAIL("tasker_submit answered %d: %s", (int)status, (const char *)reply.data);
    }
    CHECK(t->kinds[ticket % TICKETS] == NOTHING);
    t->kinds[ticket % TICKETS] = kind;
    t->in_flight++;
}

/* One more call of the kind that is wanted most. */
static void submit_next(struct traffic *t) {
    char text[128];
    int64_t undone = t->created + t->opening - t->taken;
    if (t->claiming == 0 && t->reporting == 0 && t->created > t->taken) {
        snprintf(text, sizeof text, "{\"worker_id\": %lld, \"limit\": %d}", (long long)t->worker, (int)BATCH);
        t->claiming++;
        submit(t, CLAIM, TASKER_OP_STEP_CLAIM, text);
    } else if (!stopped() && undone < OPEN_MAX) {
        t->opening++;
        submit(t, CREATE, TASKER_OP_TASK_CREATE, "{\"name\": \"busy\", \"namespace\": \"fork\", \"context\": {\"n\": 1}}");
    } else if (t->last_task != 0) {
        snprintf(text, sizeof text, "{\"task_id\": %lld, \"include\": [\"steps\", \"transitions\"]}", (long long)t->last_task);
        submit(t, READ, TASKER_OP_TASK_GET, text);
    } else {
        submit(t, READ, TASKER_OP_ENGINE_HEALTH, "{}");
    }
}

/* Reports all steps of a claim, in one request. */
static void run_claimed(struct traffic *t, const char *claimed) {
    char text[BATCH * 80 + 64] = "{\"outcomes\": [";
    size_t len = strlen(text);
    int64_t steps = 0;
    for (const char *at = claimed; (at = strstr(at, "\"step_id\":")) != NULL; steps++) {
        int64_t step = strtoll(at + 10, NULL, 10);
        at = strstr(at, "\"epoch\":");
        CHECK(at != NULL);
        int64_t epoch = strtoll(at + 8, NULL, 10);
        note(t->store, step, epoch);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s{\"step_id\":%lld,\"epoch\":%lld,\"status\":\"complete\"}",
                                steps > 0 ? "," : "", (long long)step, (long long)epoch);
        CHECK(len + 3 < sizeof text);
    }
    t->taken += steps;
    if (steps > 0) {
        strcat(text, "]}");
        t->reporting++;
        submit(t, REPORT, TASKER_OP_STEP_REPORT, text);
    }
}

static int64_t occurrences(const char *text, const char *pattern) {
    int64_t found = 0;
    for (const char *at = text; (at = strstr(at, pattern)) != NULL; at++) {
        found++;
    }
    return found;
}

static void take(struct traffic *t, tasker_completion *completion) {
    enum kind kind = t->kinds[completion->ticket % TICKETS];
    t->kinds[completion->ticket % TICKETS] = NOTHING;
    t->in_flight--;
    const char *text = (const char *)completion->reply.data;
    if (completion->status != TASKER_OK) {
        FAIL("%s: a submitted call of kind %d answered %d: %s", t->store->name, (int)kind, (int)completion->status, text);
    }
    switch (kind) {
    case CREATE:
        t->opening--;
        t->created++;
        t->last_task = number(&completion->reply, "task_id");
        break;
    case CLAIM:
        t->claiming--;
        run_claimed(t, text);
        break;
    case REPORT:
        t->reporting--;
        t->done += occurrences(text, "\"verdict\":\"recorded\"");
        __atomic_store_n(&t->under_way, 1, __ATOMIC_RELEASE);
        break;
    case READ:
        break;
    case NOTHING:
        FAIL("an answer to ticket %llu, which nobody waits for", (unsigned long long)completion->ticket);
    }
    tasker_buffer_free(&completion->reply);
}

/* Waits for the wake descriptor alone: a wake-up that a child took would stop
 * the traffic, which nothing else wakes. */
static void collect(struct traffic *t, int32_t fd) {
    tasker_completion completions[FLIGHT];
    size_t count;
    struct pollfd entry = {fd, POLLIN, 0};
    if (poll(&entry, 1, 10000) != 1) {
        FAIL("%s: no answer came for ten seconds; %d calls are in flight", t->store->name, t->in_flight);
    }
    CHECK(tasker_collect(t->store->engine, completions, FLIGHT, &count) == TASKER_OK);
    for (size_t i = 0; i < count; i++) {
        take(t, &completions[i]);
    }
}

static void *drive(void *value) {
    struct traffic *t = value;
    int32_t fd;
    CHECK(tasker_wake_fd(t->store->engine, &fd) == TASKER_OK);
    while (!stopped() || t->done < t->created || t->opening > 0 || t->in_flight > 0) {
        while (t->in_flight < FLIGHT && (!stopped() || t->done < t->created)) {
            submit_next(t);
        }
        if (t->in_flight > 0) {
            collect(t, fd);
        }
    }
    return NULL;
}

/* Stands inside a call that waits for work that never comes. */
static void *wait_inside(void *value) {
    struct traffic *t = value;
    tasker_buffer reply;
    request(&reply, tasker_worker_register, t->store->engine, "{\"handlers\": [{\"namespace\": \"nowhere\"}]}");
    int64_t worker = number(&reply, "worker_id");
    tasker_buffer_free(&reply);
    while (!stopped()) {
        request(&reply, tasker_step_claim, t->store->engine, "{\"worker_id\": %lld, \"wait_ms\": 200}", (long long)worker);
        tasker_buffer_free(&reply);
    }
    return NULL;
}

/* traffic_start returns when all of it is under way. */
void traffic_start(void) {
    for (int i = 0; i < STORES; i++) {
        struct traffic *t = &lines[i];
        t->store = &stores[i];
        tasker_buffer reply;
        request(&reply, tasker_worker_register, t->store->engine,
                "{\"handlers\": [{\"namespace\": \"fork\", \"task\": \"busy\"}]}");
        t->worker = number(&reply, "worker_id");
        tasker_buffer_free(&reply);
        CHECK(pthread_create(&t->thread, NULL, drive, t) == 0);
        CHECK(pthread_create(&t->waiter, NULL, wait_inside, t) == 0);
    }
    for (int i = 0; i < STORES; i++) {
        while (!__atomic_load_n(&lines[i].under_way, __ATOMIC_ACQUIRE)) {
            (void)usleep(1000);
        }
    }
}

/* traffic_stop works off what is open and requires that nothing was lost. */
void traffic_stop(void) {
    __atomic_store_n(&stopping, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < STORES; i++) {
        CHECK(pthread_join(lines[i].thread, NULL) == 0 && pthread_join(lines[i].waiter, NULL) == 0);
        printf("%s: the parent ran %lld steps meanwhile\n", lines[i].store->name, (long long)lines[i].done);
        CHECK(lines[i].done == lines[i].created && lines[i].done > 0);
    }
}
