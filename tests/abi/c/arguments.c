/* What a careless caller passes: NULL, absurd lengths, text that is no request. */
#include "harness.h"

void case_library(void) {
    CHECK(tasker_abi_version() == TASKER_ABI_VERSION);
    const char *info = tasker_build_info();
    CHECK(info != NULL && info == tasker_build_info());
    CHECK(strstr(info, "\"version\":\"") && strstr(info, "\"commit\":\"") && strstr(info, "\"go\":\"go1"));
    CHECK(strstr(info, "\"abi\":0") && strstr(info, "\"platform\":\""));
}

void case_null_arguments(void) {
    tasker_engine engine = open_engine();
    tasker_buffer reply;
    uint64_t ticket = 7;
    size_t count = 7;
    CHECK(tasker_open(NULL, 0, NULL, &reply) == TASKER_E_INVALID_REQUEST && has_code(&reply, "invalid_request"));
    tasker_buffer_free(&reply);
    tasker_engine none = 7;
    CHECK(tasker_open(NULL, 0, &none, NULL) == TASKER_E_INVALID_REQUEST && none == 0);
    CHECK(tasker_open(NULL, 5, &none, &reply) == TASKER_E_INVALID_REQUEST && has_code(&reply, "invalid_request"));
    tasker_buffer_free(&reply);
    CHECK(tasker_engine_health(engine, NULL, 0, NULL) == TASKER_E_INVALID_REQUEST);
    CHECK(tasker_engine_health(engine, NULL, 2, &reply) == TASKER_E_INVALID_REQUEST);
    tasker_buffer_free(&reply);
    CHECK(tasker_submit(engine, 1, NULL, 0, NULL, &reply) == TASKER_E_INVALID_REQUEST);
    tasker_buffer_free(&reply);
    CHECK(tasker_submit(engine, 1, NULL, 0, &ticket, NULL) == TASKER_E_INVALID_REQUEST && ticket == 0);
    CHECK(tasker_collect(engine, NULL, 0, NULL) == TASKER_E_INVALID_REQUEST);
    CHECK(tasker_collect(engine, NULL, 1, &count) == TASKER_E_INVALID_REQUEST && count == 0);
    CHECK(tasker_collect(engine, NULL, 0, &count) == TASKER_OK && count == 0);
    CHECK(tasker_wake_fd(engine, NULL) == TASKER_E_INVALID_REQUEST);
    CHECK(tasker_close(engine, NULL, 0, NULL) == TASKER_E_INVALID_REQUEST);
    CHECK(tasker_close(engine, NULL, 3, &reply) == TASKER_E_INVALID_REQUEST);
    tasker_buffer_free(&reply);
    tasker_buffer_free(NULL);
    close_engine(engine);
}

/* The pointers are not readable: a length beyond the limit is refused before
 * anything is read. */
void case_absurd_lengths(void) {
    tasker_engine engine = open_engine();
    const uint8_t *nowhere = (const uint8_t *)16;
    const size_t lengths[] = {(size_t)TASKER_REQUEST_MAX + 1, SIZE_MAX / 2, SIZE_MAX - 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        tasker_buffer reply;
        tasker_engine none;
        uint64_t ticket;
        CHECK(tasker_open(nowhere, lengths[i], &none, &reply) == TASKER_E_LIMIT_EXCEEDED && none == 0);
        CHECK(has_code(&reply, "limit_exceeded") && has_number(&reply, "length", lengths[i]));
        tasker_buffer_free(&reply);
        CHECK(tasker_engine_health(engine, nowhere, lengths[i], &reply) == TASKER_E_LIMIT_EXCEEDED);
        tasker_buffer_free(&reply);
        CHECK(tasker_submit(engine, 1, nowhere, lengths[i], &ticket, &reply) == TASKER_E_LIMIT_EXCEEDED && ticket == 0);
        tasker_buffer_free(&reply);
        CHECK(tasker_close(engine, nowhere, lengths[i], &reply) == TASKER_E_LIMIT_EXCEEDED);
        tasker_buffer_free(&reply);
    }
    /* None of these closed it. */
    CHECK(run(tasker_engine_config_get, engine, "{}") == TASKER_OK);
    close_engine(engine);
}

void case_buffers(void) {
    tasker_engine engine = open_engine();
    tasker_buffer reply = {NULL, 0};
    tasker_buffer_free(&reply);
    CHECK_STATUS(TASKER_OK, tasker_engine_config_get(engine, NULL, 0, &reply), &reply);
    CHECK(reply.len > 2 && reply.data[0] == '{' && reply.data[reply.len - 1] == '}' && reply.data[reply.len] == 0);
    close_engine(engine);
    /* A reply outlives its engine, and is freed once however often one tries. */
    CHECK(strlen((const char *)reply.data) == reply.len);
    tasker_buffer_free(&reply);
    CHECK(reply.data == NULL && reply.len == 0);
    tasker_buffer_free(&reply);
}

/* Refused by one that is answered at once and by one that is not, and in both
 * cases with the length that arrived and the offset of what is wrong. */
static void refuse(tasker_engine engine, const char *request, size_t length) {
    static const operation calls[] = {tasker_engine_config_get, tasker_task_get};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        tasker_buffer reply;
        CHECK_STATUS(TASKER_E_INVALID_REQUEST, calls[i](engine, bytes(request), length, &reply), &reply);
        CHECK(has_code(&reply, "invalid_request"));
        if (strstr(request, "-1") == NULL) { /* that is wrong by its value and not as text */
            CHECK(has_number(&reply, "length", length) && strstr((const char *)reply.data, "\"offset\":") != NULL);
        }
        tasker_buffer_free(&reply);
    }
}

void case_requests(void) {
    tasker_engine engine = open_engine();
    const char *wrong[] = {
        "", " ", "{", "}", "[]", "null", "1", "\"text\"", "{\"a\"}", "{} {}", "{}x", "{},", "{\"nobody_knows\": 1}",
        "{\"timeout_ms\": \"soon\"}", "{\"timeout_ms\": -1}", "{\"timeout_ms\": 1, \"timeout_ms\": 2}", "{\"a\": \"\xff\"}",
        "{\"\xc3\x28\": 1}", "{\"correlation_id\": \"\xed\xa0\x80\"}", "\xef\xbb\xbf{}",
    };
    /* The first stands for {} and is left to the check below. */
    for (size_t i = 1; i < sizeof wrong / sizeof wrong[0]; i++) {
        refuse(engine, wrong[i], strlen(wrong[i]));
    }
    refuse(engine, "{}\0", 3);
    const size_t depth = 100000;
    char *deep = malloc(depth * 2 + 16);
    CHECK(deep != NULL);
    memcpy(deep, "{\"a\":", 5);
    memset(deep + 5, '[', depth);
    memset(deep + 5 + depth, ']', depth);
    deep[5 + depth * 2] = '}';
    tasker_buffer reply;
    int32_t status = tasker_engine_config_get(engine, bytes(deep), depth * 2 + 6, &reply);
    CHECK(status == TASKER_E_INVALID_REQUEST || status == TASKER_E_LIMIT_EXCEEDED);
    tasker_buffer_free(&reply);
    free(deep);
    CHECK(run(tasker_engine_config_get, engine, "") == TASKER_OK);
    CHECK(run(tasker_engine_config_get, engine, " {\"correlation_id\": null} \n") == TASKER_OK);
    close_engine(engine);
}

void case_configuration(void) {
    const char *wrong[] = {"{", "[]", "{\"no_such_setting\": 1}", "{} {}", "{\"database\": \"\xff\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        tasker_engine engine = 7;
        tasker_buffer reply;
        CHECK_STATUS(TASKER_E_INVALID_REQUEST, tasker_open(bytes(wrong[i]), strlen(wrong[i]), &engine, &reply), &reply);
        CHECK(engine == 0 && has_code(&reply, "invalid_request"));
        tasker_buffer_free(&reply);
    }
    close_engine(open_engine());
}
