/* What host programs do around a fork: daemons, new names, other runtimes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "harness.h"

extern char **environ;

/* Waits for the one byte by which a daemon says that it has done its work. */
static void await_daemon(int fd) {
    char byte = 0;
    struct pollfd entry = {fd, POLLIN, 0};
    if (poll(&entry, 1, 10000) != 1 || read(fd, &byte, 1) != 1) {
        FAIL("the daemon did not do its work");
    }
    CHECK(byte == 'd' && close(fd) == 0);
}

static void daemon_with(void (*become)(int fd)) {
    int ends[2];
    open_stores();
    work_everywhere();
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        become(ends[1]);
        _exit(0);
    }
    finish(child);
    CHECK(close(ends[1]) == 0);
    await_daemon(ends[0]);
    work_everywhere();
    close_stores();
}

/* Nobody waits for a daemon, so one that hangs has to end itself. */
enum { DAEMON_SECONDS = 20 };

static void become_daemon(int fd) {
    work_everywhere();
    CHECK(daemon(0, 1) == 0);
    alarm(DAEMON_SECONDS);
    work_everywhere();
    CHECK(write(fd, "d", 1) == 1);
}

void case_daemon(void) { daemon_with(become_daemon); }

enum { TAKEN = 40 };

/* The old way: close everything, and use the numbers again. What the library
 * does later may not touch what the host has put there. */
static void become_daemon_closing(int fd) {
    int taken[TAKEN];
    CHECK(dup2(fd, 0) == 0);
    CHECK(syscall(SYS_close_range, 3, ~0u, 0) == 0);
    CHECK(setsid() > 0);
    for (int i = 0; i < TAKEN; i++) {
        taken[i] = open("/dev/null", O_WRONLY | O_CLOEXEC);
        CHECK(taken[i] >= 3);
    }
    work_everywhere();
    for (int i = 0; i < TAKEN; i++) {
        char target[32] = "", path[32];
        snprintf(path, sizeof path, "/proc/self/fd/%d", taken[i]);
        CHECK(readlink(path, target, sizeof target - 1) > 0 && strcmp(target, "/dev/null") == 0);
        CHECK(close(taken[i]) == 0);
    }
    close_stores();
    CHECK(write(0, "d", 1) == 1);
}

void case_daemon_closing(void) { daemon_with(become_daemon_closing); }

/* The test kills this process while its calls are in transactions, and looks
 * whether they end although the child lives. */
void case_orphan(void) {
    char order[4];
    open_stores();
    for (int i = 0; i < 8; i++) {
        uint64_t ticket;
        tasker_buffer reply;
        const char *text = "{\"name\": \"work\", \"namespace\": \"fork\", \"context\": {\"n\": 1}}";
        CHECK(tasker_submit(stores[POSTGRESQL].engine, TASKER_OP_TASK_CREATE, (const uint8_t *)text, strlen(text), &ticket,
                            &reply) == TASKER_OK);
    }
    puts("submitted");
    fflush(stdout);
    CHECK(read(0, order, 3) == 3); /* "go\n": they wait for a lock that the test holds */
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        puts("forked");
        fflush(stdout);
        CHECK(read(0, order, 3) == 3);
        work_everywhere();
        puts("worked");
        exit(0);
    }
    pause();
}

/* Overwrites the memory in which the kernel put arguments and environment, as
 * setproctitle does. */
static void rename_process(void) {
    char *low = program_arguments[0], *high = low;
    size_t count = 0;
    for (char **each = program_arguments; *each != NULL; each++) {
        high = *each + strlen(*each) + 1;
    }
    for (char **each = environ; *each != NULL; each++, count++) {
        if (*each == high) {
            high = *each + strlen(*each) + 1;
        }
    }
    char **moved = calloc(count + 1, sizeof *moved);
    CHECK(moved != NULL);
    for (size_t i = 0; i < count; i++) {
        moved[i] = strdup(environ[i]);
    }
    environ = moved;
    memset(low, 'x', (size_t)(high - low) - 1);
    for (char **each = program_arguments + 1; *each != NULL; each++) {
        *each = NULL;
    }
}

void case_renamed(void) {
    open_stores();
    rename_process();
    finish(in_child(work_everywhere));
    CHECK(setenv("TASKER_LOG_LEVEL", "debug", 1) == 0);
    finish(in_child(work_everywhere));
    work_everywhere();
    close_stores();
}

typedef int (*second_function)(int);

static void ask(void *second) {
    second_function answer;
    *(void **)&answer = dlsym(second, "second_answer");
    CHECK(answer != NULL && answer(1000) == 1000);
}

static void *load_second(void) {
    void *second = dlopen(getenv("FORK_SECOND"), RTLD_NOW | RTLD_LOCAL);
    if (second == NULL) {
        FAIL("%s", dlerror());
    }
    return second;
}

static void load_second_and_work(void) {
    work_everywhere();
    ask(load_second());
    work_everywhere();
}

/* Another Go library beside ours: loaded in the child, then in the parent. Its
 * own runtime does not live through a fork, and ours must not care. */
void case_second_runtime(void) {
    open_stores();
    finish(in_child(load_second_and_work));
    void *second = load_second();
    ask(second);
    for (int i = 0; i < 5; i++) {
        finish(in_child(work_everywhere));
        ask(second);
        work_everywhere();
    }
    close_stores();
}

static void *second_library;

/* What becomes of this call is between the host and that library: its runtime
 * died with the fork, and the call may never return. */
static void *ask_the_dead(void *unused) {
    second_function answer;
    *(void **)&answer = dlsym(second_library, "second_answer");
    (void)answer(1000);
    return unused;
}

static void work_beside_the_dead(void) {
    pthread_t thread;
    work_everywhere();
    CHECK(pthread_create(&thread, NULL, ask_the_dead, NULL) == 0);
    CHECK(pthread_detach(thread) == 0);
    for (int i = 0; i < 3; i++) {
        work_everywhere();
    }
    finish(in_child(work_everywhere));
}

/* The other library came first, and parent and children have called both: a
 * child whose thread is stuck in the dead runtime works with ours all the same. */
void case_second_runtime_dead(void) {
    second_library = load_second();
    ask(second_library);
    open_stores();
    for (int i = 0; i < 5; i++) {
        work_everywhere();
        ask(second_library);
        finish(in_child(work_beside_the_dead));
    }
    ask(second_library);
    close_stores();
}
