/*
 * host.c: a C program that makes calls on request and tells how long they took.
 *
 *   host LIBRARY MODE CONFIGURATION...
 *
 * It opens one engine per configuration and answers lines, see boundary.go.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tasker_core.h>

enum { ENGINES = 8, BATCH = 4096, COLLECT = 64, LINE = 16384 };

typedef int32_t (*operation)(tasker_engine, const uint8_t *, size_t, tasker_buffer *);

static void *library;
static tasker_engine engines[ENGINES];
static int32_t wakes[ENGINES];
static tasker_submission submissions[BATCH];

static __typeof__(tasker_open) *open_engine;
static __typeof__(tasker_close) *close_engine;
static __typeof__(tasker_wake_fd) *wake_fd;
static __typeof__(tasker_submit_many) *submit_many;
static __typeof__(tasker_collect) *collect;
static __typeof__(tasker_buffer_free) *buffer_free;

static void fail(const char *what, const tasker_buffer *reply) {
    printf("error %s %s\n", what, reply != NULL && reply->data != NULL ? (const char *)reply->data : "");
    exit(1);
}

static void *function(const char *name) {
    void *found = dlsym(library, name);
    if (found == NULL) {
        fail(dlerror(), NULL);
    }
    return found;
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* One call of a named function, its reply released. */
static void wait_for(operation call, tasker_engine engine, const char *request, size_t len) {
    tasker_buffer reply;
    if (call(engine, (const uint8_t *)request, len, &reply) != TASKER_OK) {
        fail("call", &reply);
    }
    buffer_free(&reply);
}

static size_t take(tasker_engine engine) {
    tasker_completion completions[COLLECT];
    size_t count;
    if (collect(engine, completions, COLLECT, &count) != TASKER_OK) {
        fail("collect", NULL);
    }
    for (size_t i = 0; i < count; i++) {
        if (completions[i].status != TASKER_OK) {
            fail("completion", &completions[i].reply);
        }
        buffer_free(&completions[i].reply);
    }
    return count;
}

/* The submissions of a batch, made once for all batches of a line. */
static void prepare(uint32_t number, size_t size, const char *request, size_t len) {
    for (size_t i = 0; i < size; i++) {
        submissions[i] = (tasker_submission){number, (const uint8_t *)request, len};
    }
}

/* So many submitted calls, all answers taken. */
static void batch(size_t which, size_t size) {
    uint64_t ticket;
    tasker_buffer reply;
    if (submit_many(engines[which], submissions, size, &ticket, &reply) != TASKER_OK) {
        fail("submit_many", &reply);
    }
    for (size_t taken = 0; taken < size;) {
        struct pollfd entry = {wakes[which], POLLIN, 0};
        if (poll(&entry, 1, -1) < 0 && errno != EINTR) {
            fail("poll", NULL);
        }
        taken += take(engines[which]);
    }
}

static void answer(char *line) {
    char form[16], name[64];
    unsigned which, number, times, size;
    int begin = 0;
    if (sscanf(line, "%15s %u %63s %u %u %u %n", form, &which, name, &number, &times, &size, &begin) != 6 ||
        which >= ENGINES || size > BATCH || begin == 0) {
        fail("line", NULL);
    }
    const char *request = line + begin;
    size_t len = strlen(request);
    operation call = NULL;
    if (strcmp(form, "wait") == 0) {
        *(void **)&call = function(name);
    } else {
        prepare(number, size, request, len);
    }
    uint64_t *took = calloc(times, sizeof *took);
    if (took == NULL) {
        fail("memory", NULL);
    }
    for (unsigned i = 0; i < times; i++) {
        uint64_t start = now();
        if (call != NULL) {
            wait_for(call, engines[which], request, len);
        } else {
            batch(which, size);
        }
        took[i] = (now() - start) / size;
    }
    printf("ok");
    for (unsigned i = 0; i < times; i++) {
        printf(" %llu", (unsigned long long)took[i]);
    }
    printf("\n");
    free(took);
}

static void open_all(int count, char **configurations) {
    for (int i = 0; i < count && i < ENGINES; i++) {
        tasker_buffer reply;
        if (open_engine((const uint8_t *)configurations[i], strlen(configurations[i]), &engines[i], &reply) != TASKER_OK) {
            fail("open", &reply);
        }
        buffer_free(&reply);
        if (wake_fd(engines[i], &wakes[i]) != TASKER_OK) {
            fail("wake_fd", NULL);
        }
    }
}

int main(int argc, char **argv) {
    static char line[LINE];
    setvbuf(stdout, NULL, _IOLBF, 0);
    library = argc > 3 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library == NULL) {
        fail(argc > 3 ? dlerror() : "arguments", NULL);
    }
    *(void **)&open_engine = function("tasker_open");
    *(void **)&close_engine = function("tasker_close");
    *(void **)&wake_fd = function("tasker_wake_fd");
    *(void **)&submit_many = function("tasker_submit_many");
    *(void **)&collect = function("tasker_collect");
    *(void **)&buffer_free = function("tasker_buffer_free");
    open_all(argc - 3, argv + 3);
    printf("ready\n");
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        answer(line);
    }
    for (int i = 0; i < argc - 3 && i < ENGINES; i++) {
        tasker_buffer reply;
        (void)close_engine(engines[i], NULL, 0, &reply);
        buffer_free(&reply);
    }
    return 0;
}
