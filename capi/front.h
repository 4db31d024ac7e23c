/*
 * front.h: what the C files of the front share with each other and with Go.
 *
 * The front is a thin layer of C before the Go core. Every exported function
 * follows the same path:
 *
 *   process    start.c      has this process a Go runtime? if not, start one
 *   engine     engines.c    was the engine opened here, or by a parent?
 *   arguments  front.c      pointers and lengths, before anything reads them
 *   crossing   stack.c      enter Go on a stack that Go can work with
 *   waiting    event.c      sleep in C until Go completes the call
 *   reply      reply.c      memory by malloc, so that plain C can free it
 *
 * The runtime that is entered may be the one in this library or one in a copy of
 * it (copy.c), if the process was forked (fork.c). Only this library's own C
 * files know what belongs to the process; what the Go code of a copy needs of
 * them it reaches through a table of functions (struct tk_services).
 *
 * Nothing here is part of the interface: names carry the prefix tk_ and the
 * linker hides them.
 */
#ifndef TASKER_FRONT_H
#define TASKER_FRONT_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tasker_core.h"

/* What a crossing asks Go to do. */
enum tk_verb {
    TK_START = 1, /* wait until the runtime is ready */
    TK_OPEN,
    TK_CLOSE,
    TK_INTERRUPT,
    TK_WAKE_FD,
    TK_OPERATION,
    TK_SUBMIT,
    TK_COLLECT,
    TK_BUILD_INFO
};

/*
 * Something that happens once and that one thread waits for. 0: not yet;
 * 1: happened; 2: not yet, and the waiting thread sleeps.
 */
struct tk_event {
    uint32_t state;
};

/*
 * One crossing into Go. It lies on the caller's stack: the caller returns only
 * after `done`, and Go touches it only before.
 */
struct tk_call {
    /* filled by C */
    uint32_t verb;
    uint32_t operation;
    uint32_t inherited; /* open only: a parent had it open */
    const sigset_t *signals; /* what the host blocks, filled by the crossing */
    bool roomy;         /* Go runs on a stack that has room for a database, filled by the crossing */
    int32_t wake[2];    /* open: the inherited wake descriptor or -1; wake: both ends, filled by Go */
    uint64_t engine;    /* open: the number it gets */
    const uint8_t *request;
    size_t request_len;
    const uint8_t *environment; /* NAME=value texts, each ended by NUL (open only) */
    size_t environment_len;
    const tasker_submission *submissions; /* submit only */
    tasker_completion *completions;       /* collect only */
    size_t count;                         /* of those, or of the places for these */
    /* filled by Go, through tk_complete */
    int32_t status;
    tasker_buffer reply;
    tasker_buffer refusal; /* open: the reply that a forked child gets; empty: it opens the engine again */
    uint64_t value; /* first ticket, or how many were collected; start: the generation, filled by C */
    const char *text; /* build info: lives as long as the process */
    struct tk_event done;
};

typedef void (*tk_entry)(struct tk_call *call);

/* What belongs to this process alone: all zero in a forked child. */
struct tk_process {
    tk_entry enter;       /* the runtime; NULL while none was started */
    pthread_mutex_t mutex; /* held while it is started; all zero is its initial value */
    const char *problem;  /* why there can be none, or NULL */
    uint32_t generation;  /* of the runtime */
    uint32_t settled;     /* what a parent left has been dealt with */
    stack_t signal_stack; /* of the thread that forked; the parent's runtime may have given it */
};

/* start.c */
struct tk_process *tk_process_this(void);
bool tk_process_running(void);
int32_t tk_process_start(void);
const char *tk_process_problem(void);
int tk_thread_start(pthread_t *thread, void *(*run)(void *), void *value);
void tk_start_prepare(void);
void tk_start_forked(void);

/* A copy of the library: everything in it lies at this distance from ours. */
struct tk_image {
    ptrdiff_t distance;
};

#define TK_THERE(distance, thing) ((__typeof__(&(thing)))((uintptr_t)&(thing) + (uintptr_t)(distance)))

/* hold.c */
bool tk_hold_works(void);
bool tk_hold_release(void);
uintptr_t tk_hold_base(void);
size_t tk_hold_size(void);
const void *tk_hold_data(size_t *size);
void tk_hold_share(ptrdiff_t distance, int file, int copy);

/* heap.c */
void tk_heap_discard(ptrdiff_t distance, const stack_t *kept);

/* copy.c */
void tk_file_keep(void);
const char *tk_copy_make(struct tk_image *image);
bool tk_image_holds(uintptr_t address);

/* signals.c */
void tk_signals_block(sigset_t *before);
void tk_signals_unblock(const sigset_t *before);
void tk_signals_close(ptrdiff_t distance);
void tk_signals_save(void);
void tk_signals_return(void);
void tk_signals_release(void);

/* fork.c */
void tk_fork_watch(void);
void tk_fork_settle(void);
void tk_gate_enter(void);
void tk_gate_leave(void);
void tk_socket_add(int32_t descriptor);
void tk_socket_remove(int32_t descriptor);
int tk_pipe_open(int32_t ends[2]);
void tk_pipe_close(const int32_t ends[2]);
bool tk_pipe_lives(const int32_t ends[2]);

/* engines.c */
struct tk_engine;
struct tk_engine *tk_engine_reserve(const struct tk_call *call, tasker_engine *number);
void tk_engine_publish(struct tk_engine *entry, const struct tk_call *call);
struct tk_engine *tk_engine_take(tasker_engine number, bool *here);
void tk_engine_drop(struct tk_engine *entry);
bool tk_engine_refuses(tasker_engine number, tasker_buffer *reply);
int32_t tk_engine_ready(tasker_engine number, tasker_buffer *reply);
bool tk_engine_known(tasker_engine number);
bool tk_engine_inherited(tasker_engine number);
void tk_engine_keep_wake(tasker_engine number, const int32_t ends[2]);
void tk_engines_forked(void);

/* What Go code calls in the C files of the library that the host has loaded, and
 * not in those of the copy that the code itself may lie in. */
struct tk_services {
    void (*gate_enter)(void);
    void (*gate_leave)(void);
    void (*socket_add)(int32_t descriptor);
    void (*socket_remove)(int32_t descriptor);
    int (*pipe_open)(int32_t ends[2]);
    void (*pipe_close)(const int32_t ends[2]);
    bool (*stack_here)(void **low, size_t *size);
};

/* services.c */
extern const struct tk_services tk_own_services;
extern const struct tk_services *tk_services;

/* event.c */
void tk_event_clear(struct tk_event *event);
void tk_event_set(struct tk_event *event);
void tk_event_wait(struct tk_event *event);

/* stack.c: runs tk_go_enter(call) on a stack of the library's own. */
void tk_cross(struct tk_call *call);
void tk_pause(struct tk_call *call, uint64_t nanoseconds);
bool tk_stack_here(void **low, size_t *size);
void tk_stacks_prepare(void);

/* reply.c */
bool tk_buffer_fill(tasker_buffer *buffer, const void *data, size_t len);
void tk_complete(struct tk_call *call, int32_t status, const void *data, size_t len);
int32_t tk_refuse(int32_t status, tasker_buffer *reply);

/* length.c */
int32_t tk_refuse_length(size_t request_len, tasker_buffer *reply);

/* submissions.c */
int32_t tk_submissions_check(const tasker_submission *submissions, size_t count, tasker_buffer *reply);

/* environment.c: the TASKER_* variables of the host, or NULL when memory is short. */
uint8_t *tk_environment(size_t *len);

/* wake.c: a non-blocking pipe closed on exec. */
int tk_pipe_make(int32_t ends[2]);
void tk_pipe_write(int32_t end);
void tk_pipe_drain(int32_t end);
void tk_descriptor_move(int32_t from, int32_t to);

/* front.c: crosses and waits; and what every generated operation function calls. */
int32_t tk_run(struct tk_call *call, tasker_buffer *reply);
int32_t tk_operation(uint32_t operation, tasker_engine engine, const uint8_t *request, size_t request_len,
                     tasker_buffer *reply);

/* exports.go: the one door into Go. */
extern void tk_go_enter(struct tk_call *call);

#endif
