/*
 * event.c: one thread waits until another says that something happened.
 *
 * On Linux the waiter sleeps on a futex of its own, so completing one of a
 * thousand waiting calls wakes one thread. The thread that sets an event does
 * not touch it after the waiter can see it set, except to pass its address to
 * the kernel; so the event may lie on the waiter's stack.
 *
 * Elsewhere all waiters share one condition variable: slower with many, and
 * right for the same reason, because nothing that belongs to a waiter is
 * touched after it was released.
 */
#define _GNU_SOURCE
#include "front.h"

enum { TK_CLEAR = 0, TK_SET = 1, TK_ASLEEP = 2 };

static bool tk_is_set(struct tk_event *event) { return __atomic_load_n(&event->state, __ATOMIC_ACQUIRE) == TK_SET; }

/* tk_event_clear makes the event ready to be waited for again. */
void tk_event_clear(struct tk_event *event) { __atomic_store_n(&event->state, TK_CLEAR, __ATOMIC_RELAXED); }

#if defined(__linux__)

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* tk_event_set releases the waiter, now or when it comes. */
void tk_event_set(struct tk_event *event) {
    if (__atomic_exchange_n(&event->state, TK_SET, __ATOMIC_ACQ_REL) == TK_ASLEEP) {
        (void)syscall(SYS_futex, &event->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

/* Sleeps until the event is set; a signal or a stray wake only looks again. */
static void tk_event_sleep(struct tk_event *event) {
    uint32_t expected = TK_CLEAR;
    (void)__atomic_compare_exchange_n(&event->state, &expected, TK_ASLEEP, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    while (!tk_is_set(event)) {
        (void)syscall(SYS_futex, &event->state, FUTEX_WAIT_PRIVATE, TK_ASLEEP, NULL, NULL, 0);
    }
}

#else

#include <pthread.h>

static pthread_mutex_t tk_event_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t tk_event_change = PTHREAD_COND_INITIALIZER;

/* tk_event_set releases the waiter, now or when it comes. */
void tk_event_set(struct tk_event *event) {
    pthread_mutex_lock(&tk_event_mutex);
    __atomic_store_n(&event->state, TK_SET, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&tk_event_change);
    pthread_mutex_unlock(&tk_event_mutex);
}

static void tk_event_sleep(struct tk_event *event) {
    pthread_mutex_lock(&tk_event_mutex);
    while (!tk_is_set(event)) {
        pthread_cond_wait(&tk_event_change, &tk_event_mutex);
    }
    pthread_mutex_unlock(&tk_event_mutex);
}

#endif

/* tk_event_wait returns once the event is set. */
void tk_event_wait(struct tk_event *event) {
    if (!tk_is_set(event)) {
        tk_event_sleep(event);
    }
}
