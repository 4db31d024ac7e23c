/*
 * engines.c: which engines are open, and what a forked child needs to open them
 * again.
 *
 * A handle is a number: a counter and, in its low bits, a place in the table
 * here. The counter begins at random, so that a number of another process, or a
 * stale one, is told from an open one.
 *
 * The table is copied by fork, the engines are not. So each entry keeps the
 * configuration and the generation of the runtime that has the engine open; the
 * first call in a child finds an older generation there and opens the engine
 * again, under the same number. An engine that no child can have was opened with
 * the reply that says so, which is all that a child needs to be told at once.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "front.h"

/* Both together stay below 2^53, the range that a double holds exactly. */
#define TK_PLACE_BITS 16u
#define TK_PLACES (1u << TK_PLACE_BITS)
#define TK_COUNTER_START (UINT64_C(1) << 36)

struct tk_engine {
    tasker_engine number; /* 0: the place is free, or not yet taken */
    uint32_t generation;  /* of the runtime that has it open */
    uint32_t locked;      /* generation of the runtime whose thread holds the lock */
    int32_t wake[2];      /* the wake descriptor and its other end, or -1 */
    uint8_t *texts;       /* configuration, then environment */
    size_t config_len, environment_len;
    tasker_buffer refusal; /* what a child is told that cannot have it, or empty */
    uint32_t place;
    struct tk_engine *next; /* free places */
};

/* An entry is never freed: a caller with a stale number may be reading it. */
static struct tk_engine *tk_places[TK_PLACES];
static pthread_mutex_t tk_table_mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the next three, `next` and `refusal` */
static uint32_t tk_places_used;
static struct tk_engine *tk_places_free;
static uint64_t tk_counter;

static uint32_t tk_generation_now(void) { return tk_process_this()->generation; }

/* tk_engines_forked makes the table usable in a child. */
void tk_engines_forked(void) { tk_table_mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER; }

/* A random start needs no secrecy, only that two processes differ. */
static uint64_t tk_counter_start(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t mixed = ((uint64_t)now.tv_sec << 30) ^ (uint64_t)now.tv_nsec ^ ((uint64_t)getpid() << 40) ^ (uintptr_t)&now;
    mixed *= UINT64_C(0x9e3779b97f4a7c15);
    return (mixed ^ (mixed >> 29)) % TK_COUNTER_START;
}

static struct tk_engine *tk_place_take(void) {
    struct tk_engine *entry = tk_places_free;
    if (entry != NULL) {
        tk_places_free = entry->next;
    } else if (tk_places_used < TK_PLACES && (entry = calloc(1, sizeof *entry)) != NULL) {
        entry->place = tk_places_used++;
        __atomic_store_n(&tk_places[entry->place], entry, __ATOMIC_RELEASE);
    }
    return entry;
}

/* tk_engine_reserve takes a place for an engine that is about to be opened, and
 * keeps its texts. NULL: no memory, or no place. */
struct tk_engine *tk_engine_reserve(const struct tk_call *call, tasker_engine *number) {
    uint8_t *texts = malloc(call->request_len + call->environment_len + 1);
    if (texts == NULL) {
        return NULL;
    }
    memcpy(texts, call->request, call->request_len);
    memcpy(texts + call->request_len, call->environment, call->environment_len);
    tk_gate_enter();
    pthread_mutex_lock(&tk_table_mutex);
    struct tk_engine *entry = tk_place_take();
    if (entry != NULL) {
        tk_counter = (tk_counter > 0 ? tk_counter : tk_counter_start()) + 1;
        *number = tk_counter << TK_PLACE_BITS | entry->place;
    }
    pthread_mutex_unlock(&tk_table_mutex);
    tk_gate_leave();
    if (entry == NULL) {
        free(texts);
        return NULL;
    }
    entry->texts = texts;
    entry->config_len = call->request_len;
    entry->environment_len = call->environment_len;
    entry->wake[0] = entry->wake[1] = -1;
    return entry;
}

/* tk_engine_publish makes a reserved engine, which the call has opened, known
 * under its number. */
void tk_engine_publish(struct tk_engine *entry, const struct tk_call *call) {
    entry->refusal = call->refusal;
    __atomic_store_n(&entry->generation, tk_generation_now(), __ATOMIC_RELAXED);
    __atomic_store_n(&entry->number, call->engine, __ATOMIC_RELEASE);
}

/* tk_engine_drop gives a place back whose engine was not opened, or is closed. */
void tk_engine_drop(struct tk_engine *entry) {
    free(entry->texts);
    entry->texts = NULL;
    tk_gate_enter();
    pthread_mutex_lock(&tk_table_mutex);
    tasker_buffer_free(&entry->refusal);
    entry->next = tk_places_free;
    tk_places_free = entry;
    pthread_mutex_unlock(&tk_table_mutex);
    tk_gate_leave();
}

static struct tk_engine *tk_engine_find(tasker_engine number) {
    struct tk_engine *entry = __atomic_load_n(&tk_places[number & (TK_PLACES - 1)], __ATOMIC_ACQUIRE);
    if (number == 0 || entry == NULL || __atomic_load_n(&entry->number, __ATOMIC_ACQUIRE) != number) {
        return NULL;
    }
    return entry;
}

/* A lock that a thread of the parent held at the fork names the parent's
 * generation and is nobody's here. It is held while an engine is opened again,
 * which is rare, so who has to wait looks now and then. */
static void tk_engine_lock(struct tk_engine *entry) {
    const struct timespec pause = {0, 200 * 1000};
    uint32_t mine = tk_generation_now();
    for (;;) {
        uint32_t seen = __atomic_load_n(&entry->locked, __ATOMIC_ACQUIRE);
        if (seen != mine && __atomic_compare_exchange_n(&entry->locked, &seen, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            return;
        }
        nanosleep(&pause, NULL);
    }
}

static void tk_engine_unlock(struct tk_engine *entry) { __atomic_store_n(&entry->locked, 0, __ATOMIC_RELEASE); }

static bool tk_engine_is_here(const struct tk_engine *entry) {
    return __atomic_load_n(&entry->generation, __ATOMIC_ACQUIRE) == tk_generation_now();
}

/* tk_engine_refuses tells whether a parent opened the engine and no child can have
 * it, and fills the reply then, unless it is NULL. It needs no runtime. Another
 * thread may be closing the engine, so the text is read under the mutex. */
bool tk_engine_refuses(tasker_engine number, tasker_buffer *reply) {
    struct tk_engine *entry = tk_engine_find(number);
    if (entry == NULL || tk_engine_is_here(entry)) {
        return false;
    }
    pthread_mutex_lock(&tk_table_mutex);
    bool refuses = tk_engine_find(number) == entry && entry->refusal.data != NULL;
    if (refuses && reply != NULL) {
        (void)tk_buffer_fill(reply, entry->refusal.data, entry->refusal.len);
    }
    pthread_mutex_unlock(&tk_table_mutex);
    return refuses;
}

/* Opens what the parent had open; the caller holds the lock. */
static int32_t tk_engine_reopen(struct tk_engine *entry, tasker_engine number, tasker_buffer *reply) {
    if (!tk_pipe_lives(entry->wake)) {
        entry->wake[0] = entry->wake[1] = -1;
    }
    struct tk_call call = {.verb = TK_OPEN,
                           .engine = number,
                           .inherited = 1,
                           .wake = {entry->wake[0], entry->wake[1]},
                           .request = entry->texts,
                           .request_len = entry->config_len,
                           .environment = entry->texts + entry->config_len,
                           .environment_len = entry->environment_len};
    int32_t status = tk_run(&call, reply);
    if (status == TASKER_OK) {
        if (reply != NULL) {
            tasker_buffer_free(reply);
        }
        __atomic_store_n(&entry->generation, tk_generation_now(), __ATOMIC_RELEASE);
    }
    return status;
}

/* tk_engine_ready makes sure that an engine which a parent opened is open here,
 * too. A number that is not in the table is left to Go, which refuses it. */
int32_t tk_engine_ready(tasker_engine number, tasker_buffer *reply) {
    struct tk_engine *entry = tk_engine_find(number);
    if (entry == NULL || tk_engine_is_here(entry)) {
        return TASKER_OK;
    }
    tk_engine_lock(entry);
    int32_t status = TASKER_OK;
    if (tk_engine_find(number) == entry && !tk_engine_is_here(entry)) {
        status = tk_engine_reopen(entry, number, reply);
    }
    tk_engine_unlock(entry);
    return status;
}

/* tk_engine_known tells whether the number is of an engine that is open here or
 * that a parent opened. */
bool tk_engine_known(tasker_engine number) { return tk_engine_find(number) != NULL; }

/* tk_engine_inherited tells whether the number is of an engine that a parent
 * opened and this process has not used. */
bool tk_engine_inherited(tasker_engine number) {
    struct tk_engine *entry = tk_engine_find(number);
    return entry != NULL && (!tk_process_running() || !tk_engine_is_here(entry));
}

/* tk_engine_take takes the engine out of the table for closing: of several that
 * try, one gets the entry and later drops it; the others get NULL. *here tells
 * whether this process has it open. */
struct tk_engine *tk_engine_take(tasker_engine number, bool *here) {
    struct tk_engine *entry = tk_engine_find(number);
    tasker_engine expected = number;
    if (entry == NULL ||
        !__atomic_compare_exchange_n(&entry->number, &expected, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        return NULL;
    }
    *here = false;
    if (tk_process_running()) {
        tk_engine_lock(entry); /* it may just be opened again */
        *here = tk_engine_is_here(entry);
        tk_engine_unlock(entry);
    }
    if (!*here && tk_pipe_lives(entry->wake)) {
        tk_pipe_close(entry->wake);
    }
    return entry;
}

/* tk_engine_keep_wake remembers the ends of the wake descriptor. */
void tk_engine_keep_wake(tasker_engine number, const int32_t ends[2]) {
    struct tk_engine *entry = tk_engine_find(number);
    if (entry != NULL) {
        __atomic_store_n(&entry->wake[0], ends[0], __ATOMIC_RELAXED);
        __atomic_store_n(&entry->wake[1], ends[1], __ATOMIC_RELAXED);
    }
}
