/*
 * demo.c: one task from C. It opens an embedded database, registers a template of
 * three steps, creates a task, claims and completes its steps one after the other,
 * and prints the graph.
 *
 *     make demo/c
 *
 * A real program would bring a JSON library; this one only picks integers out of
 * replies, so that nothing but tasker_core.h is needed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tasker_core.h>

static const char *const config = "{\"database\": {\"url\": \"sqlite::memory:\"}}";

static const char *const template_text =
    "{\"template\": \"name: greeting\\nversion: 1.0.0\\nstep_templates:\\n"
    "  - name: compose\\n"
    "  - name: translate\\n    depends_on_step: compose\\n"
    "  - name: print\\n    depends_on_step: translate\\n\"}";

typedef int32_t operation(tasker_engine, const uint8_t *, size_t, tasker_buffer *);

/* Ends the program with what the library says. */
static void fail(const char *what, int32_t status, const tasker_buffer *reply) {
    fprintf(stderr, "%s: status %" PRId32 "\n%s\n", what, status,
            reply->data == NULL ? "" : (const char *)reply->data);
    exit(EXIT_FAILURE);
}

/* Calls an operation; the reply is the caller's to release. A reply ends with NUL. */
static tasker_buffer call(operation *op, const char *what, tasker_engine engine, const char *request) {
    tasker_buffer reply;
    int32_t status = op(engine, (const uint8_t *)request, strlen(request), &reply);
    if (status != TASKER_OK) {
        fail(what, status, &reply);
    }
    return reply;
}

/* The integer behind a key, searched from a place in the text; 0 when the key is not there. */
static int64_t number(const char *text, const char *key) {
    const char *found = strstr(text, key);
    return found == NULL ? 0 : strtoll(found + strlen(key), NULL, 10);
}

/* Prints a JSON string, which is how the drawing comes. */
static void print_text(const char *text, const char *key) {
    const char *at = strstr(text, key);
    for (at = at == NULL ? "" : at + strlen(key) + 1; *at != '\0' && *at != '"'; at++) {
        if (at[0] == '\\' && at[1] == 'n') {
            putchar('\n');
            at++;
        } else {
            putchar(*at);
        }
    }
}

/* Claims one step and completes it; 0 when there was none. */
static int work(tasker_engine engine, int64_t worker) {
    char request[256];
    snprintf(request, sizeof request, "{\"worker_id\": %" PRId64 ", \"limit\": 1}", worker);
    tasker_buffer claimed = call(tasker_step_claim, "step_claim", engine, request);
    int64_t step = number((const char *)claimed.data, "\"step_id\":");
    int64_t epoch = number((const char *)claimed.data, "\"epoch\":");
    tasker_buffer_free(&claimed);
    if (step == 0) {
        return 0;
    }
    /* Here a real worker runs the handler of the step. */
    snprintf(request, sizeof request,
             "{\"outcomes\": [{\"step_id\": %" PRId64 ", \"epoch\": %" PRId64
             ", \"status\": \"complete\", \"results\": {\"length\": 12}}]}",
             step, epoch);
    tasker_buffer verdict = call(tasker_step_report, "step_report", engine, request);
    printf("step %" PRId64 " of epoch %" PRId64 ": %s\n", step, epoch,
           strstr((const char *)verdict.data, "\"recorded\"") != NULL ? "recorded" : "refused");
    tasker_buffer_free(&verdict);
    return 1;
}

int main(void) {
    tasker_engine engine;
    tasker_buffer reply;
    char request[128];
    int steps = 0;

    if (tasker_abi_version() != TASKER_ABI_VERSION) {
        fprintf(stderr, "the library is another version than the header\n");
        return EXIT_FAILURE;
    }
    printf("library %s\n", tasker_build_info());
    int32_t status = tasker_open((const uint8_t *)config, strlen(config), &engine, &reply);
    if (status != TASKER_OK) {
        fail("open", status, &reply);
    }
    tasker_buffer_free(&reply);

    reply = call(tasker_template_register, "template_register", engine, template_text);
    tasker_buffer_free(&reply);
    reply = call(tasker_worker_register, "worker_register", engine,
                 "{\"name\": \"demo\", \"language\": \"c\", \"handlers\": [{\"task\": \"greeting\"}]}");
    int64_t worker = number((const char *)reply.data, "\"worker_id\":");
    tasker_buffer_free(&reply);
    reply = call(tasker_task_create, "task_create", engine,
                 "{\"name\": \"greeting\", \"context\": {\"text\": \"Hello, world\"}}");
    int64_t task = number((const char *)reply.data, "\"task_id\":");
    tasker_buffer_free(&reply);

    while (work(engine, worker)) {
        steps++;
    }

    snprintf(request, sizeof request, "{\"task_id\": %" PRId64 ", \"include\": [\"drawing\"]}", task);
    reply = call(tasker_task_get, "task_get", engine, request);
    int complete = strstr((const char *)reply.data, "\"state\":\"complete\"") != NULL;
    printf("task %" PRId64 " is %s after %d steps\n\n", task, complete ? "complete" : "not complete", steps);
    print_text((const char *)reply.data, "\"drawing\":");
    tasker_buffer_free(&reply);

    status = tasker_close(engine, NULL, 0, &reply);
    if (status != TASKER_OK) {
        fail("close", status, &reply);
    }
    tasker_buffer_free(&reply);
    return complete && steps == 3 ? EXIT_SUCCESS : EXIT_FAILURE;
}
