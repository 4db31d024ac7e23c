/* What the cases share. Each case is a function of no arguments that returns
 * when all is well and ends the process with a message when it is not. */
#ifndef TASKER_TEST_HARNESS_H
#define TASKER_TEST_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tasker_core.h>

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);     \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

/* Compares a status and, when it differs, shows the reply. */
#define CHECK_STATUS(want, call, reply)                                                   \
    do {                                                                                  \
        int32_t have_ = (call);                                                           \
        if (have_ != (want)) {                                                            \
            fprintf(stderr, "%s:%d: %s is %d, not %s: %s\n", __FILE__, __LINE__, #call,   \
                    (int)have_, #want, (reply)->data ? (const char *)(reply)->data : ""); \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

typedef int32_t (*operation)(tasker_engine, const uint8_t *, size_t, tasker_buffer *);

/* Opens the embedded file in the working directory, which the test made. */
tasker_engine open_engine(void);
void close_engine(tasker_engine engine);

/* One operation with text as its request; the reply is freed. */
int32_t run(operation call, tasker_engine engine, const char *request);

/* Whether the reply is an error with this code. */
int has_code(const tasker_buffer *reply, const char *code);

/* Whether the reply has a key with this number. */
int has_number(const tasker_buffer *reply, const char *key, size_t number);

static inline const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

/* The cases, by file. */
void case_library(void);
void case_null_arguments(void);
void case_absurd_lengths(void);
void case_buffers(void);
void case_requests(void);
void case_configuration(void);
void case_handles(void);
void case_concurrent_close(void);
void case_interrupt(void);
void case_close_with_thread(void);
void case_probe_thread(void);
void case_threads(void);
void case_foreign_stack(void);
void case_stacks_are_released(void);
void case_no_keys_left(void);
void case_submit_and_collect(void);
void case_submit_refused(void);
void case_many(void);
void case_many_refused(void);
void case_many_limit(void);
void case_many_threads(void);
void case_wake_descriptor(void);
void case_claim_keeps_answers(void);
void case_wake_is_never_lost(void);
void case_fork(void);
void case_fork_before_open(void);
void case_fork_close(void);
void case_fork_busy(void);
void case_raw_clone(void);
void case_spawn(void);
void case_hygiene(void);
void case_library_threads_block_signals(void);
void case_many_host_threads(void);
void case_signals_during_traffic(void);
void case_signals_during_writes(void);
void case_environment(void);

/* Those that need the operation of the test builds. */
void case_probe(void);
void case_probe_many(void);
void case_lengths(void);
void case_panic_while_reopening(void);

#endif
