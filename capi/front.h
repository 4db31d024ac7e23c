/*
 * front.h: what the C files of the front share with each other and with Go.
 *
 * The front is a thin layer of C before the Go core. Every exported function
 * follows the same path:
 *
 *   guard      process.c    was this process forked after the library loaded?
 *   arguments  front.c      pointers and lengths, before anything reads them
 *   crossing   lane.c       enter Go on a stack that Go can work with
 *   waiting    event.c      sleep in C until Go completes the call
 *   reply      reply.c      memory by malloc, so that plain C can free it
 *
 * Nothing here is part of the interface: names carry the prefix tk_ and the
 * linker hides them.
 */
#ifndef TASKER_FRONT_H
#define TASKER_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tasker_core.h"

/* What a crossing asks Go to do. */
enum tk_verb {
    TK_OPEN = 1,
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
    uint64_t engine;
    const uint8_t *request;
    size_t request_len;
    const uint8_t *environment; /* NAME=value texts, each ended by NUL (open only) */
    size_t environment_len;
    tasker_completion *completions; /* collect only */
    size_t capacity;
    /* filled by Go, through tk_complete */
    int32_t status;
    tasker_buffer reply;
    uint64_t value; /* engine, ticket, descriptor or count */
    const char *text; /* build info: lives as long as the process */
    struct tk_event done;
};

/* process.c: is the Go runtime of this process alive, or a dead copy? */
bool tk_process_alive(void);

/* event.c */
void tk_event_clear(struct tk_event *event);
void tk_event_set(struct tk_event *event);
bool tk_event_spin(struct tk_event *event, unsigned spins);
void tk_event_wait(struct tk_event *event);

/* lane.c: runs tk_go_enter(call) on a proper stack; false: no thread to be had. */
bool tk_cross(struct tk_call *call);

/* reply.c */
bool tk_buffer_fill(tasker_buffer *buffer, const void *data, size_t len);
void tk_complete(struct tk_call *call, int32_t status, const void *data, size_t len);
int32_t tk_refuse(int32_t status, tasker_buffer *reply);

/* environment.c: the TASKER_* variables of the host, or NULL when memory is short. */
uint8_t *tk_environment(size_t *len);

/* wake.c: a non-blocking pipe closed on exec. */
int tk_pipe_open(int32_t ends[2]);
void tk_pipe_write(int32_t end);
void tk_pipe_drain(int32_t end);
void tk_pipe_close(int32_t ends[2]);

/* front.c: what every generated operation function calls. */
int32_t tk_operation(uint32_t operation, tasker_engine engine, const uint8_t *request, size_t request_len,
                     tasker_buffer *reply);

/* exports.go: the one door into Go. */
extern void tk_go_enter(struct tk_call *call);

#endif
