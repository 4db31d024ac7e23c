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
