/* Children with a deadline. One that hangs is shown and ended. */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "harness.h"

enum { DEADLINE_MS = 5000, STARVED_MAX_MS = 20000 };

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void show_file(int pid, const char *task, const char *name) {
    char path[128], line[256];
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/%s", pid, task, name);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        size_t len = fread(line, 1, sizeof line - 1, file);
        line[len] = 0;
        line[strcspn(line, "\n")] = 0;
        fprintf(stderr, " %s=%s", name, line);
        fclose(file);
    }
}

static void show_thread(int pid, const char *task) {
    fprintf(stderr, "process %d, thread %s:", pid, task);
    show_file(pid, task, "comm");
    show_file(pid, task, "wchan");
    show_file(pid, task, "syscall");
    show_file(pid, task, "schedstat"); /* nanoseconds at work and in wait of a processor */
    fputc('\n', stderr);
}

/* Does something with each thread of a process, by the number of the thread. */
static void each_thread(int pid, void (*action)(int pid, const char *task)) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.') {
            action(pid, entry->d_name);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

static __thread int64_t starved_ns;

static void add_starved(int pid, const char *task) {
    char path[128];
    long long waited = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, task);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        starved_ns += fscanf(file, "%*d %lld", &waited) == 1 ? waited : 0;
        fclose(file);
    }
}

/* How long the threads of a process, together, have waited for a processor. */
static int64_t starved_ms(int pid) {
    starved_ns = 0;
    each_thread(pid, add_starved);
    return starved_ns / 1000000;
}

/* ended_within tells whether a child ends in time, without judging how. */
int ended_within(pid_t child, int64_t ms) {
    int fd = (int)syscall(SYS_pidfd_open, child, 0);
    CHECK(fd >= 0);
    struct pollfd entry = {fd, POLLIN, 0};
    int64_t end = now_ms() + ms, left = ms;
    while (left > 0 && poll(&entry, 1, (int)left) <= 0) {
        left = end - now_ms();
    }
    close(fd);
    return (entry.revents & POLLIN) != 0;
}

/* Like ended_within, but what a child waits for a processor on a busy machine is
 * not its fault. A child that hangs waits for other things. */
static int ended_in_time(pid_t child, int64_t ms) {
    int64_t begun = now_ms();
    for (int64_t allowed = ms; allowed > now_ms() - begun;) {
        if (ended_within(child, allowed - (now_ms() - begun))) {
            return 1;
        }
        int64_t starved = starved_ms((int)child);
        allowed = ms + (starved < STARVED_MAX_MS ? starved : STARVED_MAX_MS);
    }
    return 0;
}

void finish_within(pid_t child, int64_t ms) {
    int status;
    CHECK(child > 0);
    if (!ended_in_time(child, ms)) {
        fprintf(stderr, "child %d did not end within %lld ms\n", (int)child, (long long)ms);
        each_thread((int)child, show_thread);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        FAIL("child %d hung", (int)child);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        FAIL("child %d ended with wait status %x", (int)child, (unsigned)status);
    }
}

void finish(pid_t child) { finish_within(child, count_from_environment("FORK_DEADLINE_MS", DEADLINE_MS)); }

/* in_child forks a child that does one thing and ends without its parent's atexit. */
pid_t in_child(void (*action)(void)) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        action();
        _exit(0);
    }
    return child;
}
