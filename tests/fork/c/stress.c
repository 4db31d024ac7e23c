/* Many children, of a calm and of a busy parent, and children in unusual forms. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness.h"

extern char **environ;

/* Children that run at once: two, as many as there are processors to share. */
enum { AT_ONCE = 2, THREADS = 8, DEPTH = 10 };

static int loading; /* atomic: a thread is in the loader all the time */

/* Every other child ends as a program does, with finalizers, and closes first;
 * but not where the loader is busy, for exit itself takes the loader's lock,
 * which a thread held that is no more. */
static void child_of_many(int number) {
    int64_t started = now_ms();
    tasker_buffer reply;
    request(&reply, tasker_engine_health, stores[EMBEDDED].engine, "{}");
    tasker_buffer_free(&reply);
    int64_t first = now_ms() - started;
    work_everywhere();
    if (number % 8 == 0) {
        printf("first call %lld ms, all %lld ms\n", (long long)first, (long long)(now_ms() - started));
        fflush(stdout);
    }
    if (number % 2 == 0) {
        close_stores();
    }
    if (number % 2 == 0 && !__atomic_load_n(&loading, __ATOMIC_ACQUIRE)) {
        exit(0);
    }
    _exit(0);
}

static void many(int count) {
    pid_t children[AT_ONCE] = {0};
    fflush(stdout);
    for (int i = 0; i < count + AT_ONCE; i++) {
        pid_t *slot = &children[i % AT_ONCE];
        if (*slot != 0) {
            finish(*slot);
            *slot = 0;
        }
        if (i < count) {
            *slot = fork();
            CHECK(*slot >= 0);
            if (*slot == 0) {
                child_of_many(i);
            }
        }
    }
    printf("%d children\n", count);
}

void case_calm(void) {
    open_stores();
    work_everywhere();
    many(count_from_environment("FORK_N", 40));
    work_everywhere();
    close_stores();
}

void case_busy(void) {
    open_stores();
    traffic_start();
    many(count_from_environment("FORK_N", 40));
    traffic_stop();
    work_everywhere();
    close_stores();
}

static void nest(int depth) {
    work_everywhere();
    printf("generation %d: %d descriptors, %ld KB, %d threads\n", depth, count_entries("/proc/self/fd"), memory_kb(),
           count_entries("/proc/self/task"));
    fflush(stdout);
    /* As in every generation before: the descriptors and the memory of dead
     * engines may not pile up. Each copy of the library keeps a few. */
    CHECK(count_entries("/proc/self/fd") < 80 + 20 * depth);
    CHECK(memory_kb() < 64 * 1024);
    if (depth == DEPTH) {
        return;
    }
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        nest(depth + 1);
        _exit(0);
    }
    finish_within(child, 5000 * (DEPTH - depth));
    work_everywhere();
}

void case_nested(void) {
    open_stores();
    nest(0);
    close_stores();
}

static pthread_barrier_t barrier;

static void *work_at_once(void *value) {
    pthread_barrier_wait(&barrier);
    work_everywhere();
    return value;
}

static void work_in_threads(void) {
    pthread_t threads[THREADS];
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, work_at_once, NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

/* The first calls of a child come from eight threads at once. */
void case_threads(void) {
    open_stores();
    for (int i = 0; i < count_from_environment("FORK_N", 40) / 8; i++) {
        finish(in_child(work_in_threads));
    }
    work_in_threads();
    close_stores();
}

/* Stands in the loader nearly all the time: the library's constructor sleeps. */
static void *load_in_a_loop(void *path) {
    while (__atomic_load_n(&loading, __ATOMIC_ACQUIRE)) {
        void *loaded = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (loaded == NULL) {
            FAIL("%s", dlerror());
        }
        CHECK(dlclose(loaded) == 0);
    }
    return NULL;
}

void case_loading(void) {
    pthread_t loader;
    char *path = getenv("FORK_SLOW");
    CHECK(path != NULL);
    open_stores();
    __atomic_store_n(&loading, 1, __ATOMIC_RELEASE);
    CHECK(pthread_create(&loader, NULL, load_in_a_loop, path) == 0);
    many(count_from_environment("FORK_N", 40) / 4);
    __atomic_store_n(&loading, 0, __ATOMIC_RELEASE);
    CHECK(pthread_join(loader, NULL) == 0);
    close_stores();
}

static void spawn(char *const *arguments) {
    int status;
    pid_t child;
    CHECK(posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    child = vfork();
    if (child == 0) {
        execvp(arguments[0], arguments);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* Starting other programs leaves a busy library as it is, and they inherit none
 * of its descriptors. */
void case_spawn(void) {
    char *arguments[] = {(char *)"true", NULL};
    open_stores();
    traffic_start();
    for (int i = 0; i < 4; i++) {
        spawn(arguments);
        CHECK(system("test \"$(ls /proc/self/fd | wc -l)\" -le 6") == 0);
        FILE *pipe = popen("echo said", "r");
        char line[8] = "";
        CHECK(pipe != NULL && fgets(line, sizeof line, pipe) != NULL && pclose(pipe) == 0);
        CHECK(strcmp(line, "said\n") == 0);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            execvp(arguments[0], arguments);
            _exit(1);
        }
        finish(child);
        work_everywhere();
    }
    traffic_stop();
    close_stores();
}

static void *work_then_exit(void *value) {
    work_everywhere();
    exit(0);
    return value;
}

/* Forks in a thread that is not the first, and ends that thread in the child
 * before another one does the work. */
static void *fork_in_thread(void *value) {
    work_everywhere();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        pthread_t other;
        work_everywhere();
        CHECK(pthread_create(&other, NULL, work_then_exit, NULL) == 0);
        pthread_exit(NULL);
    }
    finish(child);
    return value;
}

void case_forking_thread(void) {
    open_stores();
    for (int i = 0; i < 5; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, fork_in_thread, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    close_stores();
}

static void open_and_work(void) {
    open_stores();
    work_everywhere();
    close_stores();
}

/* Loaded and not opened: nothing was started, and parent and child both start. */
void case_before_open(void) {
    finish(in_child(open_and_work));
    open_stores();
    finish(in_child(work_everywhere));
    finish(in_child(open_and_work));
    close_stores();
}

/* The system call itself, past the handlers of pthread_atfork. It may be beyond
 * saving; then it is told so. */
void case_raw_clone(void) {
    open_stores();
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    CHECK(child >= 0);
    if (child == 0) {
        tasker_buffer reply;
        int32_t status = tasker_engine_health(stores[EMBEDDED].engine, NULL, 0, &reply);
        printf("raw clone: %d\n", (int)status);
        fflush(stdout);
        tasker_buffer_free(&reply);
        if (status == TASKER_OK) {
            work_everywhere();
        } else {
            expect_forked(stores[EMBEDDED].engine);
        }
        _exit(0);
    }
    finish(child);
    work_everywhere();
    close_stores();
}
