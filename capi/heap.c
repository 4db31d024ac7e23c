/*
 * heap.c: the memory that the Go runtime of this copy of the library has.
 *
 * A forked child inherits the heap of a runtime that is dead there. Nobody reads
 * it again, but as the parent goes on and changes its own, the child would be left
 * the only owner of what was there at the fork: some megabytes, or all that the
 * caches held. So the linker has Go ask here for memory (exports.go), and a
 * child that starts a runtime of its own gives the contents of the dead one's back.
 * The ranges stay mapped, so that nothing else can come to lie there.
 *
 * A fork may cut a change short. So each change is made of single stores, after
 * each of which every range that is told of is wholly Go's.
 */
#define _GNU_SOURCE
#include "front.h"

#if defined(__linux__)

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

/* Go takes memory in large pieces, and they are merged; what does not fit is kept. */
enum { TK_RANGES = 2048 };

/* Empty unless the end lies behind the beginning. */
struct tk_range {
    uintptr_t begin, end;
};

static struct tk_range tk_ranges[TK_RANGES];
static uint32_t tk_ranges_used;
static uint32_t tk_ranges_busy; /* held while the list is changed; a child only reads it */

static void tk_ranges_enter(void) {
    while (__atomic_exchange_n(&tk_ranges_busy, 1, __ATOMIC_ACQUIRE) != 0) {
        sched_yield();
    }
}

static void tk_ranges_leave(void) { __atomic_store_n(&tk_ranges_busy, 0, __ATOMIC_RELEASE); }

static void tk_store(uintptr_t *bound, uintptr_t value) { __atomic_store_n(bound, value, __ATOMIC_SEQ_CST); }

static void tk_range_put(uintptr_t begin, uintptr_t end) {
    uint32_t place = 0;
    while (place < tk_ranges_used && tk_ranges[place].end > tk_ranges[place].begin) {
        place++;
    }
    if (place == TK_RANGES) {
        return;
    }
    tk_store(&tk_ranges[place].end, 0);
    tk_store(&tk_ranges[place].begin, begin);
    tk_store(&tk_ranges[place].end, end);
    if (place == tk_ranges_used) {
        __atomic_store_n(&tk_ranges_used, place + 1, __ATOMIC_SEQ_CST);
    }
}

static void tk_range_add(uintptr_t begin, uintptr_t end) {
    for (uint32_t i = 0; i < tk_ranges_used; i++) {
        struct tk_range *range = &tk_ranges[i];
        if (range->end <= range->begin) {
            continue;
        }
        if (range->begin <= begin && end <= range->end) {
            return; /* Go puts a part of what it had reserved to use */
        }
        if (range->end == begin) {
            tk_store(&range->end, end);
            return;
        }
    }
    tk_range_put(begin, end);
}

static void tk_range_remove(uintptr_t begin, uintptr_t end) {
    for (uint32_t i = 0; i < tk_ranges_used; i++) {
        struct tk_range *range = &tk_ranges[i];
        uintptr_t rest = range->end;
        if (range->end <= begin || end <= range->begin) {
            continue;
        }
        if (begin <= range->begin && end < rest) {
            tk_store(&range->begin, end);
        } else {
            tk_store(&range->end, begin > range->begin ? begin : 0);
            if (end < rest) {
                tk_range_put(end, rest);
            }
        }
    }
}

/* What Go calls to take memory and to give it back; cgo itself links this file
 * without. */
uintptr_t __real_x_cgo_mmap(void *address, uintptr_t length, int32_t protection, int32_t flags, int32_t file, uint32_t offset)
    __attribute__((weak));
void __real_x_cgo_munmap(void *address, uintptr_t length) __attribute__((weak));
uintptr_t __wrap_x_cgo_mmap(void *address, uintptr_t length, int32_t protection, int32_t flags, int32_t file, uint32_t offset);
void __wrap_x_cgo_munmap(void *address, uintptr_t length);

/* Small numbers are errors. Noted after, and forgotten before: what is noted is Go's. */
uintptr_t __wrap_x_cgo_mmap(void *address, uintptr_t length, int32_t protection, int32_t flags, int32_t file, uint32_t offset) {
    uintptr_t begin = __real_x_cgo_mmap(address, length, protection, flags, file, offset);
    if (begin >= 4096 && file < 0) {
        tk_ranges_enter();
        tk_range_add(begin, begin + length);
        tk_ranges_leave();
    }
    return begin;
}

void __wrap_x_cgo_munmap(void *address, uintptr_t length) {
    tk_ranges_enter();
    tk_range_remove((uintptr_t)address, (uintptr_t)address + length);
    tk_ranges_leave();
    __real_x_cgo_munmap(address, length);
}

static void tk_discard(uintptr_t begin, uintptr_t end) {
    if (begin < end) {
        (void)madvise((void *)begin, end - begin, MADV_DONTNEED); /* where memory is locked it stays */
    }
}

/* tk_heap_discard gives back what the dead runtime of a copy held, but for the
 * signal stack that it may have given to the thread that forked. In a child, before
 * it starts a runtime. */
void tk_heap_discard(ptrdiff_t distance, const stack_t *kept) {
    const struct tk_range *ranges = *TK_THERE(distance, tk_ranges);
    uint32_t used = *TK_THERE(distance, tk_ranges_used);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t low = (uintptr_t)kept->ss_sp & ~(page - 1), high = ((uintptr_t)kept->ss_sp + kept->ss_size + page - 1) & ~(page - 1);
    for (uint32_t i = 0; i < used; i++) {
        uintptr_t begin = ranges[i].begin, end = ranges[i].end;
        if (high <= begin || end <= low) {
            tk_discard(begin, end);
        } else {
            tk_discard(begin, low);
            tk_discard(high, end);
        }
    }
}

#else

void tk_heap_discard(ptrdiff_t distance, const stack_t *kept) { (void)distance, (void)kept; }

#endif
