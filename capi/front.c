/*
 * front.c: the exported functions that are not operations, and the one path
 * that all operations take. Each checks what C can check, crosses once, and
 * waits. What the functions promise is documented in tasker_core.h alone.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "front.h"

static const uint8_t tk_empty_object[] = {'{', '}'};

/* Checks the request. Fills the reply when it refuses. */
static int32_t tk_check(const uint8_t *request, size_t request_len, tasker_buffer *reply) {
    if (reply == NULL || (request == NULL && request_len > 0)) {
        return tk_refuse(TASKER_E_INVALID_REQUEST, reply);
    }
    reply->data = NULL;
    reply->len = 0;
    return request_len > TASKER_REQUEST_MAX ? tk_refuse_length(request_len, reply) : TASKER_OK;
}

static int32_t tk_start(tasker_buffer *reply) {
    int32_t status = tk_process_start();
    return status == TASKER_OK ? TASKER_OK : tk_refuse(status, reply);
}

/* The same, and sees to it that this process has a runtime. */
static int32_t tk_admit(const uint8_t *request, size_t request_len, tasker_buffer *reply) {
    int32_t status = tk_check(request, request_len, reply);
    return status == TASKER_OK ? tk_start(reply) : status;
}

/* The same for a call to an engine, which has to be open in this process. For one
 * that a child cannot have nothing is started. */
static int32_t tk_admit_engine(tasker_engine engine, const uint8_t *request, size_t request_len, tasker_buffer *reply) {
    int32_t status = tk_check(request, request_len, reply);
    if (status == TASKER_OK && tk_engine_refuses(engine, reply)) {
        return TASKER_E_FORKED;
    }
    status = status == TASKER_OK ? tk_start(reply) : status;
    return status == TASKER_OK ? tk_engine_ready(engine, reply) : status;
}

/* The same for a call without request and reply. */
static int32_t tk_admit_plain(tasker_engine engine) {
    if (tk_engine_refuses(engine, NULL)) {
        return TASKER_E_FORKED;
    }
    int32_t status = tk_process_start();
    return status == TASKER_OK ? tk_engine_ready(engine, NULL) : status;
}

/* No request at all stands for an object without fields. */
static void tk_set_request(struct tk_call *call, const uint8_t *request, size_t request_len) {
    call->request = request_len > 0 ? request : tk_empty_object;
    call->request_len = request_len > 0 ? request_len : sizeof tk_empty_object;
}

/* tk_run crosses and sleeps until Go has completed the call. */
int32_t tk_run(struct tk_call *call, tasker_buffer *reply) {
    tk_cross(call);
    tk_event_wait(&call->done);
    if (reply != NULL) {
        *reply = call->reply;
    } else {
        tasker_buffer_free(&call->reply);
    }
    return call->status;
}

/* tk_operation performs one operation of the table and waits for its answer. */
int32_t tk_operation(uint32_t operation, tasker_engine engine, const uint8_t *request, size_t request_len,
                     tasker_buffer *reply) {
    int32_t status = tk_admit_engine(engine, request, request_len, reply);
    if (status != TASKER_OK) {
        return status;
    }
    struct tk_call call = {.verb = TK_OPERATION, .operation = operation, .engine = engine};
    tk_set_request(&call, request, request_len);
    return tk_run(&call, reply);
}

/* Opens under a number of the table, which remembers what a forked child needs. */
static int32_t tk_open(struct tk_call *call, tasker_engine *engine, tasker_buffer *reply) {
    tasker_engine number;
    struct tk_engine *entry = tk_engine_reserve(call, &number);
    if (entry == NULL) {
        return tk_refuse(TASKER_E_UNAVAILABLE, reply);
    }
    call->engine = number;
    int32_t status = tk_run(call, reply);
    if (status != TASKER_OK) {
        tasker_buffer_free(&call->refusal);
        tk_engine_drop(entry);
        return status;
    }
    tk_engine_publish(entry, call);
    *engine = number;
    return TASKER_OK;
}

int32_t tasker_open(const uint8_t *config, size_t config_len, tasker_engine *engine, tasker_buffer *reply) {
    if (engine == NULL) {
        return tk_refuse(TASKER_E_INVALID_REQUEST, reply);
    }
    *engine = 0;
    int32_t status = tk_admit(config, config_len, reply);
    if (status != TASKER_OK) {
        return status;
    }
    struct tk_call call = {.verb = TK_OPEN, .wake = {-1, -1}};
    tk_set_request(&call, config, config_len);
    uint8_t *environment = tk_environment(&call.environment_len);
    if (environment == NULL) {
        return tk_refuse(TASKER_E_UNAVAILABLE, reply);
    }
    call.environment = environment;
    status = tk_open(&call, engine, reply);
    free(environment);
    return status;
}

/* What is the parent's stays as it is: the engine, its workers, its leases. */
static int32_t tk_close_inherited(tasker_engine engine, tasker_buffer *reply) {
    static const char nothing[] = "{\"calls_cut\":0,\"problems\":[]}";
    bool here;
    struct tk_engine *entry = tk_engine_take(engine, &here);
    if (entry != NULL) {
        tk_engine_drop(entry);
    }
    (void)tk_buffer_fill(reply, nothing, sizeof nothing - 1);
    return TASKER_OK;
}

int32_t tasker_close(tasker_engine engine, const uint8_t *request, size_t request_len, tasker_buffer *reply) {
    bool here;
    if (reply != NULL && tk_engine_inherited(engine)) {
        return tk_close_inherited(engine, reply);
    }
    int32_t status = tk_admit(request, request_len, reply);
    if (status != TASKER_OK) {
        return status;
    }
    struct tk_engine *entry = tk_engine_take(engine, &here);
    struct tk_call call = {.verb = TK_CLOSE, .engine = engine};
    tk_set_request(&call, request, request_len);
    status = tk_run(&call, reply);
    if (entry != NULL) {
        tk_engine_drop(entry);
    }
    return status;
}

int32_t tasker_interrupt(tasker_engine engine) {
    if (tk_engine_inherited(engine)) {
        return TASKER_OK; /* nothing waits here */
    }
    int32_t status = tk_process_start();
    if (status != TASKER_OK) {
        return status;
    }
    struct tk_call call = {.verb = TK_INTERRUPT, .engine = engine};
    return tk_run(&call, NULL);
}

int32_t tasker_wake_fd(tasker_engine engine, int32_t *fd) {
    if (fd == NULL) {
        return TASKER_E_INVALID_REQUEST;
    }
    *fd = -1;
    int32_t status = tk_admit_plain(engine);
    if (status != TASKER_OK) {
        return status;
    }
    struct tk_call call = {.verb = TK_WAKE_FD, .engine = engine};
    status = tk_run(&call, NULL);
    if (status == TASKER_OK) {
        tk_engine_keep_wake(engine, call.wake);
        *fd = call.wake[0];
    }
    return status;
}

/* Starts what is checked; the engine is open here. */
static int32_t tk_submit(tasker_engine engine, const tasker_submission *submissions, size_t count, uint64_t *ticket,
                         tasker_buffer *reply) {
    struct tk_call call = {.verb = TK_SUBMIT, .engine = engine, .submissions = submissions, .count = count};
    int32_t status = tk_run(&call, reply);
    *ticket = call.value;
    return status;
}

int32_t tasker_submit(tasker_engine engine, uint32_t operation, const uint8_t *request, size_t request_len,
                      uint64_t *ticket, tasker_buffer *reply) {
    if (ticket == NULL) {
        return tk_refuse(TASKER_E_INVALID_REQUEST, reply);
    }
    *ticket = 0;
    int32_t status = tk_admit_engine(engine, request, request_len, reply);
    if (status != TASKER_OK) {
        return status;
    }
    tasker_submission one = {.operation = operation, .request = request, .request_len = request_len};
    return tk_submit(engine, &one, 1, ticket, reply);
}

int32_t tasker_submit_many(tasker_engine engine, const tasker_submission *submissions, size_t count, uint64_t *ticket,
                           tasker_buffer *reply) {
    if (ticket != NULL) {
        *ticket = 0;
    }
    if (ticket == NULL || reply == NULL || (submissions == NULL && count > 0)) {
        return tk_refuse(TASKER_E_INVALID_REQUEST, reply);
    }
    int32_t status = tk_submissions_check(submissions, count, reply);
    if (status != TASKER_OK) {
        return status;
    }
    status = tk_admit_engine(engine, NULL, 0, reply);
    return status == TASKER_OK ? tk_submit(engine, submissions, count, ticket, reply) : status;
}

int32_t tasker_collect(tasker_engine engine, tasker_completion *completions, size_t capacity, size_t *count) {
    if (count != NULL) {
        *count = 0;
    }
    if (count == NULL || (completions == NULL && capacity > 0)) {
        return TASKER_E_INVALID_REQUEST;
    }
    int32_t status = tk_admit_plain(engine);
    if (status != TASKER_OK) {
        return status;
    }
    struct tk_call call = {.verb = TK_COLLECT, .engine = engine, .completions = completions, .count = capacity};
    status = tk_run(&call, NULL);
    *count = (size_t)call.value;
    return status;
}

uint32_t tasker_abi_version(void) { return TASKER_ABI_VERSION; }

const char *tasker_build_info(void) {
    static const char *known; /* written once with one value, by whoever comes first */
    const char *text = __atomic_load_n(&known, __ATOMIC_ACQUIRE);
    if (text != NULL) {
        return text;
    }
    struct tk_call call = {.verb = TK_BUILD_INFO};
    if (tk_process_start() != TASKER_OK || tk_run(&call, NULL) != TASKER_OK) {
        return "{}";
    }
    __atomic_store_n(&known, call.text, __ATOMIC_RELEASE);
    return call.text;
}
