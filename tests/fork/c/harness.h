/* What the cases share. Each case is a function of no arguments that returns
 * when all is well and ends the process with a message when it is not. */
#ifndef TASKER_FORK_HARNESS_H
#define TASKER_FORK_HARNESS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <tasker_core.h>

/* Ends the process at once: what is registered with atexit belongs to whoever
 * forked us and is not to run after a failure. */
#define FAIL(...)                                                     \
    do {                                                              \
        fprintf(stderr, "process %d, %s:%d: ", (int)getpid(), __FILE__, __LINE__); \
        fprintf(stderr, __VA_ARGS__);                                 \
        fputc('\n', stderr);                                          \
        _exit(1);                                                     \
    } while (0)

#define CHECK(condition)                         \
    do {                                         \
        if (!(condition)) {                      \
            FAIL("not true: %s", #condition);    \
        }                                        \
    } while (0)

typedef int32_t (*operation)(tasker_engine, const uint8_t *, size_t, tasker_buffer *);

/* A database, and the engine that the first process opened on it. */
struct store {
    const char *name;
    const char *config; /* of tasker_open */
    const char *ledger; /* file in which every run of a step is noted */
    tasker_engine engine;
};

enum { EMBEDDED, POSTGRESQL, STORES };
extern struct store stores[STORES];

/* main.c: argv, for the case that overwrites it. */
extern char **program_arguments;

/* harness.c */
void open_stores(void);
void close_stores(void);
tasker_engine open_engine(const char *config);
void close_engine(tasker_engine engine);
void request(tasker_buffer *reply, operation call, tasker_engine engine, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int64_t number(const tasker_buffer *reply, const char *key);
int has(const tasker_buffer *reply, const char *text);
void note(const struct store *store, int64_t step, int64_t epoch);
int count_from_environment(const char *name, int otherwise);

/* work.c */
void work(const struct store *store);
void work_everywhere(void);
void expect_forked(tasker_engine engine);

/* watch.c: a child has a deadline of five seconds. */
int64_t now_ms(void);
void finish(pid_t child);
void finish_within(pid_t child, int64_t ms);
int ended_within(pid_t child, int64_t ms);
pid_t in_child(void (*action)(void));

/* traffic.c: a parent that is busy. */
void traffic_start(void);
void traffic_stop(void);

/* measure.c */
int count_entries(const char *folder);
long memory_kb(void);
long anonymous_kb(void);
int copies(void);

/* The cases, by file. */
void case_calm(void);
void case_busy(void);
void case_nested(void);
void case_threads(void);
void case_loading(void);
void case_racing_forks(void);
void case_opening(void);
void case_deep(void);
void case_no_descriptors(void);
void case_spawn(void);
void case_forking_thread(void);
void case_before_open(void);
void case_daemon(void);
void case_daemon_closing(void);
void case_orphan(void);
void case_renamed(void);
void case_second_runtime(void);
void case_second_runtime_dead(void);
void case_raw_clone(void);
void case_error_mode(void);
void case_memory(void);
void case_harmless_close(void);
void case_parents_buffer(void);
void case_wake(void);
void case_wake_others(void);
void case_many_forks(void);
void case_lean_copies(void);
void case_signal_stack(void);
void case_replaced(void);
void case_deleted(void);
void case_no_memfd(void);
void case_no_proc(void);
void case_noexec(void);
void case_nothing_left(void);

#endif
