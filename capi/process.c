/*
 * process.c: the guard against a forked process.
 *
 * fork copies the memory of a process but only the thread that called it. The
 * Go runtime that the child inherits has lost all its threads: the first call
 * that needs another goroutine, a timer or a collection hangs for ever. So no
 * call may enter Go in a child, and the check has to be cheap enough to stand
 * before every call.
 *
 * Everything that belongs to this process alone lies in one page that two
 * independent means clear in a child:
 *
 *   - the kernel, because the page is mapped with MADV_WIPEONFORK. This also
 *     sees a child made by the raw clone system call;
 *   - a pthread_atfork handler, which works where the kernel has no such page.
 *
 * vfork and posix_spawn, hence system and popen, share the parent's memory
 * until they exec. Neither means acts on them, and neither should.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "front.h"

/* Any value but 0, which is what a wiped page reads. */
#define TK_ALIVE 0x7461736bu

struct tk_process {
    uint32_t alive;
};

/* Used when no page can be mapped; the fork handler alone protects then. */
static struct tk_process tk_plain;
static struct tk_process *tk_this = &tk_plain;

static void tk_forked(void) { __atomic_store_n(&tk_this->alive, 0, __ATOMIC_RELEASE); }

static struct tk_process *tk_page(void) {
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return &tk_plain;
    }
#if defined(MADV_WIPEONFORK) && !defined(TASKER_SABOTAGE_NO_WIPE)
    /* An older kernel refuses; the fork handler remains. */
    (void)madvise(page, size, MADV_WIPEONFORK);
#endif
    return page;
}

/* Runs while the library loads, before anyone can call it. */
__attribute__((constructor)) static void tk_process_start(void) {
    tk_this = tk_page();
#if !defined(TASKER_SABOTAGE_NO_ATFORK)
    (void)pthread_atfork(NULL, NULL, tk_forked);
#else
    (void)tk_forked;
#endif
    __atomic_store_n(&tk_this->alive, TK_ALIVE, __ATOMIC_RELEASE);
}

/* tk_process_alive tells whether the Go runtime may be entered. One load. */
bool tk_process_alive(void) {
#if defined(TASKER_SABOTAGE_NO_FORK_GUARD)
    return true;
#else
    return __atomic_load_n(&tk_this->alive, __ATOMIC_ACQUIRE) == TK_ALIVE;
#endif
}
