/* What a child does to prove that its library is whole. */
#include "harness.h"

/* work creates a task, claims a step and reports it. The step may be another
 * child's: whoever creates one claims one, so nobody waits for long. */
void work(const struct store *store) {
    tasker_buffer reply;
    request(&reply, tasker_task_create, store->engine,
            "{\"name\": \"work\", \"namespace\": \"fork\", \"context\": {\"by\": %d}}", (int)getpid());
    tasker_buffer_free(&reply);
    request(&reply, tasker_worker_register, store->engine,
            "{\"handlers\": [{\"namespace\": \"fork\", \"task\": \"work\"}]}");
    int64_t worker = number(&reply, "worker_id");
    tasker_buffer_free(&reply);
    request(&reply, tasker_step_claim, store->engine, "{\"worker_id\": %lld, \"wait_ms\": 4000}", (long long)worker);
    int64_t step = number(&reply, "step_id"), epoch = number(&reply, "epoch");
    tasker_buffer_free(&reply);
    note(store, step, epoch);
    request(&reply, tasker_step_report, store->engine,
            "{\"outcomes\": [{\"step_id\": %lld, \"epoch\": %lld, \"status\": \"complete\", \"results\": {\"by\": %d}}]}",
            (long long)step, (long long)epoch, (int)getpid());
    if (!has(&reply, "\"verdict\":\"recorded\"")) {
        FAIL("step %lld of %s: %s", (long long)step, store->name, (const char *)reply.data);
    }
    tasker_buffer_free(&reply);
}

void work_everywhere(void) {
    for (int i = 0; i < STORES; i++) {
        work(&stores[i]);
    }
}

/* One refusal of each kind; returns how long they took. */
static int64_t refused(tasker_engine engine, int talk) {
    tasker_buffer reply;
    uint64_t ticket;
    int32_t fd;
    int64_t started = now_ms();
    int32_t status = tasker_engine_health(engine, NULL, 0, &reply);
    if (status != TASKER_E_FORKED) {
        FAIL("engine_health answered %d: %s", (int)status, reply.data ? (const char *)reply.data : "");
    }
    CHECK(has(&reply, "\"code\":\"forked\"") && has(&reply, "remedy"));
    if (talk) {
        printf("forked: %s\n", (const char *)reply.data);
        fflush(stdout);
    }
    tasker_buffer_free(&reply);
    CHECK(tasker_submit(engine, TASKER_OP_ENGINE_HEALTH, NULL, 0, &ticket, &reply) == TASKER_E_FORKED);
    tasker_buffer_free(&reply);
    tasker_submission one = {.operation = TASKER_OP_ENGINE_HEALTH};
    CHECK(tasker_submit_many(engine, &one, 1, &ticket, &reply) == TASKER_E_FORKED);
    tasker_buffer_free(&reply);
    CHECK(tasker_wake_fd(engine, &fd) == TASKER_E_FORKED);
    return now_ms() - started;
}

/* expect_forked requires that every way in answers `forked` with its reason and
 * remedy, again and again. Of several the quickest has 100 ms: on a machine that
 * is busy with other tests any one may have to wait for a processor. */
void expect_forked(tasker_engine engine) {
    int64_t least = INT64_MAX;
    for (int round = 0; round < 5; round++) {
        int64_t took = refused(engine, round == 0);
        least = took < least ? took : least;
    }
    if (least > 100) {
        FAIL("the refusals took %lld ms at least", (long long)least);
    }
}
