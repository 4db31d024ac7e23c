/*
 * fork.c: what happens when the host forks.
 *
 *   before, in the parent   a copy of the library is made for the child
 *                           (copy.c), and the gate is closed: descriptors that
 *                           Go is about to open or close are done with
 *   after, in the parent    the gate opens
 *   after, in the child     signals go back to the host, the parent's sockets
 *                           are closed, each wake descriptor gets a pipe of its
 *                           own under the same number. Nothing else: the child
 *                           starts a runtime only when it calls
 *
 * An inherited socket would keep a transaction of a dead parent alive, with all
 * its locks; an inherited pipe would take the parent's wake-ups. Descriptors of
 * database files stay open: to close one drops every lock that this process has
 * on the file.
 *
 * Children that exec (vfork, posix_spawn, system, popen) never come here: their
 * descriptors close by themselves.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "front.h"

/* A fork waits so long for the gate and then goes on: what holds it takes
 * microseconds, so something else is wrong, and a host that cannot fork is worse. */
#define TK_GATE_PATIENCE_MS 500

/* One fork at a time; held from before until after. */
static pthread_mutex_t tk_fork_mutex = PTHREAD_MUTEX_INITIALIZER;

/* The gate: how many are inside, and whether it is closed. */
static uint32_t tk_inside;
static uint32_t tk_closed;

/* A descriptor or a pair, and what it led to when it was remembered: a host that
 * closes descriptors which are not its own has others under these numbers soon. */
struct tk_item {
    int32_t ends[2];
    dev_t device;
    ino_t inode;
};

/* A growing list; changed inside the gate and under the mutex. */
struct tk_list {
    struct tk_item *items;
    size_t count, room;
};

static pthread_mutex_t tk_lists_mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the lists */
static struct tk_list tk_sockets, tk_pipes;

static void tk_pause_briefly(void) {
    const struct timespec briefly = {0, 50 * 1000};
    nanosleep(&briefly, NULL);
}

/* tk_gate_enter begins a section that no fork may cut. It must be short: a few
 * system calls that do not block. Sections do not nest. */
void tk_gate_enter(void) {
    for (;;) {
        __atomic_add_fetch(&tk_inside, 1, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&tk_closed, __ATOMIC_SEQ_CST)) {
            return;
        }
        __atomic_sub_fetch(&tk_inside, 1, __ATOMIC_SEQ_CST);
        tk_pause_briefly();
    }
}

/* tk_gate_leave ends the section; any thread may do so. */
void tk_gate_leave(void) { __atomic_sub_fetch(&tk_inside, 1, __ATOMIC_SEQ_CST); }

static void tk_gate_close(void) {
    __atomic_store_n(&tk_closed, 1, __ATOMIC_SEQ_CST);
    for (int waited = 0; waited < TK_GATE_PATIENCE_MS * 20 && __atomic_load_n(&tk_inside, __ATOMIC_SEQ_CST) > 0; waited++) {
        tk_pause_briefly();
    }
}

static void tk_gate_open(void) { __atomic_store_n(&tk_closed, 0, __ATOMIC_SEQ_CST); }

/* Whether the number still leads to what was remembered. */
static bool tk_still(const struct tk_item *item, int end) {
    struct stat found;
    return fstat(item->ends[end], &found) == 0 && found.st_dev == item->device && found.st_ino == item->inode;
}

static bool tk_list_grow(struct tk_list *list) {
    size_t room = list->room > 0 ? 2 * list->room : 16;
    void *items = realloc(list->items, room * sizeof *list->items);
    if (items != NULL) {
        list->items = items;
        list->room = room;
    }
    return items != NULL;
}

/* Short of memory it is not remembered, and a child keeps it: harmless but for
 * what the head of this file says. */
static void tk_list_add(struct tk_list *list, int32_t first, int32_t second) {
    struct stat found;
    pthread_mutex_lock(&tk_lists_mutex);
    if ((list->count < list->room || tk_list_grow(list)) && fstat(first, &found) == 0) {
        list->items[list->count++] = (struct tk_item){{first, second}, found.st_dev, found.st_ino};
    }
    pthread_mutex_unlock(&tk_lists_mutex);
}

/* The newest first: a number that was closed behind our back may come again. */
static void tk_list_remove(struct tk_list *list, int32_t first) {
    pthread_mutex_lock(&tk_lists_mutex);
    for (size_t i = list->count; i-- > 0;) {
        if (list->items[i].ends[0] == first) {
            list->items[i] = list->items[--list->count];
            break;
        }
    }
    pthread_mutex_unlock(&tk_lists_mutex);
}

/* tk_socket_add remembers a socket of the library; inside the gate. */
void tk_socket_add(int32_t descriptor) { tk_list_add(&tk_sockets, descriptor, -1); }

/* tk_socket_remove forgets it again, before it is closed; inside the gate. */
void tk_socket_remove(int32_t descriptor) { tk_list_remove(&tk_sockets, descriptor); }

/* tk_pipe_open makes a pipe whose numbers stay valid in a forked child; returns
 * 0 or an errno. */
int tk_pipe_open(int32_t ends[2]) {
    tk_gate_enter();
    int cause = tk_pipe_make(ends);
    if (cause == 0) {
        tk_list_add(&tk_pipes, ends[0], ends[1]);
    }
    tk_gate_leave();
    return cause;
}

/* tk_pipe_close closes both ends. */
void tk_pipe_close(const int32_t ends[2]) {
    tk_gate_enter();
    tk_list_remove(&tk_pipes, ends[0]);
    close(ends[0]);
    close(ends[1]);
    tk_gate_leave();
}

/* tk_pipe_lives tells whether the pipe is still ours under these numbers. */
bool tk_pipe_lives(const int32_t ends[2]) {
    bool lives = false;
    pthread_mutex_lock(&tk_lists_mutex);
    for (size_t i = 0; i < tk_pipes.count && !lives; i++) {
        const struct tk_item *item = &tk_pipes.items[i];
        lives = item->ends[0] == ends[0] && item->ends[1] == ends[1] && tk_still(item, 0) && tk_still(item, 1);
    }
    pthread_mutex_unlock(&tk_lists_mutex);
    return lives;
}

static void tk_sockets_close(void) {
    for (size_t i = 0; i < tk_sockets.count; i++) {
        if (tk_still(&tk_sockets.items[i], 0)) {
            close(tk_sockets.items[i].ends[0]);
        }
    }
    tk_sockets.count = 0;
}

/* An end that cannot be renewed is closed: better no wake-ups than stolen ones. */
static void tk_pipe_renew(struct tk_item *item) {
    int32_t fresh[2];
    struct stat found;
    if (!tk_still(item, 0) || !tk_still(item, 1)) {
        item->inode = 0; /* no longer ours: never touched again */
        return;
    }
    if (tk_pipe_make(fresh) != 0 || fstat(fresh[0], &found) != 0) {
        close(item->ends[0]);
        close(item->ends[1]);
        return;
    }
    for (int end = 0; end < 2; end++) {
        tk_descriptor_move(fresh[end], item->ends[end]);
    }
    item->device = found.st_dev;
    item->inode = found.st_ino;
}

/* tk_fork_settle deals with what the parent left in this process. Called once
 * in a child (start.c). */
void tk_fork_settle(void) {
    tk_signals_release();
    tk_sockets_close();
    for (size_t i = 0; i < tk_pipes.count; i++) {
        tk_pipe_renew(&tk_pipes.items[i]);
    }
}

static void tk_before_fork(void) {
    pthread_mutex_lock(&tk_fork_mutex);
    bool running = tk_process_running();
    tk_start_prepare();
    tk_gate_close();
    if (!running && tk_process_running()) {
        /* The runtime was just being started: the gate waited for it. */
        tk_gate_open();
        tk_start_prepare();
        tk_gate_close();
    }
}

static void tk_after_fork_in_parent(void) {
    tk_gate_open();
    pthread_mutex_unlock(&tk_fork_mutex);
}

/* Only this thread exists, and nobody is in the middle of anything but the
 * parent's threads that are no more. */
static void tk_after_fork_in_child(void) {
    tk_fork_mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    tk_lists_mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    tk_inside = 0;
    tk_gate_open();
    tk_engines_forked();
    tk_start_forked();
}

/* tk_fork_watch has the host's forks come by. Once, before the first start. */
void tk_fork_watch(void) {
#if defined(TASKER_SABOTAGE_NO_ATFORK)
    const bool watch = false;
#else
    const bool watch = true;
#endif
    if (watch) {
        (void)pthread_atfork(tk_before_fork, tk_after_fork_in_parent, tk_after_fork_in_child);
    }
}
