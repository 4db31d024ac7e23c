/* A forked child goes on with what its parent opened; the parent does not notice. */
#include <poll.h>
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

/* What a child does with the number that its parent has opened: everything. */
static void check_child(tasker_engine engine, tasker_buffer *parents) {
    tasker_buffer reply;
    tasker_engine opened;
    tasker_completion answer;
    uint64_t ticket;
    size_t count = 0;
    int32_t fd;
    alarm(CHILD_SECONDS);
    CHECK(run(tasker_engine_config_get, engine, "{}") == TASKER_OK);
    CHECK(run(tasker_engine_health, engine, "{}") == TASKER_OK);
    CHECK_STATUS(TASKER_OK, tasker_submit(engine, TASKER_OP_TASK_LIST, NULL, 0, &ticket, &reply), &reply);
    CHECK(tasker_wake_fd(engine, &fd) == TASKER_OK && fd >= 0);
    struct pollfd waiting = {fd, POLLIN, 0};
    while (count == 0) {
        CHECK(poll(&waiting, 1, -1) == 1);
        CHECK(tasker_collect(engine, &answer, 1, &count) == TASKER_OK);
    }
    CHECK(answer.ticket == ticket && answer.status == TASKER_OK);
    tasker_buffer_free(&answer.reply);
    CHECK_STATUS(TASKER_OK, tasker_open(NULL, 0, &opened, &reply), &reply);
    tasker_buffer_free(&reply);
    CHECK(opened != engine && run(tasker_engine_health, opened, "{}") == TASKER_OK);
    CHECK(tasker_abi_version() == TASKER_ABI_VERSION && strstr(tasker_build_info(), "version") != NULL);
    tasker_buffer_free(parents);
}

/* A child that is stuck inside the library does not even see its alarm, because
 * signals are blocked there: who waits for it ends it. */
static void expect_success(pid_t child) {
    int status = 0;
    pid_t ended = 0;
    CHECK(child > 0);
    for (int waited = 0; ended == 0; waited++) {
        ended = waitpid(child, &status, WNOHANG);
        if (waited == 4000 * CHILD_SECONDS / 5) {
            kill(child, SIGKILL);
        }
        if (ended == 0) {
            poll(NULL, 0, 5);
        }
    }
    CHECK(ended == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void fork_and_check(tasker_engine engine, tasker_buffer *parents) {
    pid_t child = fork();
    if (child == 0) {
        check_child(engine, parents);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            check_child(engine, parents);
            close_engine(engine);
            _exit(0);
        }
        expect_success(grandchild);
        close_engine(engine);
        CHECK(run(tasker_engine_health, engine, "{}") == TASKER_E_CLOSED);
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

/* Loading starts nothing, so a child starts what its parent left alone. */
void case_fork_before_open(void) {
    pid_t child = fork();
    if (child == 0) {
        alarm(CHILD_SECONDS);
        tasker_engine engine = open_engine();
        tasker_buffer none = {NULL, 0};
        fork_and_check(engine, &none);
        close_engine(engine);
        _exit(0);
    }
    expect_success(child);
    close_engine(open_engine());
}

/* A child that does nothing with the engine closes it without a runtime of its
 * own, and the parent's engine is none the worse. */
void case_fork_close(void) {
    tasker_engine engine = open_engine();
    pid_t child = fork();
    if (child == 0) {
        alarm(CHILD_SECONDS);
        close_engine(engine);
        tasker_buffer reply;
        CHECK(tasker_interrupt(engine) == TASKER_E_CLOSED);
        CHECK(tasker_close(engine, NULL, 0, &reply) == TASKER_E_CLOSED && has_code(&reply, "closed"));
        tasker_buffer_free(&reply);
        _exit(0);
    }
    expect_success(child);
    CHECK(run(tasker_engine_health, engine, "{}") == TASKER_OK);
    close_engine(engine);
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
    for (int i = 0; i < 20; i++) {
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
        check_child(engine, &none);
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
