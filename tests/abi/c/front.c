/* The C front alone, with a stand-in for Go, so that the sanitizers see all of
 * it: they cannot look into a Go runtime. Half of the calls are completed at
 * once, half by another thread; half of the callers have a stack too small
 * for what runs on ours. */
#include <pthread.h>

#include "front.h"
#include "harness.h"

enum { CALLERS = 16, CALLS = 300, SMALL_STACK = 64 * 1024 };

static void *complete(void *value) {
    struct tk_call *call = value;
    tk_complete(call, TASKER_OK, call->request, call->request_len);
    return NULL;
}

void tk_go_enter(struct tk_call *call) {
    if (call->operation % 2 == 0) {
        complete(call);
        return;
    }
    pthread_t thread;
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    CHECK(pthread_create(&thread, &attributes, complete, call) == 0);
    pthread_attr_destroy(&attributes);
}

static void *echo(void *value) {
    (void)value;
    for (uint32_t i = 0; i < CALLS; i++) {
        char request[32];
        tasker_buffer reply;
        int length = snprintf(request, sizeof request, "{\"n\": %u}", (unsigned)i);
        CHECK(tk_operation(i, 1, bytes(request), (size_t)length, &reply) == TASKER_OK);
        CHECK(reply.len == (size_t)length && memcmp(reply.data, request, reply.len) == 0);
        tasker_buffer_free(&reply);
    }
    return NULL;
}

static void start(pthread_t *thread, size_t stack) {
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0);
    if (stack != 0) {
        CHECK(pthread_attr_setstacksize(&attributes, stack) == 0);
    }
    CHECK(pthread_create(thread, &attributes, echo, NULL) == 0);
    pthread_attr_destroy(&attributes);
}

int main(void) {
    pthread_t callers[CALLERS];
    for (size_t i = 0; i < CALLERS; i++) {
        start(&callers[i], i % 2 == 0 ? SMALL_STACK : 0);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        CHECK(pthread_join(callers[i], NULL) == 0);
    }
    int32_t ends[2];
    CHECK(tk_pipe_open(ends) == 0);
    for (int i = 0; i < 100000; i++) {
        tk_pipe_write(ends[1]); /* full long before the end, and still not stuck */
    }
    tk_pipe_drain(ends[0]);
    tk_pipe_close(ends);
    return 0;
}
