/*
 * start.c: the Go runtime of this process, started at the first call.
 *
 * fork copies the memory of a process but only the thread that called it. A Go
 * runtime that a child inherits has lost its threads: the first call that needs
 * another goroutine, a timer or a collection hangs for ever. So a child enters a
 * runtime of its own, in a copy of the library, and everything that belongs to
 * one process alone lies in one page that two independent means clear in a
 * child:
 *
 *   - the kernel, because the page is mapped with MADV_WIPEONFORK. This also
 *     sees a child made by the raw clone system call;
 *   - a pthread_atfork handler (fork.c), which works where the kernel has no
 *     such page.
 *
 * The check before every call is one load: the entry of the runtime, NULL in a
 * process that has not started one.
 *
 * vfork and posix_spawn, hence system and popen, share the parent's memory
 * until they exec. Neither means acts on them, and neither should.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "front.h"

/* Used when no page can be mapped; the fork handler alone protects then. */
static struct tk_process tk_plain;
static struct tk_process *tk_this;
static pthread_once_t tk_once = PTHREAD_ONCE_INIT;

/* What outlives a fork: how many runtimes were started in this process and its
 * ancestors, and the copy for the next child. */
static uint32_t tk_generations;
static struct tk_image tk_running; /* the copy whose runtime was started last, here or in an ancestor */
static struct tk_image tk_spare;
static bool tk_spare_made;
static const char *tk_spare_problem = "no copy of the library was made before the fork";

/* The key by which a runtime remembers a thread that has called it. */
static pthread_key_t tk_runtime_key;
static bool tk_runtime_key_known;

static struct tk_process *tk_page(void) {
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return &tk_plain;
    }
#if defined(MADV_WIPEONFORK) && !defined(TASKER_SABOTAGE_NO_WIPE) && !defined(TASKER_SABOTAGE_NO_FORK_GUARD)
    /* An older kernel refuses; the fork handler remains. */
    (void)madvise(page, size, MADV_WIPEONFORK);
#endif
    return page;
}

_Static_assert(sizeof(struct tk_process) <= 4096, "what belongs to one process has to fit into a page");

/* On Linux all zero, which is what the kernel makes of it, is the same. */
static void tk_process_reset(struct tk_process *process) {
    memset(process, 0, sizeof *process);
    process->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

/* The page is there before a fork can come by. */
static void tk_first_call(void) {
    struct tk_process *process = tk_page();
    tk_process_reset(process);
    __atomic_store_n(&tk_this, process, __ATOMIC_RELEASE);
    tk_stacks_prepare();
    tk_fork_watch();
}

/* tk_process_this is never NULL after the first call of tk_process_start. */
struct tk_process *tk_process_this(void) { return __atomic_load_n(&tk_this, __ATOMIC_ACQUIRE); }

/* tk_thread_start starts a thread of the library: the host's signals are the
 * host's to handle, on threads of the host. Returns 0 or an errno. */
int tk_thread_start(pthread_t *thread, void *(*run)(void *), void *value) {
    sigset_t before;
    tk_signals_block(&before);
    int cause = pthread_create(thread, NULL, run, value);
    tk_signals_unblock(&before);
    return cause;
}

enum { TK_KEYS = 1024 };

static void tk_keys_read(void **values) {
    for (pthread_key_t key = 0; key < TK_KEYS; key++) {
        values[key] = pthread_getspecific(key);
    }
}

/* The runtime binds each thread that calls it by a key, whose destructor enters
 * the runtime when the thread ends. In a child that runtime is dead, so the key
 * has to be known: it is the one that the first call of a thread gives a value. */
static void tk_runtime_key_find(void **before) {
    tk_runtime_key_known = false;
    for (pthread_key_t key = 0; key < TK_KEYS; key++) {
        if (before[key] == NULL && pthread_getspecific(key) != NULL) {
            tk_runtime_key = key;
            tk_runtime_key_known = true;
        }
    }
}

struct tk_opening {
    struct tk_image image;
    tk_entry entry; /* NULL: it could not be started */
};

/* Runs on a thread of its own, whose stack Go can work with. The runtime passes
 * this thread's signal mask on to all of its threads, and raises the limit of
 * open files, which is the host's. */
static void *tk_opening_main(void *value) {
    struct tk_opening *opening = value;
    ptrdiff_t distance = opening->image.distance;
    struct rlimit files;
    bool limited = getrlimit(RLIMIT_NOFILE, &files) == 0;
    tk_signals_save();
    tk_signals_close(distance);
    *TK_THERE(distance, tk_services) = &tk_own_services;
    if (!TK_THERE(distance, tk_hold_release)()) {
        return NULL;
    }
    void *keys[TK_KEYS];
    tk_keys_read(keys);
    struct tk_call call = {.verb = TK_START, .value = tk_generations + 1};
    TK_THERE(distance, tk_go_enter)(&call);
    tk_event_wait(&call.done);
    tk_runtime_key_find(keys);
    tk_signals_return();
    if (limited) {
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    opening->entry = TK_THERE(distance, tk_go_enter);
    return NULL;
}

/* The copy whose runtime this process may start: the library itself if no
 * ancestor did, else one that an ancestor made. Only who came by the raw system
 * call makes one now, because the loader may never return in a child. */
static const char *tk_image_choose(struct tk_image *image, bool prepared) {
    if (tk_generations == 0) {
        *image = (struct tk_image){0};
        return NULL;
    }
    if (tk_spare_made) {
        *image = tk_spare;
        return NULL;
    }
    return prepared ? tk_spare_problem : tk_copy_make(image);
}

/* Starts the runtime; the caller holds process->mutex and is inside the gate. */
static int32_t tk_runtime_start(struct tk_process *process, bool prepared) {
    struct tk_opening opening = {.entry = NULL};
    pthread_t thread;
    process->problem = tk_image_choose(&opening.image, prepared);
    if (process->problem != NULL) {
        return TASKER_E_FORKED;
    }
    if (tk_generations > 0 && prepared) {
        tk_heap_discard(tk_running.distance, &process->signal_stack);
    }
    if (tk_thread_start(&thread, tk_opening_main, &opening) != 0) {
        return TASKER_E_UNAVAILABLE;
    }
    pthread_join(thread, NULL);
    if (opening.entry == NULL) {
        return TASKER_E_UNAVAILABLE;
    }
    tk_spare_made = false;
    tk_running = opening.image;
    process->generation = ++tk_generations;
    __atomic_store_n(&process->enter, opening.entry, __ATOMIC_RELEASE);
    return TASKER_OK;
}

static void tk_settle_once(struct tk_process *process) {
    if (!process->settled && tk_generations > 0) {
        tk_fork_settle();
    }
    process->settled = true;
}

/* The gate is entered before the mutex: whoever forks waits for the gate. */
static int32_t tk_start_slowly(void) {
    pthread_once(&tk_once, tk_first_call);
    struct tk_process *process = tk_process_this();
    tk_gate_enter();
    pthread_mutex_lock(&process->mutex);
    int32_t status = TASKER_OK;
    if (process->problem != NULL) {
        status = TASKER_E_FORKED;
    } else if (process->enter == NULL) {
        bool prepared = process->settled;
        tk_settle_once(process);
        status = tk_runtime_start(process, prepared);
    }
    pthread_mutex_unlock(&process->mutex);
    tk_gate_leave();
    return status;
}

/* tk_process_running tells whether this process has a runtime. One load. */
bool tk_process_running(void) {
    struct tk_process *process = tk_process_this();
    return process != NULL && __atomic_load_n(&process->enter, __ATOMIC_ACQUIRE) != NULL;
}

/* tk_process_start makes sure that this process has a runtime: TASKER_OK, or
 * TASKER_E_FORKED if it can have none, for good, or TASKER_E_UNAVAILABLE. */
int32_t tk_process_start(void) { return tk_process_running() ? TASKER_OK : tk_start_slowly(); }

/* tk_process_problem says why this process can have no runtime. */
const char *tk_process_problem(void) {
    struct tk_process *process = tk_process_this();
    return process != NULL && process->problem != NULL ? process->problem : "";
}

/* tk_start_prepare makes the copy for a child, once for all children. Before a
 * fork, in a process that has started its runtime: a child of any other can
 * start what this one left alone. */
void tk_start_prepare(void) {
    if (tk_process_running() && !tk_spare_made) {
        tk_spare_problem = tk_copy_make(&tk_spare);
        tk_spare_made = tk_spare_problem == NULL;
    }
}

/* tk_start_forked makes a child of the process. After a fork, in the child. */
void tk_start_forked(void) {
    if (tk_runtime_key_known) {
        (void)pthread_setspecific(tk_runtime_key, NULL);
    }
#if !defined(TASKER_SABOTAGE_NO_FORK_GUARD)
    struct tk_process *process = tk_process_this();
    tk_process_reset(process);
    (void)sigaltstack(NULL, &process->signal_stack);
    tk_settle_once(process);
#endif
}
