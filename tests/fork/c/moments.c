/* Forks at awkward moments. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "harness.h"

enum { FORKERS = 4, ROUNDS = 4, OPENINGS = 5 };

static int deepest;

static void *fork_in_a_loop(void *value) {
    for (int i = 0; i < ROUNDS; i++) {
        finish(in_child(work_everywhere));
    }
    return value;
}

/* Several threads fork at once, while others are at work. */
void case_racing_forks(void) {
    pthread_t threads[FORKERS];
    open_stores();
    traffic_start();
    for (int i = 0; i < FORKERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, fork_in_a_loop, NULL) == 0);
    }
    for (int i = 0; i < FORKERS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    traffic_stop();
    close_stores();
}

static int opening; /* atomic */

static void *open_in_a_loop(void *value) {
    const struct store *store = value;
    while (__atomic_load_n(&opening, __ATOMIC_ACQUIRE)) {
        close_engine(open_engine(store->config));
        (void)usleep(5000); /* the children have to get on, too */
    }
    return NULL;
}

/* A child uses what it inherited and opens engines of its own, whose numbers are
 * no others'. */
static void work_and_open(void) {
    tasker_engine own[STORES];
    work_everywhere();
    for (int i = 0; i < STORES; i++) {
        own[i] = open_engine(stores[i].config);
        for (int k = 0; k < STORES; k++) {
            CHECK(own[i] != stores[k].engine);
        }
        struct store other = stores[i];
        other.engine = own[i];
        work(&other);
    }
    work_everywhere();
    for (int i = 0; i < STORES; i++) {
        close_engine(own[i]);
    }
}

/* The first of all opens is cut by forks, and so are later ones and closes. */
void case_opening(void) {
    pthread_t threads[STORES];
    __atomic_store_n(&opening, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < STORES; i++) {
        CHECK(pthread_create(&threads[i], NULL, open_in_a_loop, &stores[i]) == 0);
    }
    for (int i = 0; i < OPENINGS; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            open_stores();
            work_everywhere();
            _exit(0);
        }
        finish(child);
    }
    open_stores();
    for (int i = 0; i < OPENINGS; i++) {
        finish(in_child(work_and_open));
    }
    __atomic_store_n(&opening, 0, __ATOMIC_RELEASE);
    for (int i = 0; i < STORES; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    close_stores();
}

/* Each copy takes a little of a fixed amount of thread memory. When that is used
 * up, the answer is the reason; twenty generations must work. */
static void nest(int depth) {
    tasker_buffer reply;
    int32_t status = tasker_engine_health(stores[EMBEDDED].engine, NULL, 0, &reply);
    if (status == TASKER_E_FORKED && depth > 20) {
        printf("generation %d: %s\n", depth, (const char *)reply.data);
        tasker_buffer_free(&reply);
        expect_forked(stores[EMBEDDED].engine);
        return;
    }
    if (status != TASKER_OK) {
        FAIL("generation %d: %d: %s", depth, (int)status, reply.data ? (const char *)reply.data : "");
    }
    tasker_buffer_free(&reply);
    if (depth == deepest) {
        printf("generation %d works\n", depth);
        return;
    }
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        nest(depth + 1);
        fflush(stdout);
        _exit(0);
    }
    finish_within(child, 5000 * (deepest - depth));
}

void case_deep(void) {
    deepest = count_from_environment("FORK_N", 40) >= 200 ? 40 : 21;
    open_stores();
    nest(0);
    work_everywhere();
    close_stores();
}

static void limit_descriptors(rlim_t count) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = count;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* Without a descriptor left nothing can be copied or opened. The child is told
 * at once, of whatever kind the failure is. */
static void fail_without_descriptors(void) {
    for (int i = 0; i < STORES; i++) {
        tasker_buffer reply;
        int64_t started = now_ms();
        int32_t status = tasker_engine_health(stores[i].engine, NULL, 0, &reply);
        printf("%s: %d after %lld ms: %s\n", stores[i].name, (int)status, (long long)(now_ms() - started),
               reply.data ? (const char *)reply.data : "");
        fflush(stdout);
        CHECK(status != TASKER_OK && has(&reply, "\"message\":"));
        tasker_buffer_free(&reply);
    }
}

static void work_with_more_descriptors(void) {
    limit_descriptors(1024);
    work_everywhere();
}

void case_no_descriptors(void) {
    open_stores();
    work_everywhere();
    limit_descriptors(3);
    pid_t child = in_child(fail_without_descriptors);
    limit_descriptors(1024); /* for the descriptor by which we wait */
    finish(child);
    finish(in_child(work_everywhere));
    work_everywhere();
    limit_descriptors(3);
    child = in_child(work_with_more_descriptors);
    limit_descriptors(1024);
    finish(child);
    work_everywhere();
    close_stores();
}

static pid_t handled;

static void *work_beside(void *unused) {
    work_everywhere();
    return unused;
}

/* Another thread of the child starts the library while this one stands here. */
static void fork_on_the_signal_stack(int signal) {
    pthread_t thread;
    handled = fork();
    if (handled == 0) {
        CHECK(signal == SIGUSR1 && pthread_create(&thread, NULL, work_beside, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
}

/* The runtime of the parent lends the threads that call it a signal stack, which
 * lies in its heap. A child may stand on it, and needs it for its own signals. */
void case_signal_stack(void) {
    stack_t lent;
    struct sigaction action = {.sa_handler = fork_on_the_signal_stack, .sa_flags = SA_ONSTACK};
    open_stores();
    work_everywhere();
    CHECK(sigaltstack(NULL, &lent) == 0 && (lent.ss_flags & SS_DISABLE) == 0);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    for (int i = 0; i < 5; i++) {
        CHECK(raise(SIGUSR1) == 0);
        if (handled == 0) {
            work_everywhere();
            CHECK(raise(SIGUSR1) == 0);
            if (handled == 0) {
                work_everywhere();
                _exit(0);
            }
            finish(handled);
            work_everywhere();
            _exit(0);
        }
        finish_within(handled, 10000);
        work_everywhere();
    }
    close_stores();
}
