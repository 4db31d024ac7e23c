/* Calls from many threads, and from stacks that are not a thread's own. */
#include <pthread.h>
#include <ucontext.h>

#include "harness.h"

static tasker_engine shared;

static void *call_often(void *value) {
    (void)value;
    for (int i = 0; i < 50; i++) {
        CHECK(run(tasker_engine_config_get, shared, "{}") == TASKER_OK);
        CHECK(run(tasker_engine_health, shared, "{}") == TASKER_OK);
    }
    return NULL;
}

void case_threads(void) {
    pthread_t threads[64];
    shared = open_engine();
    for (size_t i = 0; i < 64; i++) {
        CHECK(pthread_create(&threads[i], NULL, call_often, NULL) == 0);
    }
    for (size_t i = 0; i < 64; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    close_engine(shared);
}

static ucontext_t outside, inside;
static int arrived;

static void on_foreign_stack(void) {
    call_often(NULL);
    arrived++;
}

static void run_on_foreign_stack(void) {
    const size_t size = 256 * 1024;
    char *stack = malloc(size);
    CHECK(stack != NULL && getcontext(&inside) == 0);
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = size;
    inside.uc_link = &outside;
    makecontext(&inside, on_foreign_stack, 0);
    CHECK(swapcontext(&outside, &inside) == 0);
    free(stack);
}

static void *thread_with_fibers(void *value) {
    (void)value;
    run_on_foreign_stack();
    call_often(NULL);
    run_on_foreign_stack();
    return NULL;
}

/* On the main thread, then on a thread that ends and gives its stack back. */
void case_foreign_stack(void) {
    shared = open_engine();
    run_on_foreign_stack();
    call_often(NULL);
    run_on_foreign_stack();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, thread_with_fibers, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(arrived == 4);
    close_engine(shared);
}

static size_t count_mappings(void) {
    size_t count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL);
    for (int c; (c = fgetc(maps)) != EOF;) {
        count += c == '\n';
    }
    fclose(maps);
    return count;
}

static void *call_once(void *value) {
    (void)value;
    CHECK(run(tasker_engine_config_get, shared, "{}") == TASKER_OK);
    return NULL;
}

static void call_from_threads(size_t count) {
    for (size_t i = 0; i < count; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, call_once, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
}

/* The stack that a thread's calls ran on goes with the thread. */
void case_stacks_are_released(void) {
    shared = open_engine();
    call_from_threads(20);
    size_t before = count_mappings();
    call_from_threads(300);
    CHECK(count_mappings() < before + 50);
    close_engine(shared);
}

/* A host that has taken all thread-specific keys is served on its own stacks. */
void case_no_keys_left(void) {
    pthread_key_t key;
    while (pthread_key_create(&key, NULL) == 0) {
    }
    case_threads();
    case_foreign_stack();
}
