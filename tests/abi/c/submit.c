/* Submit and collect, and the wake descriptor. */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "harness.h"

enum { REQUESTS = 200 };

static int readable(int32_t fd, int timeout_ms) {
    struct pollfd entry = {fd, POLLIN, 0};
    int ready = poll(&entry, 1, timeout_ms);
    CHECK(ready >= 0);
    return ready == 1 && (entry.revents & POLLIN) != 0;
}

static uint64_t submit(tasker_engine engine, uint32_t number, const char *request) {
    uint64_t ticket = 0;
    tasker_buffer reply;
    CHECK_STATUS(TASKER_OK, tasker_submit(engine, number, bytes(request), strlen(request), &ticket, &reply), &reply);
    CHECK(ticket != 0 && reply.data == NULL && reply.len == 0);
    return ticket;
}

/* Every ticket is answered once, with poll alone to wait. */
void case_submit_and_collect(void) {
    tasker_engine engine = open_engine();
    int32_t fd;
    static unsigned char answered[REQUESTS + 1];
    CHECK(tasker_wake_fd(engine, &fd) == TASKER_OK);
    for (int i = 0; i < REQUESTS; i++) {
        /* The request is copied: what the caller does with its memory is its own affair. */
        char request[64];
        strcpy(request, i % 2 == 0 ? "{}" : "{\"no_such_key\": 1}");
        CHECK(submit(engine, TASKER_OP_ENGINE_HEALTH, request) == (uint64_t)i + 1);
        memset(request, 'x', sizeof request);
    }
    for (size_t taken = 0; taken < REQUESTS;) {
        tasker_completion completions[7];
        size_t count;
        CHECK(readable(fd, 30000));
        CHECK(tasker_collect(engine, completions, 7, &count) == TASKER_OK && count <= 7);
        for (size_t i = 0; i < count; i++) {
            uint64_t ticket = completions[i].ticket;
            CHECK(ticket >= 1 && ticket <= REQUESTS && answered[ticket]++ == 0);
            CHECK(completions[i].status == (ticket % 2 == 1 ? TASKER_OK : TASKER_E_INVALID_REQUEST));
            CHECK(completions[i].reply.data[completions[i].reply.len] == 0);
            tasker_buffer_free(&completions[i].reply);
        }
        taken += count;
    }
    size_t count;
    tasker_completion none;
    CHECK(tasker_collect(engine, &none, 1, &count) == TASKER_OK && count == 0);
    /* Answers that nobody collects do not hinder closing. */
    for (int i = 0; i < REQUESTS; i++) {
        submit(engine, TASKER_OP_ENGINE_HEALTH, "{}");
    }
    close_engine(engine);
}

void case_submit_refused(void) {
    tasker_engine engine = open_engine();
    const uint32_t unknown[] = {0, TASKER_OP_WORKER_STOP + 1000, UINT32_MAX};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        uint64_t ticket = 7;
        tasker_buffer reply;
        CHECK(tasker_submit(engine, unknown[i], NULL, 0, &ticket, &reply) == TASKER_E_INVALID_REQUEST && ticket == 0);
        CHECK(has_code(&reply, "invalid_request"));
        tasker_buffer_free(&reply);
    }
    close_engine(engine);
}

static void collect_one(tasker_engine engine, int32_t fd) {
    size_t count = 0;
    while (count == 0) {
        tasker_completion completion;
        CHECK(readable(fd, 30000));
        CHECK(tasker_collect(engine, &completion, 1, &count) == TASKER_OK);
        if (count == 1) {
            tasker_buffer_free(&completion.reply);
        }
    }
}

/* The descriptor is what the header says, and a host that reads the byte itself
 * misses nothing. */
void case_wake_descriptor(void) {
    tasker_engine engine = open_engine();
    int32_t fd, again;
    CHECK(tasker_wake_fd(engine, &fd) == TASKER_OK && fd >= 0);
    CHECK(tasker_wake_fd(engine, &again) == TASKER_OK && again == fd);
    CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    for (int i = 0; i < 100; i++) {
        submit(engine, TASKER_OP_ENGINE_CONFIG_GET, "{}");
        if (i % 2 == 0) {
            char byte;
            CHECK(readable(fd, 30000) && read(fd, &byte, 1) == 1);
            size_t count = 0;
            tasker_completion completion;
            while (count == 0) {
                CHECK(tasker_collect(engine, &completion, 1, &count) == TASKER_OK);
            }
            tasker_buffer_free(&completion.reply);
        } else {
            collect_one(engine, fd);
        }
    }
    close_engine(engine);
    CHECK(fcntl(fd, F_GETFD) == -1);
}

/* A claim on one thread re-arms the descriptor, but not at the cost of an
 * answer that another thread waits for. */
void case_claim_keeps_answers(void) {
    tasker_engine engine = open_engine();
    int32_t fd;
    CHECK(run(tasker_worker_register, engine, "{\"name\": \"w\", \"language\": \"c\", \"handlers\": [{}]}") == TASKER_OK);
    CHECK(tasker_wake_fd(engine, &fd) == TASKER_OK);
    submit(engine, TASKER_OP_ENGINE_CONFIG_GET, "{}");
    CHECK(readable(fd, 30000));
    CHECK(run(tasker_step_claim, engine, "{\"worker_id\": 1}") == TASKER_OK);
    collect_one(engine, fd);
    close_engine(engine);
}

/* A host that reads the byte and collects at once, again and again, is woken for
 * every answer: the byte is never there before the library knows of it. */
void case_wake_is_never_lost(void) {
    tasker_engine engine = open_engine();
    int32_t fd;
    CHECK(tasker_wake_fd(engine, &fd) == TASKER_OK);
    for (int i = 0; i < 20000; i++) {
        submit(engine, TASKER_OP_ENGINE_CONFIG_GET, "{}");
        size_t count = 0;
        while (count == 0) {
            char byte;
            tasker_completion completion;
            CHECK(readable(fd, 30000) && read(fd, &byte, 1) == 1);
            CHECK(tasker_collect(engine, &completion, 1, &count) == TASKER_OK);
            if (count == 1) {
                tasker_buffer_free(&completion.reply);
            }
        }
    }
    close_engine(engine);
}
