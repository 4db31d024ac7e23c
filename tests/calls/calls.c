/*
 * calls.c: many calls of every way into the library, and how much the resident
 * memory grew between the 100,000th call (half of them where they are fewer) and
 * the end. With `leak` replies are not released, which the reader of the figure
 * must notice.
 *
 *     calls DATABASE CALLS [leak]
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tasker_core.h"

#define PROBE 0x7000

int32_t tasker_probe(tasker_engine engine, const uint8_t *request, size_t request_len, tasker_buffer *reply);

static int leak;

static void need(int32_t status, const char *what, tasker_buffer *reply) {
    if (status != TASKER_OK) {
        fprintf(stderr, "%s: status %d %s\n", what, status, reply->data ? (const char *)reply->data : "");
        exit(1);
    }
}

static void release(tasker_buffer *reply) {
    if (!leak) {
        tasker_buffer_free(reply);
    }
}

static void named(tasker_engine engine, const char *request) {
    tasker_buffer reply;
    need(tasker_probe(engine, (const uint8_t *)request, strlen(request), &reply), "probe", &reply);
    release(&reply);
}

static void submitted(tasker_engine engine, const char *request) {
    tasker_buffer reply;
    uint64_t ticket;
    need(tasker_submit(engine, PROBE, (const uint8_t *)request, strlen(request), &ticket, &reply), "submit", &reply);
    struct pollfd wait = {.events = POLLIN};
    tasker_wake_fd(engine, &wait.fd);
    tasker_completion completion;
    size_t count = 0;
    while (count == 0) {
        poll(&wait, 1, -1);
        need(tasker_collect(engine, &completion, 1, &count), "collect", &reply);
    }
    need(completion.status, "the submitted probe", &completion.reply);
    release(&completion.reply);
}

/* A few at once, and as many that are refused together. */
static void many(tasker_engine engine, const char *request) {
    enum { AT_ONCE = 4 };
    tasker_submission given[AT_ONCE];
    tasker_buffer reply;
    uint64_t ticket;
    for (int i = 0; i < AT_ONCE; i++) {
        given[i] = (tasker_submission){PROBE, (const uint8_t *)request, strlen(request)};
    }
    need(tasker_submit_many(engine, given, AT_ONCE, &ticket, &reply), "submit_many", &reply);
    struct pollfd wait = {.events = POLLIN};
    tasker_wake_fd(engine, &wait.fd);
    for (size_t taken = 0, count; taken < AT_ONCE; taken += count) {
        tasker_completion completions[AT_ONCE];
        poll(&wait, 1, -1);
        need(tasker_collect(engine, completions, AT_ONCE, &count), "collect", &reply);
        for (size_t i = 0; i < count; i++) {
            need(completions[i].status, "one of many", &completions[i].reply);
            release(&completions[i].reply);
        }
    }
    given[AT_ONCE - 1].operation = 0;
    if (tasker_submit_many(engine, given, AT_ONCE, &ticket, &reply) != TASKER_E_INVALID_REQUEST) {
        need(TASKER_E_INTERNAL, "submit_many of an unknown operation", &reply);
    }
    release(&reply);
}

static long resident_kb(void) {
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm || fscanf(statm, "%*d %ld", &pages) != 1) {
        exit(1);
    }
    fclose(statm);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(int argc, char **argv) {
    long calls = argc > 2 ? atol(argv[2]) : 0;
    leak = argc > 3 && strcmp(argv[3], "leak") == 0;
    char config[512], echo[1200];
    snprintf(config, sizeof config, "{\"database\":{\"url\":\"%s\"}}", argc > 1 ? argv[1] : "");
    snprintf(echo, sizeof echo, "{\"do\":\"echo\",\"text\":\"%01024d\"}", 7);
    tasker_engine engine;
    tasker_buffer reply;
    need(tasker_open((const uint8_t *)config, strlen(config), &engine, &reply), "open", &reply);
    tasker_buffer_free(&reply);

    long before = 0, start = calls / 2 < 100000 ? calls / 2 : 100000;
    for (long i = 0; i < calls; i++) {
        if (i == start) {
            before = resident_kb();
        }
        switch (i % 5) {
        case 0: named(engine, "{\"instant\":true}"); break;
        case 1: named(engine, "{}"); break;
        case 2: named(engine, echo); break;
        case 3: submitted(engine, "{}"); break;
        default: many(engine, i % 2 == 0 ? "{}" : "{\"instant\":true}");
        }
    }
    printf("%ld\n", resident_kb() - before);
    tasker_close(engine, NULL, 0, &reply);
    tasker_buffer_free(&reply);
    return 0;
}
