/* Runs the cases that are named as arguments. With TASKER_TEST_PROBE it is the
 * program for the test builds of the library. */
#include "harness.h"

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
#ifdef TASKER_TEST_PROBE
    {"probe", case_probe},
    {"probe_many", case_probe_many},
    {"probe_thread", case_probe_thread},
    {"lengths", case_lengths},
    {"panic_while_reopening", case_panic_while_reopening},
#else
    {"library", case_library},
    {"null_arguments", case_null_arguments},
    {"absurd_lengths", case_absurd_lengths},
    {"buffers", case_buffers},
    {"requests", case_requests},
    {"configuration", case_configuration},
    {"handles", case_handles},
    {"concurrent_close", case_concurrent_close},
    {"interrupt", case_interrupt},
    {"close_with_thread", case_close_with_thread},
    {"threads", case_threads},
    {"foreign_stack", case_foreign_stack},
    {"stacks_are_released", case_stacks_are_released},
    {"no_keys_left", case_no_keys_left},
    {"submit_and_collect", case_submit_and_collect},
    {"submit_refused", case_submit_refused},
    {"many", case_many},
    {"many_refused", case_many_refused},
    {"many_limit", case_many_limit},
    {"many_threads", case_many_threads},
    {"wake_descriptor", case_wake_descriptor},
    {"claim_keeps_answers", case_claim_keeps_answers},
    {"wake_is_never_lost", case_wake_is_never_lost},
    {"fork", case_fork},
    {"fork_before_open", case_fork_before_open},
    {"fork_close", case_fork_close},
    {"fork_busy", case_fork_busy},
    {"raw_clone", case_raw_clone},
    {"spawn", case_spawn},
    {"hygiene", case_hygiene},
    {"library_threads_block_signals", case_library_threads_block_signals},
    {"many_host_threads", case_many_host_threads},
    {"signals_during_traffic", case_signals_during_traffic},
    {"signals_during_writes", case_signals_during_writes},
    {"environment", case_environment},
#endif
};

tasker_engine open_engine(void) {
    tasker_engine engine;
    tasker_buffer reply;
    CHECK_STATUS(TASKER_OK, tasker_open(NULL, 0, &engine, &reply), &reply);
    CHECK(engine != 0 && engine < (UINT64_C(1) << 53));
    tasker_buffer_free(&reply);
    return engine;
}

void close_engine(tasker_engine engine) {
    tasker_buffer reply;
    CHECK_STATUS(TASKER_OK, tasker_close(engine, NULL, 0, &reply), &reply);
    tasker_buffer_free(&reply);
}

int32_t run(operation call, tasker_engine engine, const char *request) {
    tasker_buffer reply;
    int32_t status = call(engine, bytes(request), strlen(request), &reply);
    CHECK(reply.data != NULL && reply.data[reply.len] == 0);
    tasker_buffer_free(&reply);
    return status;
}

int has_code(const tasker_buffer *reply, const char *code) {
    char text[64];
    snprintf(text, sizeof text, "\"code\":\"%s\"", code);
    return reply->data != NULL && strstr((const char *)reply->data, text) != NULL;
}

int has_number(const tasker_buffer *reply, const char *key, size_t number) {
    char text[64];
    snprintf(text, sizeof text, "\"%s\":%zu", key, number);
    const char *found = reply->data != NULL ? strstr((const char *)reply->data, text) : NULL;
    return found != NULL && (found[strlen(text)] == ',' || found[strlen(text)] == '}');
}

/* `--list` prints the names, so that the test cannot forget one. */
int main(int count, char **arguments) {
    size_t known = sizeof cases / sizeof cases[0];
    for (int i = 1; i < count; i++) {
        int found = 0;
        for (size_t k = 0; k < known; k++) {
            if (strcmp(arguments[i], "--list") == 0) {
                puts(cases[k].name);
                found = 1;
            } else if (strcmp(arguments[i], cases[k].name) == 0) {
                cases[k].run();
                found = 1;
            }
        }
        CHECK(found);
    }
    return 0;
}
