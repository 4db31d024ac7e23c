/*
 * signals.c: signals belong to the host.
 *
 * A signal to the process may be delivered to any thread that does not block it,
 * and a handler of the host must run neither on a thread of the library nor on
 * the small stack of a goroutine. So library threads block all asynchronous
 * signals, and a host thread blocks them while it is inside Go (stack.c).
 *
 * When the Go runtime starts it takes over the signals of memory faults, which
 * it needs, and changes others, which it does not: it handles SIGPIPE and adds
 * SA_ONSTACK to the handlers of the host. Those are put back. In a forked child
 * everything is put back, because the handlers belong to a runtime that is dead
 * there; the child's own runtime takes its signals when it starts.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "front.h"

#if !defined(NSIG)
#define NSIG 65
#endif

/* Signals that the processor raises for an instruction of the thread itself, and
 * SIGURG, by which the runtime interrupts a thread of its own: never blocked. */
static const int tk_synchronous[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGURG};

enum { TK_SYNCHRONOUS = sizeof tk_synchronous / sizeof tk_synchronous[0] };

static bool tk_is_synchronous(int number) {
    for (size_t i = 0; i < TK_SYNCHRONOUS; i++) {
        if (tk_synchronous[i] == number) {
            return true;
        }
    }
    return false;
}

/* tk_signals_block blocks the asynchronous signals on this thread, and gives
 * back what was blocked before. */
void tk_signals_block(sigset_t *before) {
    sigset_t all;
    sigfillset(&all);
    for (size_t i = 0; i < TK_SYNCHRONOUS; i++) {
        sigdelset(&all, tk_synchronous[i]);
    }
    pthread_sigmask(SIG_BLOCK, &all, before);
}

/* tk_signals_unblock ends what tk_signals_block began. */
void tk_signals_unblock(const sigset_t *before) { pthread_sigmask(SIG_SETMASK, before, NULL); }

/* A row of the table by which the runtime treats signals. */
struct tk_row {
    int32_t flags;
    const char *name;
    size_t name_len;
};

/* In those flags: every thread of the runtime lets the signal in. */
#define TK_LETS_IN (1 << 7)

/* The asynchronous signals that have the flag. */
static const char *const tk_let_in[] = {"SIGCHLD: child status has changed", "SIGPROF: profiling alarm clock",
                                        "SIGSTKFLT: stack fault"};

enum { TK_LET_IN = sizeof tk_let_in / sizeof tk_let_in[0] };

/* Finds the row with the name: a length behind an address inside the library. It
 * looks at all words, also between variables, where the sanitizer has its own. */
__attribute__((no_sanitize("address"))) static struct tk_row *tk_row_find(const char *name) {
    size_t size, len = strlen(name);
    uintptr_t start = tk_hold_base(), end = start + tk_hold_size();
    const uintptr_t *words = tk_hold_data(&size);
    for (size_t i = 1; i + 1 < size / sizeof *words; i++) {
        if (words[i + 1] == len && words[i] > start && words[i] < end && memcmp((const char *)words[i], name, len) == 0) {
            return (struct tk_row *)(words + i - 1);
        }
    }
    return NULL;
}

/* tk_signals_close has the runtime's threads block SIGCHLD, SIGPROF and SIGSTKFLT
 * like the others. The runtime opens them on each thread that it makes, whatever
 * mask it was started with, and has no setting for it; a host's handler for
 * SIGCHLD would run on a goroutine's stack, and it has corrupted memory there.
 * The rows are found by their texts, in this copy and, at the same distance, in
 * the one that is about to start. If a future runtime has none like them nothing
 * is changed, and a test tells (tests/abi, library_threads_block_signals). */
void tk_signals_close(ptrdiff_t distance) {
    static struct tk_row *rows[TK_LET_IN];
    for (size_t i = 0; i < TK_LET_IN; i++) {
        if (rows[i] == NULL) {
            rows[i] = tk_row_find(tk_let_in[i]);
        }
        if (rows[i] != NULL) {
            ((struct tk_row *)((uintptr_t)rows[i] + (uintptr_t)distance))->flags &= ~TK_LETS_IN;
        }
    }
}

/* What the host had set before the runtime started, and what the runtime made
 * of it. Written by the starting thread alone, read in a child. */
static struct sigaction tk_hosts[NSIG], tk_runtimes[NSIG];
static bool tk_known[NSIG], tk_taken[NSIG];

static bool tk_same(const struct sigaction *a, const struct sigaction *b) {
    return a->sa_handler == b->sa_handler && a->sa_flags == b->sa_flags;
}

/* tk_signals_save remembers the dispositions before the runtime starts. */
void tk_signals_save(void) {
    for (int number = 1; number < NSIG; number++) {
        tk_known[number] = sigaction(number, NULL, &tk_hosts[number]) == 0;
        tk_taken[number] = false;
    }
}

/* tk_signals_return gives the host back what the runtime changed and does not
 * need. A disposition that the host itself replaced meanwhile is left alone:
 * what the runtime leaves with the host differs in flags only. */
void tk_signals_return(void) {
    for (int number = 1; number < NSIG; number++) {
        struct sigaction now;
        if (!tk_known[number] || sigaction(number, NULL, &now) != 0 || tk_same(&now, &tk_hosts[number])) {
            continue;
        }
        bool runtimes = tk_image_holds((uintptr_t)now.sa_handler);
        if (tk_is_synchronous(number) && runtimes) {
            tk_runtimes[number] = now;
            tk_taken[number] = true;
        } else if (runtimes || now.sa_handler == tk_hosts[number].sa_handler) {
            (void)sigaction(number, &tk_hosts[number], NULL);
        }
    }
}

/* tk_signals_release puts the host's dispositions back where the runtime of the
 * parent still stands. For a forked child; async-signal-safe. */
void tk_signals_release(void) {
    for (int number = 1; number < NSIG; number++) {
        struct sigaction now;
        if (tk_taken[number] && sigaction(number, NULL, &now) == 0 && now.sa_handler == tk_runtimes[number].sa_handler) {
            (void)sigaction(number, &tk_hosts[number], NULL);
        }
        tk_taken[number] = false;
    }
}
