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
 * A lane is busy only while Go starts a call, never while a call waits. A thread
 * keeps the lane it used last, so handing over is two writes, and the thread waits
 * for the end of its call alone: whether the lane is free again is asked before
 * the next one.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
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

/* How long one side of a lane spins before it sleeps. On a busy machine the
 * other side cannot run meanwhile, so spinning in vain halves the length. With
 * two processors kept busy by other programs a crossing took 40 microseconds at
 * the full length, 15 at a third of it, and 4 when it adapts; 0.8 otherwise. */
struct tk_patience {
    unsigned spins;
    unsigned waits;
};

struct tk_lane {
    struct tk_event posted;     /* the host thread handed over a call */
    struct tk_event free;       /* the lane is done with the last one */
    struct tk_patience lanes;   /* of the lane, for the next call */
    struct tk_patience callers; /* of whoever uses the lane, for the end of its call */
    struct tk_call *call;
    struct tk_lane *next; /* in the pool */
};

/* What is remembered per host thread. */
struct tk_thread {
    uintptr_t low, high;  /* the thread's own stack; both 0 when it cannot be told */
    struct tk_lane *lane; /* the lane used last, or NULL */
};

static pthread_mutex_t tk_pool_mutex = PTHREAD_MUTEX_INITIALIZER; /* guards tk_pool */
static struct tk_lane *tk_pool;
static pthread_key_t tk_key;
static bool tk_key_made;
static unsigned tk_spins_max;

static void tk_pool_put(struct tk_lane *lane) {
    pthread_mutex_lock(&tk_pool_mutex);
    lane->next = tk_pool;
    tk_pool = lane;
    pthread_mutex_unlock(&tk_pool_mutex);
}

static struct tk_lane *tk_pool_take(void) {
    pthread_mutex_lock(&tk_pool_mutex);
    struct tk_lane *lane = tk_pool;
    if (lane != NULL) {
        tk_pool = lane->next;
    }
    pthread_mutex_unlock(&tk_pool_mutex);
    return lane;
}

/* Runs when a host thread ends. In a forked child the lanes are gone. */
static void tk_thread_end(void *value) {
    struct tk_thread *thread = value;
    if (thread->lane != NULL && tk_process_alive()) {
        tk_pool_put(thread->lane);
    }
    free(thread);
}

__attribute__((constructor)) static void tk_lane_start(void) {
    tk_key_made = pthread_key_create(&tk_key, tk_thread_end) == 0;
    /* With one processor the other side cannot run while this one spins. */
    tk_spins_max = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? TK_SPINS_MAX : 0;
}

static void tk_await(struct tk_event *event, struct tk_patience *patience) {
    if (patience->waits++ % TK_SPINS_PROBE == 0) {
        patience->spins = tk_spins_max;
    }
    if (!tk_event_spin(event, patience->spins)) {
        patience->spins /= 2;
        tk_event_wait(event);
    }
}

static void *tk_lane_main(void *value) {
    struct tk_lane *lane = value;
    for (;;) {
        tk_await(&lane->posted, &lane->lanes);
        tk_event_clear(&lane->posted);
        tk_go_enter(lane->call);
        tk_event_set(&lane->free);
    }
    return NULL;
}

/* The lane inherits the signal mask of the thread that makes it; signals that
 * are sent to the process are the host's to handle, on the host's threads. */
static int tk_lane_spawn(struct tk_lane *lane) {
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_t thread;
    sigfillset(&all);
    const int synchronous[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    for (size_t i = 0; i < sizeof synchronous / sizeof synchronous[0]; i++) {
        sigdelset(&all, synchronous[i]);
    }
    if (pthread_attr_init(&attributes) != 0) {
        return -1;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, TK_LANE_STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, &attributes, tk_lane_main, lane);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

static struct tk_lane *tk_lane_new(void) {
    struct tk_lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL) {
        return NULL;
    }
    tk_event_set(&lane->free);
    if (tk_lane_spawn(lane) != 0) {
        free(lane);
        return NULL;
    }
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

/* Takes the lane out of the thread's record while it is used: should the thread
 * come back in the meantime, on another of its stacks, it gets another lane. */
static bool tk_cross_by_lane(struct tk_thread *thread, struct tk_call *call) {
    struct tk_lane *lane = thread != NULL ? thread->lane : NULL;
    if (lane != NULL) {
        thread->lane = NULL;
    } else if ((lane = tk_pool_take()) == NULL && (lane = tk_lane_new()) == NULL) {
        return false;
    }
    tk_event_wait(&lane->free);
    tk_event_clear(&lane->free);
    lane->call = call;
    tk_event_set(&lane->posted);
    tk_await(&call->done, &lane->callers);
    if (thread != NULL && thread->lane == NULL) {
        thread->lane = lane;
    } else {
        tk_pool_put(lane);
    }
    return true;
}

/* tk_cross starts the call in Go, on this stack if it can, else on a lane. The
 * call may still be under way when it returns; false means that no thread could
 * be made and Go knows nothing of the call. */
bool tk_cross(struct tk_call *call) {
    struct tk_thread *thread = tk_thread_current();
    if (thread != NULL && tk_own_stack(thread)) {
        tk_go_enter(call);
        return true;
    }
    return tk_cross_by_lane(thread, call);
}
