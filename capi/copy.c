/*
 * copy.c: a second copy of this library in the same process.
 *
 * The Go runtime that a forked child inherits is dead and cannot be revived. A
 * fresh one can only come from a copy of the library with variables of its own.
 * The loader gives such a copy only for a file that it does not know, so the
 * library's file is copied: into memory, or where that is not to be had or not
 * allowed to be executed, into a temporary file that is gone at once.
 *
 * The copy is made in the parent, before the fork (fork.c). In the child the
 * loader may be unusable for ever: another thread of the host may have been
 * inside it. The child only starts what is there.
 *
 * Being the same file, a copy has everything at the same distance from its
 * start. So nothing is looked up by name: a function or variable of the copy is
 * ours moved by the distance of the two starts. And what is not written to is read
 * from the library's file again, once the copy is loaded (tk_hold_share).
 */
#define _GNU_SOURCE
#include "front.h"

#if defined(__linux__)

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How long the loader may take, which another thread may be using. */
#define TK_LOADER_SECONDS 2

/* Kept from the moment of loading, so that the file may be replaced or deleted. */
struct tk_file {
    int descriptor;
    dev_t device;
    ino_t inode;
    char name[PATH_MAX];
};

static struct tk_file tk_file = {.descriptor = -1};

/* Copies made in this process and its ancestors. The loader takes two files of
 * one name for the same, and numbers of descriptors come again. */
static unsigned tk_copies;

/* Where the last copies lie. The loader is not asked: a child must not. */
enum { TK_DISTANCES = 64 };
static ptrdiff_t tk_distances[TK_DISTANCES];
static unsigned tk_distances_known;

/* The loader did not come back once; it is not asked again. */
static bool tk_loader_lost;

static bool tk_file_is(int descriptor) {
    struct stat found;
    return fstat(descriptor, &found) == 0 && found.st_dev == tk_file.device && found.st_ino == tk_file.inode;
}

/* tk_file_keep remembers the file that the loader has just read. */
void tk_file_keep(void) {
    struct stat found;
    Dl_info about;
    if (dladdr(&tk_file, &about) == 0 || strlen(about.dli_fname) >= sizeof tk_file.name) {
        return;
    }
    strcpy(tk_file.name, about.dli_fname);
    int descriptor = open(tk_file.name, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0 && fstat(descriptor, &found) == 0) {
        tk_file.descriptor = descriptor;
        tk_file.device = found.st_dev;
        tk_file.inode = found.st_ino;
    }
}

/* A descriptor of the library's file, or -1. The host may have closed ours. */
static int tk_file_reopen(void) {
    if (tk_file.descriptor >= 0 && tk_file_is(tk_file.descriptor)) {
        return tk_file.descriptor;
    }
    int descriptor = open(tk_file.name, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0 && !tk_file_is(descriptor)) {
        close(descriptor);
        descriptor = -1;
    }
    tk_file.descriptor = descriptor;
    return descriptor;
}

static bool tk_file_copy(int from, int to) {
    struct stat found;
    off_t done = 0;
    if (fstat(from, &found) != 0) {
        return false;
    }
    while (done < found.st_size) {
        ssize_t sent = sendfile(to, from, &done, (size_t)(found.st_size - done));
        if (sent == 0 || (sent < 0 && errno != EINTR && errno != EAGAIN)) {
            return false;
        }
    }
    return true;
}

/* What one attempt needs; on the heap, because a loader that does not come back
 * keeps using it. */
struct tk_load {
    char path[PATH_MAX];
    void *handle;
    sem_t done;
};

static void *tk_load_main(void *value) {
    struct tk_load *load = value;
    load->handle = dlopen(load->path, RTLD_NOW | RTLD_LOCAL);
    sem_post(&load->done);
    return NULL;
}

static bool tk_load_await(struct tk_load *load) {
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += TK_LOADER_SECONDS;
    int failed;
    do {
        failed = sem_timedwait(&load->done, &end);
    } while (failed != 0 && errno == EINTR);
    return failed == 0;
}

/* Has the loader open the file on a thread of its own, and waits for a bounded
 * time: a loader that is stuck must not keep the host from forking. */
static struct link_map *tk_load(const char *path) {
    struct tk_load *load = calloc(1, sizeof *load);
    pthread_t thread;
    if (load == NULL || tk_loader_lost) {
        free(load);
        return NULL;
    }
    snprintf(load->path, sizeof load->path, "%s", path);
    sem_init(&load->done, 0, 0);
    if (tk_thread_start(&thread, tk_load_main, load) != 0) {
        free(load);
        return NULL;
    }
    if (!tk_load_await(load)) {
        tk_loader_lost = true;
        return NULL;
    }
    pthread_join(thread, NULL);
    struct link_map *map = NULL;
    if (load->handle != NULL) {
        (void)dlinfo(load->handle, RTLD_DI_LINKMAP, &map);
    }
    sem_destroy(&load->done);
    free(load);
    return map;
}

/* A copy is what we think when it lies elsewhere and its first page, with the
 * identifier of the build, is ours. */
static bool tk_copy_accept(struct tk_image *image, const struct link_map *map) {
    if (map == NULL || map->l_addr == tk_hold_base() ||
        memcmp((const void *)map->l_addr, (const void *)tk_hold_base(), 4096) != 0) {
        return false;
    }
    ptrdiff_t distance = (ptrdiff_t)(map->l_addr - tk_hold_base());
    struct tk_file *its = TK_THERE(distance, tk_file);
    if (its->descriptor >= 0) {
        close(its->descriptor);
        its->descriptor = -1;
    }
    image->distance = distance;
    tk_distances[tk_distances_known++ % TK_DISTANCES] = distance;
    return true;
}

/* Executable if the system lets us say so: older kernels do not know the word,
 * newer ones may insist on it. */
static int tk_memory_file(void) {
    const unsigned cloexec = 1, executable = 0x10;
    long descriptor = syscall(SYS_memfd_create, "tasker_core", cloexec | executable);
    if (descriptor < 0 && errno == EINVAL) {
        descriptor = syscall(SYS_memfd_create, "tasker_core", cloexec);
    }
    return (int)descriptor;
}

static bool tk_copy_in_memory(struct tk_image *image, int from) {
    char path[PATH_MAX];
    bool made = false;
    int file = tk_memory_file();
    if (file < 0) {
        return false;
    }
    if (tk_file_copy(from, file)) {
        /* One slash more for each copy, so that no two have the same name. */
        int used = snprintf(path, sizeof path, "/proc/self/fd");
        for (unsigned i = 0; i <= tk_copies % 1024; i++) {
            path[used++] = '/';
        }
        snprintf(path + used, sizeof path - (size_t)used, "%d", file);
        tk_copies++;
        made = tk_copy_accept(image, tk_load(path));
        if (made) {
            tk_hold_share(image->distance, from, file);
        }
    }
    close(file);
    return made;
}

static bool tk_copy_in_folder(struct tk_image *image, int from, const char *folder, size_t len) {
    char path[PATH_MAX];
    if (len == 0 || len > sizeof path - 64) {
        return false;
    }
    snprintf(path, sizeof path, "%.*s/tasker_core-%u-XXXXXX", (int)len, folder, tk_copies++);
    int file = mkostemp(path, O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    bool made = fchmod(file, S_IRUSR | S_IXUSR) == 0 && tk_file_copy(from, file) && tk_copy_accept(image, tk_load(path));
    if (made) {
        tk_hold_share(image->distance, from, file);
    }
    unlink(path);
    close(file);
    return made;
}

/* Folders are tried in turn: one may be full, missing or closed to programs. */
static bool tk_copy_on_disk(struct tk_image *image, int from) {
    const char *chosen = secure_getenv("TMPDIR");
    const char *folders[] = {chosen != NULL ? chosen : "", "/dev/shm", "/tmp", "/var/tmp"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (tk_copy_in_folder(image, from, folders[i], strlen(folders[i]))) {
            return true;
        }
    }
    const char *slash = strrchr(tk_file.name, '/');
    return slash != NULL && tk_copy_in_folder(image, from, tk_file.name, (size_t)(slash - tk_file.name));
}

/* tk_copy_make loads a copy that nobody has started. Returns NULL, or why there
 * is none, in words for the host. */
const char *tk_copy_make(struct tk_image *image) {
    if (!tk_hold_works()) {
        return "the system did not let the library hold the start of its runtime back";
    }
    int from = tk_file_reopen();
    if (from < 0) {
        return "the file of the library can no longer be read";
    }
    if (tk_copy_in_memory(image, from) || tk_copy_on_disk(image, from)) {
        return NULL;
    }
    if (tk_loader_lost) {
        return "the loader of the process was busy for too long";
    }
    return "neither memory nor a temporary folder ($TMPDIR, /dev/shm, /tmp, /var/tmp, the library's own) takes "
           "an executable copy of the library";
}

/* tk_image_holds tells whether the address lies in this library or in a copy. */
bool tk_image_holds(uintptr_t address) {
    uintptr_t start = tk_hold_base(), size = tk_hold_size();
    bool holds = address - start < size;
    for (unsigned i = 0; i < tk_distances_known && i < TK_DISTANCES && !holds; i++) {
        holds = address - (start + (uintptr_t)tk_distances[i]) < size;
    }
    return holds;
}

#else

const char *tk_copy_make(struct tk_image *image) {
    (void)image;
    return "this operating system has no means to start the library again";
}

bool tk_image_holds(uintptr_t address) {
    (void)address;
    return false;
}

#endif
