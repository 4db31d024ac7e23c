/*
 * owner.c: engines that are closed when a thread of the host ends.
 *
 * Node ends a worker thread by Worker.terminate: no more of its program runs, and
 * nothing of the N-API that a foreign function interface reaches would call us.
 * But its thread ends like any other, and then the C library calls the
 * destructors of the thread's keys. So each such thread has a list under a key of
 * ours. A forked child has the list of the thread that forked, which is right:
 * closing what it has inherited touches nothing of the parent's.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "front.h"

struct tk_owned {
    tasker_engine engine;
    struct tk_owned *next;
};

static pthread_once_t tk_owner_once = PTHREAD_ONCE_INIT;
static pthread_key_t tk_owner_key;
static bool tk_owner_key_made;

/* Whoever waits for the thread waits for this, so calls under way get less time
 * than from tasker_close. An engine that is closed already is not asked about: in
 * a child that would start a runtime for nothing, whose threads keep the process. */
static void tk_owner_close(tasker_engine engine) {
    static const uint8_t request[] = "{\"timeout_ms\":1000}";
    tasker_buffer reply;
    if (tk_engine_known(engine)) {
        (void)tasker_close(engine, request, sizeof request - 1, &reply);
        tasker_buffer_free(&reply);
    }
}

static void tk_owner_end(void *value) {
    for (struct tk_owned *one = value, *next; one != NULL; one = next) {
        next = one->next;
        tk_owner_close(one->engine);
        free(one);
    }
}

static void tk_owner_prepare(void) { tk_owner_key_made = pthread_key_create(&tk_owner_key, tk_owner_end) == 0; }

/* The list without engines that are closed meanwhile: a thread may open and close
 * any number of them before it ends. */
static struct tk_owned *tk_owner_list(void) {
    struct tk_owned *list = pthread_getspecific(tk_owner_key);
    for (struct tk_owned **at = &list; *at != NULL;) {
        struct tk_owned *one = *at;
        if (tk_engine_known(one->engine)) {
            at = &one->next;
        } else {
            *at = one->next;
            free(one);
        }
    }
    return list;
}

int32_t tasker_close_with_thread(tasker_engine engine) {
    if (!tk_engine_known(engine)) {
        return TASKER_E_CLOSED;
    }
    (void)pthread_once(&tk_owner_once, tk_owner_prepare);
    struct tk_owned *one = tk_owner_key_made ? malloc(sizeof *one) : NULL;
    if (one == NULL) {
        return TASKER_E_UNAVAILABLE;
    }
    *one = (struct tk_owned){.engine = engine, .next = tk_owner_list()};
    if (pthread_setspecific(tk_owner_key, one) == 0) {
        return TASKER_OK;
    }
    free(one);
    return TASKER_E_UNAVAILABLE;
}
