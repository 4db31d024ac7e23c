/* The operation of the test builds takes both ways in, on either kind of thread. */
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* Whether the calling thread itself performs a brief call. */
static bool performed_here(tasker_engine engine) {
    static const char request[] = "{\"do\": \"thread\"}";
    char here[64];
    tasker_buffer reply;
    snprintf(here, sizeof here, "task/%ld\"", (long)syscall(SYS_gettid));
    CHECK_STATUS(TASKER_OK, tasker_probe(engine, bytes(request), strlen(request), &reply), &reply);
    bool same = strstr((const char *)reply.data, here) != NULL;
    CHECK(strstr((const char *)reply.data, "task/") != NULL);
    tasker_buffer_free(&reply);
    return same;
}

static void *wait_for_the_interrupt(void *value) {
    static const char request[] = "{\"do\": \"wait\", \"wait_ms\": 60000}";
    tasker_buffer reply;
    CHECK(tasker_probe(*(tasker_engine *)value, bytes(request), strlen(request), &reply) == TASKER_E_CANCELLED);
    tasker_buffer_free(&reply);
    return NULL;
}

/* A brief call that is alone on a file is performed on its own thread, and none
 * while another call is under way. */
void case_probe_thread(void) {
    pthread_t thread;
    tasker_engine engine = open_engine();
    CHECK(performed_here(engine));
    CHECK(pthread_create(&thread, NULL, wait_for_the_interrupt, &engine) == 0);
    for (int tries = 0; performed_here(engine); tries++) {
        CHECK(tries < 30000);
        usleep(1000);
    }
    CHECK(tasker_interrupt(engine) == TASKER_OK);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(performed_here(engine));
    close_engine(engine);
}
