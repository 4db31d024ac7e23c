/*
 * submissions.c: what is checked of many requests before Go is entered, and the
 * answers to those that are refused. Each tells which request is at fault.
 */
#include <stdio.h>

#include "front.h"

static void tk_fill(tasker_buffer *reply, const char *code, const char *message, const char *details, const char *remedy) {
    char text[640];
    int len = snprintf(text, sizeof text,
                       "{\"error\":{\"code\":\"%s\",\"message\":\"%s\",\"details\":{%s,\"remedy\":\"%s\"},"
                       "\"retryable\":false}}",
                       code, message, details, remedy);
    (void)tk_buffer_fill(reply, text, (size_t)len);
}

static int32_t tk_refuse_count(size_t count, tasker_buffer *reply) {
    char message[128], details[96];
    snprintf(message, sizeof message, "%zu requests were submitted at once; at most %d are allowed", count,
             TASKER_SUBMITTED_MAX);
    snprintf(details, sizeof details, "\"count\":%zu,\"limit\":%d", count, TASKER_SUBMITTED_MAX);
    tk_fill(reply, "limit_exceeded", message, details, "Submit fewer at once, if that is really their number.");
    return TASKER_E_LIMIT_EXCEEDED;
}

static int32_t tk_refuse_null(size_t index, size_t request_len, tasker_buffer *reply) {
    char message[128], details[96];
    snprintf(message, sizeof message, "the pointer of request %zu is NULL and its length %zu", index, request_len);
    snprintf(details, sizeof details, "\"index\":%zu,\"length\":%zu", index, request_len);
    tk_fill(reply, "invalid_request", message, details, "Pass the address of every request unless its length is 0.");
    return TASKER_E_INVALID_REQUEST;
}

/* The limit is reached at the offset in the request, after those before it. */
static int32_t tk_refuse_bytes(size_t index, size_t request_len, size_t before, tasker_buffer *reply) {
    char message[192], details[128];
    snprintf(message, sizeof message, "request %zu has %zu bytes after %zu of the requests before it; at most %d are allowed in all",
             index, request_len, before, TASKER_REQUEST_MAX);
    snprintf(details, sizeof details, "\"index\":%zu,\"length\":%zu,\"limit\":%d,\"offset\":%zu", index, request_len,
             TASKER_REQUEST_MAX, (size_t)TASKER_REQUEST_MAX - before);
    tk_fill(reply, "limit_exceeded", message, details,
            "Submit fewer at once, or split the request, if that is really its length.");
    return TASKER_E_LIMIT_EXCEEDED;
}

/* tk_submissions_check looks at pointers and lengths and reads no request. */
int32_t tk_submissions_check(const tasker_submission *submissions, size_t count, tasker_buffer *reply) {
    if (count > TASKER_SUBMITTED_MAX) {
        return tk_refuse_count(count, reply);
    }
    size_t bytes = 0; /* never beyond the limit, so nothing overflows */
    for (size_t i = 0; i < count; i++) {
        const tasker_submission *one = &submissions[i];
        if (one->request == NULL && one->request_len > 0) {
            return tk_refuse_null(i, one->request_len, reply);
        }
        if (one->request_len > TASKER_REQUEST_MAX - bytes) {
            return tk_refuse_bytes(i, one->request_len, bytes, reply);
        }
        bytes += one->request_len;
    }
    return TASKER_OK;
}
