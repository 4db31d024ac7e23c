/*
 * hold.c: keeps the Go runtime from starting when the library is loaded.
 *
 * A shared library made by Go starts its runtime from a constructor: five
 * threads and a changed process before anyone has called anything. Here the
 * first constructor of the library, which is ours, takes all later ones out of
 * the list that the loader is about to run. start.c runs them when they are
 * needed. So
 *
 *   - a process that only loads the library has no thread of it;
 *   - a copy that is loaded for a forked child (copy.c) stays untouched until
 *     the child starts it, without the loader, a file or /proc;
 *   - Go sees the environment of its start and not that of exec.
 *
 * Only for Linux. Elsewhere nothing is held back and forked processes are told
 * so by every call.
 */
#define _GNU_SOURCE
#include "front.h"

#if defined(__linux__)

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

/* The loader calls every constructor with these arguments. */
typedef void (*tk_constructor)(int, char **, char **);

/* What this library has: one of the compiler and one of Go; room for more. */
#define TK_HELD_MAX 16u

static tk_constructor tk_held[TK_HELD_MAX];
static size_t tk_held_count;

/* Of the linker: where this library lies, and its table of contents. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

static void tk_nothing(int count, char **arguments, char **environment) {
    (void)count, (void)arguments, (void)environment;
}

static ElfW(Addr) tk_dynamic(ElfW(Sxword) tag) {
    for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == tag) {
            return entry->d_un.d_val;
        }
    }
    return 0;
}

/* The list lies in memory that the loader has made read-only by now. */
static bool tk_protect(const void *start, size_t size, int protection) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t low = (uintptr_t)start & ~(page - 1);
    return mprotect((void *)low, (uintptr_t)start + size - low, protection) == 0;
}

/* A declaration without the attribute before this one would lose the priority,
 * by which the linker puts this constructor first. */
__attribute__((constructor(101))) static void tk_hold_back(int count, char **arguments, char **environment) {
    (void)count, (void)arguments, (void)environment;
    tk_file_keep();
    tk_constructor *list = (tk_constructor *)((uintptr_t)&__ehdr_start + tk_dynamic(DT_INIT_ARRAY));
    size_t size = tk_dynamic(DT_INIT_ARRAYSZ), length = size / sizeof *list, first = 0;
    while (first < length && list[first] != tk_hold_back) {
        first++;
    }
    if (length <= first + 1 || length - first - 1 > TK_HELD_MAX || !tk_protect(list, size, PROT_READ | PROT_WRITE)) {
        return;
    }
    for (size_t i = first + 1; i < length; i++) {
        tk_held[tk_held_count++] = list[i];
        list[i] = tk_nothing;
    }
    (void)tk_protect(list, size, PROT_READ);
}

/* tk_hold_works tells whether the runtime of this copy waits to be started. */
bool tk_hold_works(void) { return tk_held_count > 0; }

/* tk_hold_base is the address at which this copy of the library lies. */
uintptr_t tk_hold_base(void) { return (uintptr_t)&__ehdr_start; }

/* tk_hold_size is the length of the library in memory. */
size_t tk_hold_size(void) {
    const ElfW(Phdr) *parts = (const ElfW(Phdr) *)(tk_hold_base() + __ehdr_start.e_phoff);
    size_t size = 0;
    for (size_t i = 0; i < __ehdr_start.e_phnum; i++) {
        if (parts[i].p_type == PT_LOAD && parts[i].p_vaddr + parts[i].p_memsz > size) {
            size = parts[i].p_vaddr + parts[i].p_memsz;
        }
    }
    return size;
}

static int tk_protection(ElfW(Word) flags) {
    return ((flags & PF_R) != 0 ? PROT_READ : 0) | ((flags & PF_X) != 0 ? PROT_EXEC : 0);
}

/* tk_hold_share has a copy that nobody has started read its code and constants
 * from the file of the library, as this library does, instead of from its own,
 * which gives the room back: 18 of 21 megabytes. What is written to stays its own.
 * The contents are the same, so where the system refuses nothing is lost. */
void tk_hold_share(ptrdiff_t distance, int file, int copy) {
    const ElfW(Phdr) *parts = (const ElfW(Phdr) *)(tk_hold_base() + __ehdr_start.e_phoff);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < __ehdr_start.e_phnum; i++) {
        if (parts[i].p_type != PT_LOAD || (parts[i].p_flags & PF_W) != 0) {
            continue;
        }
        uintptr_t begin = parts[i].p_vaddr & ~(page - 1), end = parts[i].p_vaddr + parts[i].p_filesz;
        off_t offset = (off_t)(parts[i].p_offset & ~(page - 1));
        void *there = (void *)(tk_hold_base() + (uintptr_t)distance + begin);
        if (mmap(there, end - begin, tk_protection(parts[i].p_flags), MAP_PRIVATE | MAP_FIXED, file, offset) == MAP_FAILED) {
            continue;
        }
        /* Whole pages: the next part may begin in the last one. */
        off_t first = (off_t)((parts[i].p_offset + page - 1) & ~(page - 1));
        off_t last = (off_t)((parts[i].p_offset + parts[i].p_filesz) & ~(page - 1));
        if (last > first) {
            (void)fallocate(copy, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first, last - first);
        }
    }
}

/* tk_hold_data is the part of this copy that holds variables with a first value. */
const void *tk_hold_data(size_t *size) {
    const ElfW(Phdr) *parts = (const ElfW(Phdr) *)(tk_hold_base() + __ehdr_start.e_phoff);
    for (size_t i = 0; i < __ehdr_start.e_phnum; i++) {
        if (parts[i].p_type == PT_LOAD && (parts[i].p_flags & PF_W) != 0) {
            *size = parts[i].p_filesz;
            return (const void *)(tk_hold_base() + parts[i].p_vaddr);
        }
    }
    *size = 0;
    return NULL;
}

/* What Go reads behind the environment: facts about the machine. */
static const unsigned long tk_facts[] = {AT_SYSINFO_EHDR, AT_HWCAP, AT_HWCAP2, AT_PAGESZ, AT_CLKTCK, AT_RANDOM,
                                         AT_SECURE,       AT_UID,   AT_EUID,   AT_GID,    AT_EGID,   AT_PLATFORM};

enum { TK_FACTS = sizeof tk_facts / sizeof tk_facts[0] };

/* The vectors as the kernel would lay them out: arguments, environment, facts.
 * The runtime keeps pointers into them, so they are never freed. */
static char **tk_vectors(void) {
    static char name[] = "tasker_core";
    size_t variables = 0;
    while (environ != NULL && environ[variables] != NULL) {
        variables++;
    }
    char **vectors = calloc(2 + variables + 1 + 2 * (TK_FACTS + 1), sizeof *vectors);
    if (vectors == NULL) {
        return NULL;
    }
    vectors[0] = name;
    char **next = vectors + 2;
    for (size_t i = 0; i < variables && environ[i] != NULL; i++) {
        *next++ = environ[i];
    }
    next++;
    for (size_t i = 0; i < TK_FACTS; i++) {
        unsigned long value = getauxval(tk_facts[i]);
        if (value != 0) {
            *next++ = (char *)tk_facts[i];
            *next++ = (char *)value;
        }
    }
    return vectors;
}

/* tk_hold_release runs the constructors that were held back, once in the life
 * of a copy. False: no memory, and nothing was run. */
bool tk_hold_release(void) {
    static char **vectors;
    vectors = tk_vectors();
    if (vectors == NULL) {
        return false;
    }
    for (size_t i = 0; i < tk_held_count; i++) {
        tk_held[i](1, vectors, vectors + 2);
    }
    return true;
}

#else

bool tk_hold_works(void) { return false; }
uintptr_t tk_hold_base(void) { return 0; }
size_t tk_hold_size(void) { return 0; }
const void *tk_hold_data(size_t *size) {
    *size = 0;
    return NULL;
}
bool tk_hold_release(void) { return true; }

#endif
