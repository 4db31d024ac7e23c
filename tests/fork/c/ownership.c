/* What belongs to the parent stays the parent's. */
#include <poll.h>

#include "harness.h"

static void close_all(void) {
    close_stores();
    exit(0);
}

static void use_and_close(void) {
    work_everywhere();
    close_stores();
    tasker_buffer reply;
    for (int i = 0; i < STORES; i++) {
        CHECK(tasker_engine_health(stores[i].engine, NULL, 0, &reply) == TASKER_E_CLOSED);
        tasker_buffer_free(&reply);
    }
    exit(0);
}

struct held {
    int64_t worker, step, epoch;
};

static struct held hold(const struct store *store) {
    struct held held;
    tasker_buffer reply;
    request(&reply, tasker_worker_register, store->engine, "{\"handlers\": [{\"namespace\": \"fork\", \"task\": \"busy\"}]}");
    held.worker = number(&reply, "worker_id");
    tasker_buffer_free(&reply);
    request(&reply, tasker_task_create, store->engine, "{\"name\": \"busy\", \"namespace\": \"fork\", \"context\": {\"n\": 1}}");
    tasker_buffer_free(&reply);
    request(&reply, tasker_step_claim, store->engine, "{\"worker_id\": %lld}", (long long)held.worker);
    held.step = number(&reply, "step_id");
    held.epoch = number(&reply, "epoch");
    tasker_buffer_free(&reply);
    note(store, held.step, held.epoch);
    return held;
}

static void complete(const struct store *store, struct held held) {
    tasker_buffer reply;
    request(&reply, tasker_step_report, store->engine,
            "{\"outcomes\": [{\"step_id\": %lld, \"epoch\": %lld, \"status\": \"complete\"}], \"claim\": {\"worker_id\": %lld, \"limit\": 1}}",
            (long long)held.step, (long long)held.epoch, (long long)held.worker);
    if (!has(&reply, "\"verdict\":\"recorded\"") || has(&reply, "claim_problem")) {
        FAIL("the parent's worker did not live on: %s", (const char *)reply.data);
    }
    tasker_buffer_free(&reply);
}

/* A child that closes what it inherited, or ends with its finalizers, leaves
 * the parent's engine, worker and lease alone. */
void case_harmless_close(void) {
    struct held held[STORES];
    open_stores();
    for (int i = 0; i < STORES; i++) {
        held[i] = hold(&stores[i]);
    }
    finish(in_child(close_all));
    finish(in_child(use_and_close));
    for (int i = 0; i < STORES; i++) {
        complete(&stores[i], held[i]);
    }
    work_everywhere();
    close_stores();
}

enum { BUFFERS = 100 };
static tasker_buffer buffers[BUFFERS];

static void free_buffers(void) {
    for (int i = 0; i < BUFFERS; i++) {
        CHECK(buffers[i].data[buffers[i].len] == 0);
        tasker_buffer_free(&buffers[i]);
        tasker_buffer_free(&buffers[i]);
    }
}

static void free_work_free(void) {
    free_buffers();
    work_everywhere();
}

static void work_and_free(void) {
    work_everywhere();
    free_buffers();
}

/* The parent's buffers can be freed in a child, before and after it works. */
void case_parents_buffer(void) {
    open_stores();
    for (int i = 0; i < BUFFERS; i++) {
        request(&buffers[i], tasker_engine_config_get, stores[i % STORES].engine, "{}");
    }
    finish(in_child(free_work_free));
    finish(in_child(work_and_free));
    free_buffers();
    close_stores();
}

static int readable(int32_t fd, int timeout_ms) {
    struct pollfd entry = {fd, POLLIN, 0};
    return poll(&entry, 1, timeout_ms) == 1 && (entry.revents & POLLIN) != 0;
}

/* Submits a call from memory and one with the database together, and takes the
 * answers when the descriptor says so. */
static void ring(const struct store *store, int32_t fd) {
    uint64_t ticket;
    tasker_buffer reply;
    tasker_submission both[2] = {{.operation = TASKER_OP_ENGINE_CONFIG_GET}, {.operation = TASKER_OP_ENGINE_HEALTH}};
    uint64_t sum = 0;
    CHECK(tasker_submit_many(store->engine, both, 2, &ticket, &reply) == TASKER_OK);
    for (size_t taken = 0, count; taken < 2; taken += count) {
        tasker_completion completion;
        if (!readable(fd, 4000)) {
            FAIL("%s: the wake-up did not come", store->name);
        }
        CHECK(tasker_collect(store->engine, &completion, 1, &count) == TASKER_OK);
        if (count == 1) {
            CHECK(completion.status == TASKER_OK);
            sum += completion.ticket;
            tasker_buffer_free(&completion.reply);
        }
    }
    CHECK(sum == 2 * ticket + 1);
}

static int32_t wake_fds[STORES];

/* Takes whatever can be read under the parent's numbers for a while, and uses
 * them for its own calls; they must still be where its event loop waits. */
static void read_wake_fds(void) {
    for (int i = 0; i < STORES; i++) {
        int32_t fd;
        char byte;
        for (int round = 0; round < 20; round++) {
            if (readable(wake_fds[i], 5)) {
                (void)!read(wake_fds[i], &byte, 1);
            }
        }
        ring(&stores[i], wake_fds[i]);
        CHECK(tasker_wake_fd(stores[i].engine, &fd) == TASKER_OK && fd == wake_fds[i]);
        ring(&stores[i], fd);
    }
    work_everywhere();
}

void case_wake(void) {
    open_stores();
    for (int i = 0; i < STORES; i++) {
        CHECK(tasker_wake_fd(stores[i].engine, &wake_fds[i]) == TASKER_OK);
        ring(&stores[i], wake_fds[i]);
    }
    for (int child = 0; child < 5; child++) {
        pid_t pid = in_child(read_wake_fds);
        while (!ended_within(pid, 1)) {
            for (int i = 0; i < STORES; i++) {
                ring(&stores[i], wake_fds[i]);
            }
        }
        finish(pid);
    }
    close_stores();
}

/* By these a child says that it listens, and its parent that it may go on. */
static int told[2], asked[2];

static void say(const int ends[2]) { CHECK(write(ends[1], "s", 1) == 1); }

static void await(const int ends[2]) {
    char byte;
    CHECK(read(ends[0], &byte, 1) == 1);
}

/* To have inherited a descriptor starts nothing, whatever others do. */
static void rest(void) {
    await(asked);
    for (int i = 0; i < STORES; i++) {
        CHECK(!readable(wake_fds[i], 200));
    }
    CHECK(count_entries("/proc/self/task") == 1);
}

/* To ask for it is enough to hear of what others do. */
static void listen_to_others(void) {
    int32_t fd;
    char byte;
    for (int i = 0; i < STORES; i++) {
        CHECK(tasker_wake_fd(stores[i].engine, &fd) == TASKER_OK && fd == wake_fds[i]);
        while (readable(fd, 500)) { /* beginning to listen is told of, too */
            CHECK(read(fd, &byte, 1) == 1);
            tasker_completion none;
            size_t count;
            CHECK(tasker_collect(stores[i].engine, &none, 1, &count) == TASKER_OK && count == 0);
        }
    }
    say(told);
    for (int i = 0; i < STORES; i++) {
        if (!readable(wake_fds[i], 4000)) {
            FAIL("%s: nothing was heard of the parent's work", stores[i].name);
        }
    }
}

void case_wake_others(void) {
    CHECK(pipe(told) == 0 && pipe(asked) == 0);
    open_stores();
    for (int i = 0; i < STORES; i++) {
        CHECK(tasker_wake_fd(stores[i].engine, &wake_fds[i]) == TASKER_OK);
    }
    pid_t child = in_child(rest);
    work_everywhere();
    say(asked);
    finish(child);
    child = in_child(listen_to_others);
    await(told);
    work_everywhere();
    finish(child);
    close_stores();
}

static tasker_engine refusing;

/* To be refused an engine takes no runtime, which would be threads. */
static void refused_without_a_thread(void) {
    expect_forked(refusing);
    CHECK(count_entries("/proc/self/task") == 1);
}

static void refused_but_others_work(void) {
    refused_without_a_thread();
    work_everywhere();
    expect_forked(refusing);
    finish(in_child(refused_without_a_thread));
    tasker_buffer reply;
    int32_t status = tasker_close(refusing, NULL, 0, &reply);
    CHECK(status == TASKER_OK || status == TASKER_E_FORKED);
    tasker_buffer_free(&reply);
}

/* An engine that cannot or shall not be re-opened says so, and the others work. */
static void refusing_engine(const char *variable) {
    tasker_buffer reply;
    open_stores();
    CHECK(getenv(variable) != NULL);
    refusing = open_engine(getenv(variable));
    finish(in_child(refused_but_others_work));
    request(&reply, tasker_engine_health, refusing, "{}");
    tasker_buffer_free(&reply);
    close_engine(refusing);
    close_stores();
}

void case_error_mode(void) { refusing_engine("FORK_ERROR_MODE"); }
void case_memory(void) { refusing_engine("FORK_MEMORY"); }

static void fork_many(int count) {
    for (int i = 0; i < count; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            if (i % 10 == 0) {
                work_everywhere();
            }
            _exit(0);
        }
        finish(child);
    }
}

/* A parent that forks again and again does not grow, whether its children use
 * the library or not. */
void case_many_forks(void) {
    open_stores();
    work_everywhere();
    fork_many(20);
    int descriptors = count_entries("/proc/self/fd"), threads = count_entries("/proc/self/task"),
        maps = count_entries("/proc/self/map_files");
    long memory = memory_kb();
    fork_many(100);
    printf("after 20 forks and 100 more: %d and %d descriptors, %d and %d threads, %d and %d mappings, %ld and %ld KB\n",
           descriptors, count_entries("/proc/self/fd"), threads, count_entries("/proc/self/task"), maps,
           count_entries("/proc/self/map_files"), memory, memory_kb());
    fflush(stdout);
    /* The pools of both stores may fill meanwhile, to 18 descriptors; one that
     * each fork left behind would be a hundred. */
    CHECK(count_entries("/proc/self/fd") <= descriptors + 18);
    CHECK(count_entries("/proc/self/task") <= threads + 4);
    CHECK(count_entries("/proc/self/map_files") <= maps + 30);
    CHECK(memory_kb() < memory + 4096);
    close_stores();
}

enum { GENERATIONS = 5, KEPT_KB = 6500 };
static int generation;
static long anonymous[GENERATIONS + 1];

/* Whose heap is dead: what it held is not kept. Five rounds are little work, but
 * more than what an empty heap takes. */
static void be_lean(void) {
    for (int i = 0; i < 5; i++) {
        work_everywhere();
    }
    CHECK(copies() == generation);
    anonymous[generation] = anonymous_kb();
    if (generation == GENERATIONS) {
        long each = (anonymous[GENERATIONS] - anonymous[1]) / (GENERATIONS - 1);
        printf("a generation keeps %ld KB\n", each);
        fflush(stdout);
        CHECK(each < KEPT_KB);
        return;
    }
    generation++;
    finish_within(in_child(be_lean), 5000 * (GENERATIONS + 1 - generation));
}

/* A copy has variables of its own, but not 18 megabytes of code and constants, and
 * when its runtime is dead its heap is given back. */
void case_lean_copies(void) {
    open_stores();
    be_lean();
    CHECK(copies() == 1); /* for the next child */
    finish(in_child(work_everywhere));
    work_everywhere();
    close_stores();
}
