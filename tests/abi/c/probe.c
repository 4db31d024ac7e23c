/* The operation of the test builds takes both ways in, on either kind of thread. */
#include <poll.h>

#include "harness.h"
#include "probe.h"

static void expect(tasker_engine engine, const char *request, const char *wanted) {
    tasker_buffer reply;
    CHECK_STATUS(TASKER_OK, tasker_probe(engine, bytes(request), strlen(request), &reply), &reply);
    CHECK(strcmp((const char *)reply.data, wanted) == 0);
    tasker_buffer_free(&reply);

    uint64_t ticket;
    int32_t fd;
    size_t count = 0;
    tasker_completion completion;
    CHECK(tasker_wake_fd(engine, &fd) == TASKER_OK);
    CHECK_STATUS(TASKER_OK, tasker_submit(engine, TASKER_OP_PROBE, bytes(request), strlen(request), &ticket, &reply), &reply);
    while (count == 0) {
        struct pollfd entry = {fd, POLLIN, 0};
        CHECK(poll(&entry, 1, 30000) == 1);
        CHECK(tasker_collect(engine, &completion, 1, &count) == TASKER_OK);
    }
    CHECK(completion.ticket == ticket && completion.status == TASKER_OK);
    CHECK(strcmp((const char *)completion.reply.data, wanted) == 0);
    tasker_buffer_free(&completion.reply);
}

/* What is answered from memory is done when the submit returns, but for what is long
 * or comes in great numbers; a panic in one is the matter of one. */
void case_probe_many(void) {
    static const char *const texts[] = {"{\"instant\": true}", "{\"do\": \"panic\", \"instant\": true}", "{\"do\": \"panic\"}", "{}"};
    enum { KINDS = 4, ALL = 1000 };
    static tasker_submission given[ALL];
    static unsigned char answered[ALL];
    tasker_engine engine = open_engine();
    uint64_t first;
    int32_t fd;
    size_t count;
    tasker_buffer reply;
    tasker_completion completions[64];
    CHECK(tasker_wake_fd(engine, &fd) == TASKER_OK);

    for (size_t i = 0; i < 64; i++) {
        given[i] = (tasker_submission){TASKER_OP_PROBE, bytes(texts[0]), strlen(texts[0])};
    }
    CHECK_STATUS(TASKER_OK, tasker_submit_many(engine, given, 64, &first, &reply), &reply);
    CHECK(tasker_collect(engine, completions, 64, &count) == TASKER_OK && count == 64);
    for (size_t i = 0; i < count; i++) {
        CHECK(completions[i].ticket == first + i && completions[i].status == TASKER_OK);
        tasker_buffer_free(&completions[i].reply);
    }

    for (size_t i = 0; i < ALL; i++) {
        const char *text = texts[i % KINDS];
        given[i] = (tasker_submission){TASKER_OP_PROBE, bytes(text), strlen(text)};
    }
    CHECK_STATUS(TASKER_OK, tasker_submit_many(engine, given, ALL, &first, &reply), &reply);
    for (size_t taken = 0; taken < ALL; taken += count) {
        struct pollfd entry = {fd, POLLIN, 0};
        CHECK(poll(&entry, 1, 30000) == 1);
        CHECK(tasker_collect(engine, completions, 64, &count) == TASKER_OK);
        for (size_t i = 0; i < count; i++) {
            uint64_t index = completions[i].ticket - first;
            CHECK(index < ALL && answered[index]++ == 0);
            CHECK(completions[i].status == (strstr(texts[index % KINDS], "panic") ? TASKER_E_INTERNAL : TASKER_OK));
            tasker_buffer_free(&completions[i].reply);
        }
    }
    close_engine(engine);
}

void case_probe(void) {
    tasker_engine engine = open_engine();
    expect(engine, "{}", "{}");
    expect(engine, "{\"do\": \"nothing\", \"instant\": true}", "{}");
    expect(engine, "{\"do\":\"echo\",\"text\":\"a\xc3\xa9\"}", "{\"text\":\"a\xc3\xa9\"}");
    expect(engine, "{\"do\": \"echo\", \"text\": \"b\", \"instant\": true}", "{\"text\":\"b\"}");
    expect(engine, "{\"do\": \"wait\", \"wait_ms\": 1}", "{}");
    CHECK(run(tasker_probe, engine, "{\"do\": \"no such thing\"}") == TASKER_E_INVALID_REQUEST);
    close_engine(engine);
    CHECK(run(tasker_probe, engine, "{\"instant\": true}") == TASKER_E_CLOSED);
}
