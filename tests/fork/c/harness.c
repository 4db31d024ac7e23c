/* Engines, requests and ledgers. */
#include <fcntl.h>
#include <stdarg.h>

#include "harness.h"

struct store stores[STORES] = {{.name = "embedded"}, {.name = "postgresql"}};

tasker_engine open_engine(const char *config) {
    tasker_engine engine;
    tasker_buffer reply;
    int32_t status = tasker_open((const uint8_t *)config, strlen(config), &engine, &reply);
    if (status != TASKER_OK) {
        FAIL("tasker_open answered %d: %s", (int)status, (const char *)reply.data);
    }
    tasker_buffer_free(&reply);
    return engine;
}

void close_engine(tasker_engine engine) {
    tasker_buffer reply;
    request(&reply, tasker_close, engine, "{}");
    tasker_buffer_free(&reply);
}

void open_stores(void) {
    for (int i = 0; i < STORES; i++) {
        stores[i].engine = open_engine(stores[i].config);
    }
}

void close_stores(void) {
    for (int i = 0; i < STORES; i++) {
        close_engine(stores[i].engine);
    }
}

/* request performs an operation that must succeed; the reply is the caller's. */
void request(tasker_buffer *reply, operation call, tasker_engine engine, const char *format, ...) {
    char text[16384];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    CHECK(len >= 0 && (size_t)len < sizeof text);
    int32_t status = call(engine, (const uint8_t *)text, (size_t)len, reply);
    if (status != TASKER_OK) {
        FAIL("%s answered %d: %s", text, (int)status, reply->data ? (const char *)reply->data : "");
    }
}

/* number returns the first integer of that key. */
int64_t number(const tasker_buffer *reply, const char *key) {
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *found = strstr((const char *)reply->data, pattern);
    if (found == NULL) {
        FAIL("no %s in %s", key, (const char *)reply->data);
    }
    return strtoll(found + strlen(pattern), NULL, 10);
}

int has(const tasker_buffer *reply, const char *text) {
    return reply->data != NULL && strstr((const char *)reply->data, text) != NULL;
}

/* note writes down that a step is run, before its report. The file is opened by
 * name, since a daemon may have closed whatever was open. */
void note(const struct store *store, int64_t step, int64_t epoch) {
    char line[64];
    int len = snprintf(line, sizeof line, "%lld %lld\n", (long long)step, (long long)epoch);
    int fd = open(store->ledger, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK(write(fd, line, (size_t)len) == len);
    CHECK(close(fd) == 0);
}

int count_from_environment(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text != NULL ? atoi(text) : otherwise;
}
