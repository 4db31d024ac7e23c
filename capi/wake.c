/*
 * wake.c: the pipe behind tasker_wake_fd.
 *
 * A pipe, not an eventfd, because it is the one thing that every host and every
 * platform can wait for. Both ends are non-blocking, so neither a full pipe nor
 * a host that read the byte itself can stop the library; both close on exec, so
 * programs that the host starts do not keep them. fork.c knows which there are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "front.h"

#if !defined(__linux__)
static int tk_mark(int end) {
    return fcntl(end, F_SETFL, O_NONBLOCK) == -1 || fcntl(end, F_SETFD, FD_CLOEXEC) == -1;
}
#endif

/* tk_pipe_make fills the reading and the writing end; returns 0 or an errno. */
int tk_pipe_make(int32_t ends[2]) {
    int pair[2];
#if defined(__linux__)
    if (pipe2(pair, O_NONBLOCK | O_CLOEXEC) != 0) {
        return errno;
    }
#else
    if (pipe(pair) != 0) {
        return errno;
    }
    if (tk_mark(pair[0]) || tk_mark(pair[1])) {
        int cause = errno;
        close(pair[0]);
        close(pair[1]);
        return cause;
    }
#endif
    ends[0] = pair[0];
    ends[1] = pair[1];
    return 0;
}

/* tk_descriptor_move gives what `from` leads to the number `to`, which is closed
 * before; closed on exec. */
void tk_descriptor_move(int32_t from, int32_t to) {
#if defined(__linux__)
    (void)dup3(from, to, O_CLOEXEC);
#else
    (void)dup2(from, to);
    (void)fcntl(to, F_SETFD, FD_CLOEXEC);
#endif
    close(from);
}

/* tk_pipe_write makes the pipe readable. A full pipe is readable already. */
void tk_pipe_write(int32_t end) {
    ssize_t written;
    do {
        written = write(end, "w", 1);
    } while (written == -1 && errno == EINTR);
}

/* tk_pipe_drain takes out whatever is there. */
void tk_pipe_drain(int32_t end) {
    char sink[64];
    ssize_t taken;
    do {
        taken = read(end, sink, sizeof sink);
    } while (taken == (ssize_t)sizeof sink || (taken == -1 && errno == EINTR));
}
