/* Many requests in one call. */
#include <poll.h>
#include <pthread.h>

#include "harness.h"

enum { REQUESTS = 300, THREADS = 8, ROUNDS = 40, EACH = 17 };

static tasker_submission submission(uint32_t number, const char *request) {
    tasker_submission one = {number, bytes(request), strlen(request)};
    return one;
}

/* Takes answers until there are `wanted` of tickets from `first` on, each once and
 * with the status that is expected of it. */
static void collect_all(tasker_engine engine, uint64_t first, size_t wanted, int32_t (*expected)(size_t)) {
    int32_t fd;
    unsigned char *answered = calloc(wanted, 1);
    CHECK(answered != NULL && tasker_wake_fd(engine, &fd) == TASKER_OK);
    for (size_t taken = 0; taken < wanted;) {
        tasker_completion completions[64];
        struct pollfd entry = {fd, POLLIN, 0};
        size_t count;
        CHECK(poll(&entry, 1, 60000) == 1);
        CHECK(tasker_collect(engine, completions, 64, &count) == TASKER_OK);
        for (size_t i = 0; i < count; i++) {
            uint64_t index = completions[i].ticket - first;
            CHECK(index < wanted && answered[index]++ == 0);
            CHECK_STATUS(expected(index), completions[i].status, &completions[i].reply);
            tasker_buffer_free(&completions[i].reply);
        }
        taken += count;
    }
    free(answered);
}

static int32_t every_third_fails(size_t index) { return index % 3 == 2 ? TASKER_E_INVALID_REQUEST : TASKER_OK; }

static int32_t all_fail(size_t index) {
    (void)index;
    return TASKER_E_INVALID_REQUEST;
}

/* Those from memory and those with the database, right and wrong, get tickets in
 * the order of the array and an answer each. Nothing of the host is read later. */
void case_many(void) {
    tasker_engine engine = open_engine();
    uint64_t before = 0;
    for (int round = 0; round < 3; round++) {
        static char text[REQUESTS][32];
        tasker_submission given[REQUESTS];
        for (size_t i = 0; i < REQUESTS; i++) {
            strcpy(text[i], i % 3 == 2 ? "{\"no_such_key\": 1}" : "{}");
            given[i] = submission(i % 2 == 0 ? TASKER_OP_ENGINE_CONFIG_GET : TASKER_OP_ENGINE_HEALTH, text[i]);
            if (i % 3 == 1) {
                given[i].request = NULL; /* stands for {} */
                given[i].request_len = 0;
            }
        }
        uint64_t ticket = 0;
        tasker_buffer reply;
        CHECK_STATUS(TASKER_OK, tasker_submit_many(engine, given, REQUESTS, &ticket, &reply), &reply);
        CHECK(ticket == before + 1 && reply.data == NULL && reply.len == 0);
        memset(text, 'x', sizeof text);
        memset(given, 0xff, sizeof given);
        collect_all(engine, ticket, REQUESTS, every_third_fails);
        before = ticket + REQUESTS - 1;
    }
    /* Tickets go on where those of single requests end, and the other way round. */
    uint64_t single, first;
    tasker_buffer reply;
    tasker_submission two[2] = {submission(TASKER_OP_ENGINE_CONFIG_GET, ""), submission(TASKER_OP_ENGINE_HEALTH, "{}")};
    CHECK(tasker_submit(engine, TASKER_OP_ENGINE_CONFIG_GET, NULL, 0, &single, &reply) == TASKER_OK);
    CHECK(single == before + 1);
    CHECK(tasker_submit_many(engine, two, 2, &first, &reply) == TASKER_OK && first == single + 1);
    close_engine(engine); /* with answers that nobody collected */
}

/* Refused as a whole: nothing gets a ticket or an answer. */
static void refuse(tasker_engine engine, const tasker_submission *given, size_t count, int32_t status, const char *code,
                   size_t index) {
    uint64_t ticket = 7;
    tasker_buffer reply;
    CHECK_STATUS(status, tasker_submit_many(engine, given, count, &ticket, &reply), &reply);
    CHECK(ticket == 0 && has_code(&reply, code) && strstr((const char *)reply.data, "\"remedy\":") != NULL);
    CHECK(index == SIZE_MAX || has_number(&reply, "index", index));
    tasker_buffer_free(&reply);
}

void case_many_refused(void) {
    tasker_engine engine = open_engine();
    const uint8_t *nowhere = (const uint8_t *)16;
    tasker_submission given[3], none;
    for (size_t i = 0; i < 3; i++) {
        given[i] = submission(TASKER_OP_ENGINE_CONFIG_GET, "{}");
    }
    uint64_t ticket = 7;
    tasker_buffer reply;
    CHECK(tasker_submit_many(engine, given, 3, NULL, &reply) == TASKER_E_INVALID_REQUEST && has_code(&reply, "invalid_request"));
    tasker_buffer_free(&reply);
    CHECK(tasker_submit_many(engine, given, 3, &ticket, NULL) == TASKER_E_INVALID_REQUEST && ticket == 0);
    CHECK(tasker_submit_many(engine, given, 3, NULL, NULL) == TASKER_E_INVALID_REQUEST);
    refuse(engine, NULL, 3, TASKER_E_INVALID_REQUEST, "invalid_request", SIZE_MAX);

    /* Neither the array nor a request is read where a number is absurd. */
    const size_t counts[] = {(size_t)TASKER_SUBMITTED_MAX + 1, SIZE_MAX / 24, SIZE_MAX / 2, SIZE_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        refuse(engine, (const tasker_submission *)16, counts[i], TASKER_E_LIMIT_EXCEEDED, "limit_exceeded", SIZE_MAX);
    }
    const size_t lengths[] = {(size_t)TASKER_REQUEST_MAX + 1, SIZE_MAX / 2, SIZE_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        given[1].request = nowhere;
        given[1].request_len = lengths[i];
        refuse(engine, given, 3, TASKER_E_LIMIT_EXCEEDED, "limit_exceeded", 1);
        given[1].request = NULL;
        refuse(engine, given, 3, TASKER_E_INVALID_REQUEST, "invalid_request", 1);
    }
    /* Each is short enough, all together are not. */
    given[0].request = given[1].request = given[2].request = nowhere;
    given[0].request_len = given[1].request_len = TASKER_REQUEST_MAX / 2;
    given[2].request_len = 1;
    refuse(engine, given, 3, TASKER_E_LIMIT_EXCEEDED, "limit_exceeded", 2);

    for (size_t i = 0; i < 3; i++) {
        given[i] = submission(TASKER_OP_ENGINE_CONFIG_GET, "{}");
    }
    const uint32_t unknown[] = {0, TASKER_OP_WORKER_STOP + 1000, UINT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        given[2].operation = unknown[i];
        refuse(engine, given, 3, TASKER_E_INVALID_REQUEST, "invalid_request", 2);
    }
    given[2].operation = TASKER_OP_ENGINE_CONFIG_GET;

    /* None at all is no error, and nothing of all this has given an answer. */
    CHECK(tasker_submit_many(engine, NULL, 0, &ticket, &reply) == TASKER_OK && ticket == 0 && reply.data == NULL);
    CHECK(tasker_submit_many(engine, &none, 0, &ticket, &reply) == TASKER_OK && ticket == 0 && reply.data == NULL);
    tasker_completion completion;
    size_t count;
    CHECK(tasker_collect(engine, &completion, 1, &count) == TASKER_OK && count == 0);
    close_engine(engine);
    refuse(engine, given, 3, TASKER_E_CLOSED, "closed", SIZE_MAX);
    refuse(engine, NULL, 0, TASKER_E_CLOSED, "closed", SIZE_MAX);
    refuse(0, given, 1, TASKER_E_CLOSED, "closed", SIZE_MAX);
}

/* As many as may be open fit; one more does not, alone or in company, until some
 * were collected. */
void case_many_limit(void) {
    tasker_engine engine = open_engine();
    static tasker_submission given[TASKER_SUBMITTED_MAX];
    for (size_t i = 0; i < TASKER_SUBMITTED_MAX; i++) {
        given[i] = submission(TASKER_OP_ENGINE_CONFIG_GET, "{\"no_such_key\": 1}");
    }
    uint64_t first, ticket = 7;
    tasker_buffer reply;
    CHECK_STATUS(TASKER_OK, tasker_submit_many(engine, given, TASKER_SUBMITTED_MAX - 1, &first, &reply), &reply);
    refuse(engine, given, 2, TASKER_E_LIMIT_EXCEEDED, "limit_exceeded", 1);
    CHECK(tasker_submit_many(engine, given, 1, &ticket, &reply) == TASKER_OK);
    CHECK(ticket == first + TASKER_SUBMITTED_MAX - 1);
    refuse(engine, given, 1, TASKER_E_LIMIT_EXCEEDED, "limit_exceeded", 0);
    CHECK(tasker_submit(engine, given[0].operation, NULL, 0, &ticket, &reply) == TASKER_E_LIMIT_EXCEEDED && ticket == 0);
    tasker_buffer_free(&reply);
    collect_all(engine, first, TASKER_SUBMITTED_MAX, all_fail);
    CHECK_STATUS(TASKER_OK, tasker_submit_many(engine, given, 2, &ticket, &reply), &reply);
    CHECK(ticket == first + TASKER_SUBMITTED_MAX);
    collect_all(engine, ticket, 2, all_fail);
    close_engine(engine);
}

static uint64_t firsts[THREADS][ROUNDS];

static void *submit_rounds(void *value) {
    tasker_engine engine = *(tasker_engine *)value;
    static int threads;
    int mine = __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED);
    tasker_submission given[EACH];
    for (size_t i = 0; i < EACH; i++) {
        given[i] = submission(i % 2 == 0 ? TASKER_OP_ENGINE_HEALTH : TASKER_OP_ENGINE_CONFIG_GET, "{\"no_such_key\": 1}");
    }
    for (int round = 0; round < ROUNDS; round++) {
        tasker_buffer reply;
        CHECK_STATUS(TASKER_OK, tasker_submit_many(engine, given, EACH, &firsts[mine][round], &reply), &reply);
    }
    return NULL;
}

/* Threads that submit at once get tickets of their own, while another collects. */
void case_many_threads(void) {
    static unsigned char given_out[THREADS * ROUNDS * EACH + 1];
    tasker_engine engine = open_engine();
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, submit_rounds, &engine) == 0);
    }
    collect_all(engine, 1, THREADS * ROUNDS * EACH, all_fail);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        for (int round = 0; round < ROUNDS; round++) {
            for (uint64_t k = 0; k < EACH; k++) {
                CHECK(given_out[firsts[i][round] + k]++ == 0);
            }
        }
    }
    close_engine(engine);
}
