/* A defect while a child opens an engine of its parent again ends that one call. */
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "probe.h"

enum { CHILD_SECONDS = 20, THREADS = 4, ROUNDS = 10 };

static tasker_engine first, second;
static int32_t descriptor;

static void arm(const char *point) {
    char request[64];
    snprintf(request, sizeof request, "{\"do\": \"arm\", \"at\": \"%s\"}", point);
    CHECK(run(tasker_probe, first, request) == TASKER_OK);
}

static int entries(const char *folder) {
    int found = 0;
    DIR *open = opendir(folder);
    CHECK(open != NULL);
    while (readdir(open) != NULL) {
        found++;
    }
    closedir(open);
    return found;
}

/* Whether the panic has come by is seen from the other engine. */
static void fail_at(const char *point) {
    tasker_buffer reply;
    arm(point);
    CHECK_STATUS(TASKER_E_INTERNAL, tasker_engine_health(second, NULL, 0, &reply), &reply);
    CHECK(has_code(&reply, "internal") && strstr((const char *)reply.data, "panic") == NULL);
    tasker_buffer_free(&reply);
    CHECK_STATUS(TASKER_OK, tasker_probe(first, bytes("{\"do\": \"armed\"}"), 15, &reply), &reply);
    CHECK(strcmp((const char *)reply.data, "{}") == 0);
    tasker_buffer_free(&reply);
}

/* Nothing is left open by an opening that failed, however often. */
static void fail_often(const char *point) {
    fail_at(point);
    int descriptors = entries("/proc/self/fd"), threads = entries("/proc/self/task");
    for (int i = 0; i < ROUNDS; i++) {
        fail_at(point);
    }
    CHECK(entries("/proc/self/fd") == descriptors);
    CHECK(entries("/proc/self/task") <= threads + 4); /* Go may want one more now and then */
}

static void *ask(void *status) {
    *(int32_t *)status = run(tasker_engine_health, second, "{}");
    return NULL;
}

/* Of several threads that come at once one meets the defect. */
static void fail_once(const char *point) {
    pthread_t threads[THREADS];
    int32_t status[THREADS], failed = 0;
    arm(point);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, ask, &status[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(status[i] == TASKER_OK || status[i] == TASKER_E_INTERNAL);
        failed += status[i] == TASKER_E_INTERNAL;
    }
    CHECK(failed == 1);
}

/* The number on which the parent's host waits is still there, and rings. */
static void ring(void) {
    uint64_t ticket;
    int32_t fd;
    size_t count = 0;
    tasker_buffer reply;
    tasker_completion answer;
    CHECK_STATUS(TASKER_OK, tasker_submit(second, TASKER_OP_TASK_LIST, NULL, 0, &ticket, &reply), &reply);
    while (count == 0) {
        struct pollfd waiting = {descriptor, POLLIN, 0};
        CHECK(poll(&waiting, 1, -1) == 1 && (waiting.revents & POLLIN) != 0);
        CHECK(tasker_collect(second, &answer, 1, &count) == TASKER_OK);
    }
    CHECK(answer.ticket == ticket && answer.status == TASKER_OK);
    tasker_buffer_free(&answer.reply);
    CHECK(tasker_wake_fd(second, &fd) == TASKER_OK && fd == descriptor);
}

static void go_on(void) {
    CHECK(run(tasker_engine_health, first, "{}") == TASKER_OK);
    CHECK(run(tasker_engine_health, second, "{\"deep\": true}") == TASKER_OK);
    ring();
}

static void in_child(const char *point) {
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(CHILD_SECONDS);
        fail_often(point);
        fail_once(point);
        go_on();
        close_engine(second);
        close_engine(first);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (status != 0) {
        fprintf(stderr, "with a panic at %s the child ended with %x\n", point, (unsigned)status);
    }
    CHECK(status == 0);
}

static void unharmed(tasker_engine engine) {
    tasker_buffer reply;
    CHECK_STATUS(TASKER_OK, tasker_engine_health(engine, NULL, 0, &reply), &reply);
    CHECK(has_number(&reply, "panics", 0));
    tasker_buffer_free(&reply);
}

void case_panic_while_reopening(void) {
    first = open_engine();
    second = open_engine();
    CHECK(tasker_wake_fd(second, &descriptor) == TASKER_OK);
    const char *points[] = {"session.open", "log.add", "handles.add"};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        in_child(points[i]);
        go_on();
        unharmed(first);
        unharmed(second);
    }
    close_engine(second);
    close_engine(first);
}
