/* The process is the host's: what it has set stays as it is. */
#include <dirent.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "harness.h"

static size_t count_threads(void) {
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(tasks);
    return count;
}

static void on_signal(int number) { (void)number; }

/* What a host may have set, and must find again. */
struct surroundings {
    struct rlimit files;
    struct sigaction actions[65];
    char folder[4096], locale[64];
    char **environment;
    sigset_t mask;
};

extern char **environ;

static void look_around(struct surroundings *s) {
    memset(s, 0, sizeof *s);
    CHECK(getrlimit(RLIMIT_NOFILE, &s->files) == 0);
    for (int number = 1; number < 65; number++) {
        (void)sigaction(number, NULL, &s->actions[number]);
    }
    CHECK(getcwd(s->folder, sizeof s->folder) != NULL);
    snprintf(s->locale, sizeof s->locale, "%s", setlocale(LC_ALL, NULL));
    s->environment = environ;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &s->mask) == 0);
}

/* The C library adds it to whatever is set. */
#define RESTORER 0x04000000

/* Those that the header names: faults of the processor, and SIGURG. */
static int is_runtimes(int number) {
    return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGURG;
}

static void expect_same(const struct surroundings *a, const struct surroundings *b) {
    CHECK(a->files.rlim_cur == b->files.rlim_cur && a->files.rlim_max == b->files.rlim_max);
    for (int number = 1; number < 65; number++) {
        if (!is_runtimes(number)) {
            CHECK(a->actions[number].sa_handler == b->actions[number].sa_handler);
            CHECK((a->actions[number].sa_flags | RESTORER) == (b->actions[number].sa_flags | RESTORER));
        }
    }
    CHECK(strcmp(a->folder, b->folder) == 0 && strcmp(a->locale, b->locale) == 0);
    CHECK(a->environment == b->environment && memcmp(&a->mask, &b->mask, sizeof a->mask) == 0);
}

/* Loading makes no thread; using the library leaves limits, dispositions, mask,
 * folder, locale and environment alone. */
void case_hygiene(void) {
    static struct surroundings before, after;
    CHECK(count_threads() == 1);
    struct rlimit files;
    CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = files.rlim_cur > 300 ? 300 : files.rlim_cur;
    CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
    const struct sigaction action = {.sa_handler = on_signal};
    CHECK(sigaction(SIGINT, &action, NULL) == 0 && sigaction(SIGCHLD, &action, NULL) == 0);
    CHECK(signal(SIGHUP, SIG_IGN) != SIG_ERR);
    look_around(&before);
    tasker_engine engine = open_engine();
    CHECK(run(tasker_engine_health, engine, "{}") == TASKER_OK);
    look_around(&after);
    expect_same(&before, &after);
    close_engine(engine);
}

static unsigned long long blocked_by(const char *thread) {
    char path[300], line[256];
    unsigned long long blocked = 0;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
    FILE *status = fopen(path, "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        (void)sscanf(line, "SigBlk: %llx", &blocked);
    }
    if (status != NULL) {
        fclose(status);
    }
    return blocked;
}

/* A signal to the process goes to a thread of the host. */
void case_library_threads_block_signals(void) {
    const int hosts[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE, SIGUSR1, SIGALRM};
    tasker_engine engine = open_engine();
    CHECK(run(tasker_engine_health, engine, "{}") == TASKER_OK);
    size_t seen = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        if (entry->d_name[0] == '.' || atol(entry->d_name) == syscall(SYS_gettid)) {
            continue;
        }
        unsigned long long blocked = blocked_by(entry->d_name);
        for (size_t i = 0; blocked != 0 && i < sizeof hosts / sizeof hosts[0]; i++) {
            CHECK((blocked >> (hosts[i] - 1) & 1) == 1);
        }
        seen += blocked != 0; /* a thread may just have ended */
    }
    closedir(tasks);
    CHECK(seen >= 3);
    close_engine(engine);
}

static tasker_engine shared;
static pthread_barrier_t together;

static void on_own_stack(void) {
    for (int i = 0; i < 5; i++) {
        CHECK(run(tasker_engine_health, shared, "{}") == TASKER_OK);
    }
}

static void *on_both_stacks(void *value) {
    ucontext_t outside, inside;
    char *stack = malloc(256 * 1024);
    (void)value;
    CHECK(stack != NULL && getcontext(&inside) == 0);
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = 256 * 1024;
    inside.uc_link = &outside;
    makecontext(&inside, on_own_stack, 0);
    pthread_barrier_wait(&together);
    on_own_stack();
    CHECK(swapcontext(&outside, &inside) == 0);
    free(stack);
    pthread_barrier_wait(&together);
    return NULL;
}

/* Two hundred threads of the host, on their own stacks and on others. */
void case_many_host_threads(void) {
    enum { THREADS = 200 };
    pthread_t threads[THREADS];
    shared = open_engine();
    CHECK(pthread_barrier_init(&together, NULL, THREADS + 1) == 0);
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, on_both_stacks, NULL) == 0);
    }
    pthread_barrier_wait(&together);
    size_t most = 0;
    for (int i = 0; i < 100; i++) {
        size_t now = count_threads();
        most = now > most ? now : most;
        poll(NULL, 0, 1);
    }
    pthread_barrier_wait(&together);
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(most < THREADS + 1 + 50);
    close_engine(shared);
}

static unsigned long handled, elsewhere;
static uintptr_t stack_low, stack_high;
static int wherever; /* where a call pauses, the library's stack will do */

/* A handler that was installed without SA_ONSTACK, as most are. What it needs is
 * there on the thread's own stack and not on a goroutine's. */
static void on_the_callers_stack(int number) {
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    (void)number;
    if (wherever || (here > stack_low && here < stack_high)) {
        volatile char room[48 * 1024];
        for (size_t i = 0; i < sizeof room; i += 512) {
            room[i] = 1;
        }
    } else {
        elsewhere++;
    }
    handled++;
}

static int stop_calling;

static void *call_until_told(void *value) {
    pthread_attr_t attributes;
    void *low;
    size_t size;
    (void)value;
    CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0 && pthread_attr_getstack(&attributes, &low, &size) == 0);
    pthread_attr_destroy(&attributes);
    stack_low = (uintptr_t)low;
    __atomic_store_n(&stack_high, stack_low + size, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&stop_calling, __ATOMIC_RELAXED)) {
        if (wherever) {
            CHECK(run(tasker_task_list, shared, "{\"limit\": 1}") == TASKER_OK);
            CHECK(run(tasker_namespace_create, shared, "{\"name\": \"signalled\"}") == TASKER_OK);
        } else {
            CHECK(run(tasker_engine_config_get, shared, "{}") == TASKER_OK);
        }
    }
    return NULL;
}

/* Ten thousand signals hit a thread that reads and writes: on a goroutine while it
 * sleeps, and on its own. */
void case_signals_during_writes(void) {
    wherever = 1;
    case_signals_during_traffic();
}

/* Ten thousand signals hit a thread that calls without a pause. */
void case_signals_during_traffic(void) {
    enum { SIGNALS = 10000 };
    pthread_t caller;
    const struct sigaction action = {.sa_handler = on_the_callers_stack};
    shared = open_engine();
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(pthread_create(&caller, NULL, call_until_told, NULL) == 0);
    while (__atomic_load_n(&stack_high, __ATOMIC_ACQUIRE) == 0) {
        sched_yield();
    }
    for (int i = 0; i < SIGNALS; i++) {
        unsigned long before = __atomic_load_n(&handled, __ATOMIC_RELAXED);
        CHECK(pthread_kill(caller, SIGUSR1) == 0);
        while (__atomic_load_n(&handled, __ATOMIC_RELAXED) == before) {
            sched_yield();
        }
    }
    __atomic_store_n(&stop_calling, 1, __ATOMIC_RELAXED);
    CHECK(pthread_join(caller, NULL) == 0);
    struct sigaction now;
    CHECK(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == on_the_callers_stack);
    CHECK(handled == SIGNALS && elsewhere == 0);
    CHECK(run(tasker_engine_health, shared, "{}") == TASKER_OK);
    close_engine(shared);
}
