/*
 * lane.c: enters Go on a stack that Go can work with.
 *
 * Go knows the stack of a thread by asking the system once. A call that comes
 * from elsewhere (a fiber, a coroutine, the private stack of a foreign function
 * interface) makes it ask again on every call: 75 to 140 microseconds on the
 * main thread of a process, because the answer is read from /proc. So the stack
 * pointer is compared with the bounds of the thread's own stack, remembered per
 * thread. Inside them with room left, the call enters Go directly. Else it is
 * handed to a lane: a thread of the library with a proper stack.
 *
 * A lane is busy only while Go starts a call, which takes microseconds, never
 * while a call waits. So a few lanes serve any number of threads.
 *
 * On its own stack a thread blocks asynchronous signals while it is inside Go:
 * a handler of the host would run on the small stack of a goroutine, unless it
 * asked for SA_ONSTACK, which few do. That costs two system calls, half a
 * microsecond where a call without them took 0.16; a lane takes as long, and on a
 * busy machine longer.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "front.h"

/* Go runs on stacks of its own; a lane only carries the crossing and libc calls. */
#define TK_LANE_STACK ((size_t)512 * 1024)

/* A crossing needs a few kilobytes; 64 leaves room for a signal handler of the host. */
#define TK_STACK_ROOM ((uintptr_t)64 * 1024)

/* The main thread of a process with an unlimited stack claims everything below
 * it; what lies further down than this is somebody else's. */
#define TK_STACK_MAX ((uintptr_t)64 * 1024 * 1024)

/* About twenty microseconds: longer than a crossing with an operation that is
 * answered from memory, about as long as two context switches. */
#define TK_SPINS_MAX 700u

/* After so many waits spinning is tried at full length again. */
#define TK_SPINS_PROBE 64u

/* Lanes of one process. With more than a few, threads wait for processors anyway. */
#define TK_LANES_MAX 8u

struct tk_lane {
    struct tk_event posted; /* a host thread handed over a call */
    struct tk_call *call;
    unsigned spins, waits; /* how long the lane waits for the next call awake */
    struct tk_lane *next;  /* in the pool */
};

/* What is remembered per host thread: its own stack; both 0 when it cannot be told. */
struct tk_thread {
    uintptr_t low, high;
};

static pthread_key_t tk_key;
static bool tk_key_made;
static unsigned tk_spins_max;

/* tk_lanes_prepare makes what outlives forks. Once, before the first start. */
void tk_lanes_prepare(void) {
    tk_key_made = pthread_key_create(&tk_key, free) == 0;
    /* With one processor the other side cannot run while this one spins. */
    tk_spins_max = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? TK_SPINS_MAX : 0;
}

/* Waits awake for a while before it sleeps. On a busy machine the other side
 * cannot run meanwhile, so spinning in vain halves the length. With two
 * processors kept busy by other programs a crossing took 40 microseconds at the
 * full length, 15 at a third of it, and 4 when it adapts; 0.8 otherwise. */
static void tk_await(struct tk_event *event, unsigned *spins, unsigned *waits) {
    if (__atomic_fetch_add(waits, 1, __ATOMIC_RELAXED) % TK_SPINS_PROBE == 0) {
        __atomic_store_n(spins, tk_spins_max, __ATOMIC_RELAXED);
    }
    unsigned length = __atomic_load_n(spins, __ATOMIC_RELAXED);
    if (!tk_event_spin(event, length)) {
        __atomic_store_n(spins, length / 2, __ATOMIC_RELAXED);
        tk_event_wait(event);
    }
}

static void tk_lane_give(struct tk_process *process, struct tk_lane *lane) {
    pthread_mutex_lock(&process->lanes_mutex);
    lane->next = process->lanes;
    process->lanes = lane;
    bool wanted = process->lanes_wanted > 0;
    pthread_mutex_unlock(&process->lanes_mutex);
    if (wanted) {
        pthread_cond_signal(&process->lanes_change);
    }
}

static void *tk_lane_main(void *value) {
    struct tk_lane *lane = value;
    struct tk_process *process = tk_process_this();
    for (;;) {
        tk_await(&lane->posted, &lane->spins, &lane->waits);
        tk_event_clear(&lane->posted);
        process->enter(lane->call);
        tk_lane_give(process, lane);
    }
    return NULL;
}

static struct tk_lane *tk_lane_new(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t before;
    struct tk_lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL || pthread_attr_init(&attributes) != 0) {
        free(lane);
        return NULL;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, TK_LANE_STACK);
    tk_signals_block(&before);
    int failed = pthread_create(&thread, &attributes, tk_lane_main, lane);
    tk_signals_unblock(&before);
    pthread_attr_destroy(&attributes);
    if (failed) {
        free(lane);
        return NULL;
    }
    return lane;
}

/* Takes a free lane, makes one, or waits for one. NULL: there is none at all and
 * no thread to be had. */
static struct tk_lane *tk_lane_take(struct tk_process *process) {
    struct tk_lane *lane = NULL;
    bool refused = false;
    pthread_mutex_lock(&process->lanes_mutex);
    while (lane == NULL && !(refused && process->lanes_made == 0)) {
        if (process->lanes != NULL) {
            lane = process->lanes;
            process->lanes = lane->next;
        } else if (process->lanes_made < TK_LANES_MAX && !refused) {
            lane = tk_lane_new();
            process->lanes_made += lane != NULL;
            refused = lane == NULL;
        } else {
            process->lanes_wanted++;
            pthread_cond_wait(&process->lanes_change, &process->lanes_mutex);
            process->lanes_wanted--;
        }
    }
    pthread_mutex_unlock(&process->lanes_mutex);
    return lane;
}

/* The bounds of the calling thread's own stack; left at 0 when the system does
 * not tell (the main thread without /proc), so that every call takes a lane. */
static void tk_stack_bounds(struct tk_thread *thread) {
#if defined(__linux__)
    pthread_attr_t attributes;
    void *low;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
        return;
    }
    if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
        thread->low = (uintptr_t)low;
        thread->high = thread->low + size;
    }
    pthread_attr_destroy(&attributes);
#elif defined(__APPLE__)
    thread->high = (uintptr_t)pthread_get_stackaddr_np(pthread_self());
    thread->low = thread->high - pthread_get_stacksize_np(pthread_self());
#endif
    if (thread->high - thread->low > TK_STACK_MAX) {
        thread->low = thread->high - TK_STACK_MAX;
    }
}

static struct tk_thread *tk_thread_current(void) {
    if (!tk_key_made) {
        return NULL;
    }
    struct tk_thread *thread = pthread_getspecific(tk_key);
    if (thread == NULL) {
        thread = calloc(1, sizeof *thread);
        if (thread == NULL) {
            return NULL;
        }
        tk_stack_bounds(thread);
        pthread_setspecific(tk_key, thread);
    }
    return thread;
}

static bool tk_own_stack(const struct tk_thread *thread) {
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    return here < thread->high && here > thread->low && here - thread->low > TK_STACK_ROOM;
}

/* The lane goes back to the pool by itself, as soon as Go has started the call. */
static bool tk_cross_by_lane(struct tk_process *process, struct tk_call *call) {
    struct tk_lane *lane = tk_lane_take(process);
    if (lane == NULL) {
        return false;
    }
    lane->call = call;
    tk_event_set(&lane->posted);
    tk_await(&call->done, &process->spins, &process->waits);
    return true;
}

/* tk_cross starts the call in Go, on this stack if it can, else on a lane. The
 * call may still be under way when it returns; false means that no thread could
 * be made and Go knows nothing of the call. The process has a runtime. */
bool tk_cross(struct tk_call *call) {
    struct tk_process *process = tk_process_this();
    struct tk_thread *thread = tk_thread_current();
    if (thread == NULL || !tk_own_stack(thread)) {
        return tk_cross_by_lane(process, call);
    }
#if defined(TASKER_SABOTAGE_NO_MASK)
    process->enter(call);
#else
    sigset_t before;
    tk_signals_block(&before);
    process->enter(call);
    tk_signals_unblock(&before);
#endif
    return true;
}
