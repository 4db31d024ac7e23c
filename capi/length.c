/*
 * length.c: the answer to a request that is too long to be read. Like every answer
 * to a wrong request it tells the length that was received: a host that passed a
 * wrong length finds out by it.
 */
#include <stdio.h>

#include "front.h"

/* tk_refuse_length answers without Go and without looking at the request. */
int32_t tk_refuse_length(size_t request_len, tasker_buffer *reply) {
    char text[512];
    int len = snprintf(text, sizeof text,
                       "{\"error\":{\"code\":\"limit_exceeded\",\"message\":\"the request has %zu bytes; at most %d are "
                       "allowed\",\"details\":{\"length\":%zu,\"limit\":%d,\"offset\":%d,\"remedy\":\"Split the request, if "
                       "that is really its length.\"},\"retryable\":false}}",
                       request_len, TASKER_REQUEST_MAX, request_len, TASKER_REQUEST_MAX, TASKER_REQUEST_MAX);
    (void)tk_buffer_fill(reply, text, (size_t)len);
    return TASKER_E_LIMIT_EXCEEDED;
}
