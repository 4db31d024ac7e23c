/*
 * stack.c: enters Go on a stack of the library's own, one for each host thread.
 *
 * Go knows the stack of a thread by asking the system once. A call that comes
 * from elsewhere (a fiber, a coroutine, the private stack of a foreign function
 * interface) makes it ask again on every call: 75 to 140 microseconds on the
 * main thread of a process, because the answer is read from /proc. And how much
 * room such a stack has left nobody can tell. So a thread leaves whatever stack
 * it came on for one that is always the same, whose bounds are known here and
 * whose room is enough for all that Go and the embedded database do on it.
 *
 * What Go asks is answered by tk_stack_here: the linker makes Go call
 * __wrap_pthread_getattr_np instead of the system's function (exports.go).
 *
 * While it is inside Go a thread blocks asynchronous signals: a handler of the
 * host would run on the small stack of a goroutine, unless it asked for
 * SA_ONSTACK, which few do. That costs two system calls, half a microsecond
 * where a call without them took 0.16.
 *
 * Where there is no stack to be had (memory, keys, an unknown processor), Go is
 * entered on the caller's: right, if it has 32 kilobytes left, and slow.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "front.h"

/* What is used of it is what is touched: 12 kilobytes after a task of 3,000 steps
 * was created, read and cancelled in the embedded database (Rss of the mapping in
 * /proc/self/smaps). Below it lies a page that faults. */
#define TK_STACK_SIZE ((size_t)512 * 1024)

/* What is remembered per host thread. */
struct tk_stack {
    char *low;
    size_t size;
};

static pthread_key_t tk_key;
static bool tk_key_made;

static void tk_stack_free(void *value) {
    struct tk_stack *stack = value;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    munmap(stack->low - page, stack->size + page);
    free(stack);
}

/* tk_stacks_prepare makes what outlives forks. Once, before the first start. */
void tk_stacks_prepare(void) { tk_key_made = pthread_key_create(&tk_key, tk_stack_free) == 0; }

#if defined(__x86_64__) || defined(__aarch64__)

/* switch_amd64.S, switch_arm64.S: calls enter(call) on the stack that ends at high. */
void tk_switch(void *high, tk_entry enter, struct tk_call *call);

static char *tk_stack_map(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *whole = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (whole == MAP_FAILED) {
        return NULL;
    }
    if (mprotect(whole, page, PROT_NONE) != 0) {
        munmap(whole, page + size);
        return NULL;
    }
    return whole + page;
}

static struct tk_stack *tk_stack_new(void) {
    struct tk_stack *stack = malloc(sizeof *stack);
    if (stack == NULL) {
        return NULL;
    }
    stack->size = TK_STACK_SIZE;
    stack->low = tk_stack_map(stack->size);
    if (stack->low == NULL) {
        free(stack);
        return NULL;
    }
    if (pthread_setspecific(tk_key, stack) != 0) {
        tk_stack_free(stack);
        return NULL;
    }
    return stack;
}

static void tk_enter(struct tk_process *process, struct tk_call *call) {
    struct tk_stack *stack = tk_key_made ? pthread_getspecific(tk_key) : NULL;
    if (stack == NULL && tk_key_made) {
        stack = tk_stack_new();
    }
    if (stack == NULL) {
        process->enter(call);
        return;
    }
    call->roomy = true;
    tk_switch(stack->low + stack->size, process->enter, call);
}

#else

static void tk_enter(struct tk_process *process, struct tk_call *call) { process->enter(call); }

#endif

/* tk_stack_here tells the bounds of the stack that this is called on, if it is
 * one of ours. */
bool tk_stack_here(void **low, size_t *size) {
    struct tk_stack *stack = tk_key_made ? pthread_getspecific(tk_key) : NULL;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (stack == NULL || here < (uintptr_t)stack->low || here >= (uintptr_t)stack->low + stack->size) {
        return false;
    }
    *low = stack->low;
    *size = stack->size;
    return true;
}

/* tk_cross starts the call in Go. The call may still be under way when it
 * returns. The process has a runtime. */
void tk_cross(struct tk_call *call) {
    struct tk_process *process = tk_process_this();
#if defined(TASKER_SABOTAGE_NO_MASK)
    tk_enter(process, call);
#else
    sigset_t before;
    tk_signals_block(&before);
    call->signals = &before;
    tk_enter(process, call);
    tk_signals_unblock(&before);
#endif
}

/* tk_pause sleeps with the signals of the host let in; less when one comes. Go
 * calls it on the thread that crossed, when it waits for somebody else there. */
void tk_pause(struct tk_call *call, uint64_t nanoseconds) {
    struct timespec period = {.tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)};
    sigset_t ours;
    pthread_sigmask(SIG_SETMASK, call->signals, &ours);
    (void)nanosleep(&period, NULL);
    pthread_sigmask(SIG_SETMASK, &ours, NULL);
}
