/* A forked child is told so at once; the parent does not notice. */
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

extern char **environ;

/* A child that hangs dies by the alarm and fails the test. */
enum { CHILD_SECONDS = 5 };

static void check_forked(tasker_engine engine, tasker_buffer *parents) {
    tasker_buffer reply;
    tasker_engine opened = 7;
    uint64_t ticket;
    size_t count;
    int32_t fd;
    alarm(CHILD_SECONDS);
    CHECK(tasker_engine_health(engine, NULL, 0, &reply) == TASKER_E_FORKED && has_code(&reply, "forked"));
    tasker_buffer_free(&reply);
    CHECK(tasker_engine_config_get(engine, NULL, 0, &reply) == TASKER_E_FORKED && has_code(&reply, "forked"));
    CHECK(strstr((const char *)reply.data, "remedy") != NULL);
    tasker_buffer_free(&reply);
    CHECK(tasker_open(NULL, 0, &opened, &reply) == TASKER_E_FORKED && opened == 0 && has_code(&reply, "forked"));
    tasker_buffer_free(&reply);
    CHECK(tasker_submit(engine, 1, NULL, 0, &ticket, &reply) == TASKER_E_FORKED && ticket == 0);
    tasker_buffer_free(&reply);
    CHECK(tasker_collect(engine, NULL, 0, &count) == TASKER_E_FORKED);
    CHECK(tasker_interrupt(engine) == TASKER_E_FORKED);
    CHECK(tasker_wake_fd(engine, &fd) == TASKER_E_FORKED && fd == -1);
    CHECK(tasker_close(engine, NULL, 0, &reply) == TASKER_E_FORKED);
    tasker_buffer_free(&reply);
    CHECK(tasker_abi_version() == TASKER_ABI_VERSION && tasker_build_info() != NULL);
    tasker_buffer_free(parents);
}

static void expect_success(pid_t child) {
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void fork_and_check(tasker_engine engine, tasker_buffer *parents) {
    pid_t child = fork();
    if (child == 0) {
        check_forked(engine, parents);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            check_forked(engine, parents);
            _exit(0);
        }
        expect_success(grandchild);
        _exit(0);
    }
    expect_success(child);
}

void case_fork(void) {
    tasker_engine engine = open_engine();
    for (int i = 0; i < 20; i++) {
        tasker_buffer reply;
        CHECK_STATUS(TASKER_OK, tasker_engine_health(engine, NULL, 0, &reply), &reply);
        fork_and_check(engine, &reply);
        tasker_buffer_free(&reply);
    }
    CHECK(run(tasker_engine_health, engine, "{}") == TASKER_OK);
    close_engine(engine);
}

/* Loading alone starts the Go runtime, so the answer is the same. */
void case_fork_before_open(void) {
    tasker_buffer none = {NULL, 0};
    fork_and_check(1, &none);
    close_engine(open_engine());
}

static tasker_engine busy;
static int stop;

static void *keep_busy(void *value) {
    (void)value;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        CHECK(run(tasker_engine_health, busy, "{}") == TASKER_OK);
    }
    return NULL;
}

void case_fork_busy(void) {
    pthread_t threads[8];
    busy = open_engine();
    for (size_t i = 0; i < 8; i++) {
        CHECK(pthread_create(&threads[i], NULL, keep_busy, NULL) == 0);
    }
    for (int i = 0; i < 100; i++) {
        tasker_buffer none = {NULL, 0};
        fork_and_check(busy, &none);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < 8; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    close_engine(busy);
}

/* The system call itself, past the handlers of pthread_atfork. */
void case_raw_clone(void) {
    tasker_engine engine = open_engine();
    tasker_buffer none = {NULL, 0};
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        check_forked(engine, &none);
        _exit(0);
    }
    expect_success(child);
    CHECK(run(tasker_engine_health, engine, "{}") == TASKER_OK);
    close_engine(engine);
}

/* Starting other programs leaves the library as it is. */
void case_spawn(void) {
    tasker_engine engine = open_engine();
    char *arguments[] = {(char *)"true", NULL};
    pid_t child;
    for (int i = 0; i < 5; i++) {
        CHECK(posix_spawnp(&child, "true", NULL, NULL, arguments, environ) == 0);
        expect_success(child);
        CHECK(run(tasker_engine_health, engine, "{}") == TASKER_OK);
        CHECK(system("true") == 0);
        CHECK(run(tasker_engine_health, engine, "{}") == TASKER_OK);
        FILE *pipe = popen("echo said", "r");
        char line[8] = "";
        CHECK(pipe != NULL && fgets(line, sizeof line, pipe) != NULL && pclose(pipe) == 0);
        CHECK(strcmp(line, "said\n") == 0 && run(tasker_engine_health, engine, "{}") == TASKER_OK);
        child = vfork();
        if (child == 0) {
            execvp("true", arguments);
            _exit(1);
        }
        expect_success(child);
        CHECK(run(tasker_engine_health, engine, "{}") == TASKER_OK);
    }
    close_engine(engine);
}
