/*
 * reply.c: the memory of replies, and the replies that C gives by itself.
 *
 * Every reply is one malloc of this library's libc. So it outlives the engine
 * it came from, needs no Go to be freed, and a parent's reply can be freed in a
 * forked child.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front.h"

/* tk_buffer_fill copies data into new memory. A NUL follows the data, not
 * counted, so that a C program can print it. False when memory is short. */
bool tk_buffer_fill(tasker_buffer *buffer, const void *data, size_t len) {
    uint8_t *copy = malloc(len + 1);
    if (copy == NULL) {
        buffer->data = NULL;
        buffer->len = 0;
        return false;
    }
    if (len > 0) {
        memcpy(copy, data, len);
    }
    copy[len] = 0;
    buffer->data = copy;
    buffer->len = len;
    return true;
}

/* tk_complete gives a call its answer and releases the thread that waits for
 * it. Go calls it exactly once per call and does not touch the call afterwards. */
void tk_complete(struct tk_call *call, int32_t status, const void *data, size_t len) {
    call->status = status;
    if (len > 0 && !tk_buffer_fill(&call->reply, data, len)) {
        call->status = TASKER_E_INTERNAL;
    }
    tk_event_set(&call->done);
}

/* The replies of the front, in the form of every error reply. */
static const char *tk_refusal(int32_t status) {
    switch (status) {
    case TASKER_E_INVALID_REQUEST:
        return "{\"error\":{\"code\":\"invalid_request\",\"message\":\"a pointer is NULL that must not be\","
               "\"details\":{\"remedy\":\"Pass the address of every out-parameter, and of the request unless its "
               "length is 0.\"},\"retryable\":false}}";
    case TASKER_E_UNAVAILABLE:
        return "{\"error\":{\"code\":\"unavailable\",\"message\":\"the operating system refuses memory or a thread, or 65536 engines are open\","
               "\"details\":{\"remedy\":\"Close engines that are no longer used, or raise the limit of memory, processes or threads; then repeat the call.\"},"
               "\"retryable\":true}}";
    default:
        return "{\"error\":{\"code\":\"internal\",\"message\":\"the call could not be made\",\"details\":{},"
               "\"retryable\":false}}";
    }
}

/* The reason differs, and holds no character that JSON would want escaped. */
static void tk_fill_forked(tasker_buffer *reply) {
    char text[1024];
    int len = snprintf(text, sizeof text,
                       "{\"error\":{\"code\":\"forked\",\"message\":\"this process was forked from one that had started the "
                       "library, which cannot start again here: %s\",\"details\":{\"remedy\":\"Load the library and open "
                       "the engine in the child only, or give it what it lacks.\"},\"retryable\":false}}",
                       tk_process_problem());
    (void)tk_buffer_fill(reply, text, (size_t)len);
}

/* tk_refuse answers without Go. The reply may be NULL: the status tells enough. */
int32_t tk_refuse(int32_t status, tasker_buffer *reply) {
    if (reply == NULL) {
        return status;
    }
    if (status == TASKER_E_FORKED) {
        tk_fill_forked(reply);
    } else {
        const char *text = tk_refusal(status);
        (void)tk_buffer_fill(reply, text, strlen(text));
    }
    return status;
}

/* Documented in tasker_core.h, as are all functions that are not tk_. */
void tasker_buffer_free(tasker_buffer *buffer) {
    if (buffer == NULL) {
        return;
    }
    free(buffer->data);
    buffer->data = NULL;
    buffer->len = 0;
}
