/* Engines: numbers that are not open, closing during calls, interruption. */
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static void check_closed(tasker_engine engine) {
    tasker_buffer reply;
    uint64_t ticket;
    size_t count;
    int32_t fd;
    CHECK(tasker_engine_config_get(engine, NULL, 0, &reply) == TASKER_E_CLOSED && has_code(&reply, "closed"));
    tasker_buffer_free(&reply);
    CHECK(tasker_engine_health(engine, NULL, 0, &reply) == TASKER_E_CLOSED && has_code(&reply, "closed"));
    tasker_buffer_free(&reply);
    CHECK(tasker_submit(engine, TASKER_OP_ENGINE_HEALTH, NULL, 0, &ticket, &reply) == TASKER_E_CLOSED && ticket == 0);
    CHECK(has_code(&reply, "closed"));
    tasker_buffer_free(&reply);
    CHECK(tasker_collect(engine, NULL, 0, &count) == TASKER_E_CLOSED);
    CHECK(tasker_interrupt(engine) == TASKER_E_CLOSED);
    CHECK(tasker_wake_fd(engine, &fd) == TASKER_E_CLOSED && fd == -1);
    CHECK(tasker_close(engine, NULL, 0, &reply) == TASKER_E_CLOSED && has_code(&reply, "closed"));
    tasker_buffer_free(&reply);
}

void case_handles(void) {
    tasker_engine engine = open_engine();
    const tasker_engine forged[] = {0, 1, 42, engine + 1, engine - 1, engine ^ (UINT64_C(1) << 20), engine + (UINT64_C(1) << 16),
                                    UINT64_C(1) << 52, UINT64_C(1) << 53, UINT64_MAX, engine | (UINT64_C(1) << 60)};
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        check_closed(forged[i]);
    }
    CHECK(run(tasker_engine_config_get, engine, "{}") == TASKER_OK);
    close_engine(engine);
    check_closed(engine);
    /* The place is used again, the number is not. */
    tasker_engine next = open_engine();
    CHECK(next != engine);
    check_closed(engine);
    close_engine(next);
}

struct caller {
    tasker_engine engine;
    int32_t closed_by; /* status of tasker_close, or -1 */
    unsigned served;
};

static void *call_until_closed(void *value) {
    struct caller *caller = value;
    for (;;) {
        int32_t status = run(tasker_engine_health, caller->engine, "{}");
        if (status == TASKER_E_CLOSED) {
            return NULL;
        }
        CHECK(status == TASKER_OK || status == TASKER_E_CANCELLED);
        __atomic_fetch_add(&caller->served, 1, __ATOMIC_RELAXED);
    }
}

static void *close_it(void *value) {
    struct caller *caller = value;
    tasker_buffer reply;
    caller->closed_by = tasker_close(caller->engine, NULL, 0, &reply);
    tasker_buffer_free(&reply);
    return NULL;
}

/* Of two that close while eight call, one closes and nobody hangs or crashes. */
void case_concurrent_close(void) {
    struct caller callers[10] = {{0, -1, 0}};
    pthread_t threads[10];
    tasker_engine engine = open_engine();
    for (size_t i = 0; i < 10; i++) {
        callers[i].engine = engine;
        callers[i].closed_by = -1;
    }
    for (size_t i = 0; i < 8; i++) {
        CHECK(pthread_create(&threads[i], NULL, call_until_closed, &callers[i]) == 0);
    }
    while (__atomic_load_n(&callers[0].served, __ATOMIC_RELAXED) < 20) {
        sched_yield();
    }
    for (size_t i = 8; i < 10; i++) {
        CHECK(pthread_create(&threads[i], NULL, close_it, &callers[i]) == 0);
    }
    for (size_t i = 0; i < 10; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    int32_t first = callers[8].closed_by, second = callers[9].closed_by;
    CHECK((first == TASKER_OK && second == TASKER_E_CLOSED) || (first == TASKER_E_CLOSED && second == TASKER_OK));
}

static void *wait_for_work(void *value) {
    struct caller *caller = value;
    caller->closed_by = run(tasker_step_claim, caller->engine, "{\"worker_id\": 1, \"wait_ms\": 600000, \"timeout_ms\": 600000}");
    __atomic_store_n(&caller->served, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* A call that would wait ten minutes is ended by tasker_interrupt, and another
 * by tasker_close. Interrupting again until it is over covers the moment before
 * the call begins to wait. */
void case_interrupt(void) {
    tasker_engine engine = open_engine();
    CHECK(run(tasker_worker_register, engine, "{\"name\": \"w\", \"language\": \"c\", \"handlers\": [{}]}") == TASKER_OK);
    struct caller caller = {engine, -1, 0};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_for_work, &caller) == 0);
    while (__atomic_load_n(&caller.served, __ATOMIC_ACQUIRE) == 0) {
        CHECK(tasker_interrupt(engine) == TASKER_OK);
        sched_yield();
    }
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(caller.closed_by == TASKER_OK || caller.closed_by == TASKER_E_CANCELLED);
    caller.served = 0;
    CHECK(pthread_create(&thread, NULL, wait_for_work, &caller) == 0);
    close_engine(engine);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(caller.closed_by == TASKER_OK || caller.closed_by == TASKER_E_CANCELLED || caller.closed_by == TASKER_E_CLOSED);
}

/* Engines of a thread that ends, and one that is not its own. */
struct owner {
    tasker_engine kept, closed, left;
};

static void *own_and_end(void *value) {
    struct owner *owner = value;
    CHECK(tasker_close_with_thread(owner->left) == TASKER_OK);
    for (int i = 0; i < 3; i++) { /* the same one again, and others that are closed in time */
        owner->closed = open_engine();
        CHECK(tasker_close_with_thread(owner->closed) == TASKER_OK && tasker_close_with_thread(owner->closed) == TASKER_OK);
        close_engine(owner->closed);
        CHECK(tasker_close_with_thread(owner->closed) == TASKER_E_CLOSED);
    }
    int status;
    pid_t child = fork(); /* whose end closes nothing of ours */
    if (child == 0) {
        pthread_exit(NULL);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    CHECK(run(tasker_engine_config_get, owner->left, "{}") == TASKER_OK);
    return NULL;
}

/* The end of a thread closes what it owns, with its waiting calls, and no more. */
void case_close_with_thread(void) {
    struct owner owner = {open_engine(), 0, open_engine()};
    struct caller caller = {owner.left, -1, 0};
    pthread_t waiter, thread;
    CHECK(run(tasker_worker_register, owner.left, "{\"name\": \"w\", \"language\": \"c\", \"handlers\": [{}]}") == TASKER_OK);
    CHECK(pthread_create(&waiter, NULL, wait_for_work, &caller) == 0);
    CHECK(pthread_create(&thread, NULL, own_and_end, &owner) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    check_closed(owner.left);
    CHECK(pthread_join(waiter, NULL) == 0);
    CHECK(tasker_close_with_thread(0) == TASKER_E_CLOSED && tasker_close_with_thread(owner.left) == TASKER_E_CLOSED);
    CHECK(run(tasker_engine_config_get, owner.kept, "{}") == TASKER_OK);
    close_engine(owner.kept);
}

void case_environment(void) {
    /* Set after the program began: Go's own view of the environment lacks it. */
    CHECK(setenv("TASKER_DATABASE_URL", "sqlite:named_by_the_host.sqlite3", 1) == 0);
    tasker_engine engine;
    tasker_buffer reply;
    CHECK_STATUS(TASKER_OK, tasker_open(NULL, 0, &engine, &reply), &reply);
    CHECK(strstr((const char *)reply.data, "named_by_the_host.sqlite3") != NULL);
    tasker_buffer_free(&reply);
    close_engine(engine);
}
