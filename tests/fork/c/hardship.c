/* Systems on which a means of copying the library is missing. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "harness.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the system calls of this processor are not known here"
#endif

#define FIELD(name) ((unsigned)offsetof(struct seccomp_data, name))
#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void filter(struct sock_filter *code, size_t length) {
    struct sock_fprog program = {(unsigned short)length, code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0);
}

/* As on a kernel without memfd_create. */
static void forbid_memfd(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        ALLOW,
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
        REFUSE(ENOSYS),
        ALLOW,
    };
    filter(code, sizeof code / sizeof code[0]);
    CHECK(syscall(SYS_memfd_create, "none", 0) == -1 && errno == ENOSYS);
}

/* As under a policy that lets nothing new be executed. */
static void forbid_execution(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        ALLOW,
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIELD(args[2])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
        REFUSE(EPERM),
        ALLOW,
    };
    filter(code, sizeof code / sizeof code[0]);
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

/* A view of the file system of our own, in which we may mount. */
static void own_mounts(void) {
    int flags = CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER);
    if (unshare(flags) != 0) {
        FAIL("unshare: %s", strerror(errno));
    }
    CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
}

static void cover(const char *folder, unsigned long flags) {
    if (mount("none", folder, "tmpfs", flags, "size=64m") != 0) {
        FAIL("mount on %s: %s", folder, strerror(errno));
    }
}

static void expect_work(void) {
    open_stores();
    work_everywhere();
    for (int i = 0; i < 3; i++) {
        finish(in_child(work_everywhere));
    }
    work_everywhere();
    close_stores();
}

void case_no_memfd(void) {
    forbid_memfd();
    expect_work();
}

void case_no_proc(void) {
    own_mounts();
    cover("/proc", 0);
    CHECK(access("/proc/self", F_OK) != 0);
    expect_work();
}

/* TMPDIR is a folder from which nothing may be executed. */
void case_noexec(void) {
    own_mounts();
    CHECK(getenv("TMPDIR") != NULL);
    cover(getenv("TMPDIR"), MS_NOEXEC);
    forbid_memfd();
    expect_work();
}

static void refused_everywhere(void) {
    for (int i = 0; i < STORES; i++) {
        expect_forked(stores[i].engine);
    }
    tasker_engine engine;
    tasker_buffer reply;
    CHECK(tasker_open((const uint8_t *)stores[EMBEDDED].config, strlen(stores[EMBEDDED].config), &engine, &reply) ==
          TASKER_E_FORKED);
    tasker_buffer_free(&reply);
}

/* Nothing can be copied: the child is told at once, the parent lives on. */
void case_nothing_left(void) {
    open_stores();
    work_everywhere();
    forbid_execution();
    for (int i = 0; i < 3; i++) {
        finish(in_child(refused_everywhere));
        work_everywhere();
    }
    close_stores();
}

static void work_and_fork(void) {
    work_everywhere();
    finish(in_child(work_everywhere));
}

/* The library's file was replaced by an update, or deleted, while it is in use. */
static void after(int changed) {
    CHECK(changed == 0);
    finish(in_child(work_and_fork));
    work_everywhere();
    finish(in_child(work_and_fork));
    close_stores();
}

void case_replaced(void) {
    open_stores();
    after(rename(getenv("FORK_REPLACEMENT"), getenv("FORK_LIBRARY")));
}

void case_deleted(void) {
    open_stores();
    after(unlink(getenv("FORK_LIBRARY")));
}
