/* signalled FILE handled|default: one call, which another process keeps waiting
 * by its lock on the file, and signals that come meanwhile.
 *
 * It says "open", waits for a line, says "calling", and calls. A handler, one
 * without a stack of its own, says "*". At the end it says the status. */
#include <signal.h>
#include <unistd.h>

#include "harness.h"

static void say(const char *text) { CHECK(write(STDOUT_FILENO, text, strlen(text)) == (ssize_t)strlen(text)); }

static void on_signal(int number) {
    volatile char room[16 * 1024]; /* more than the stack of a goroutine has */
    memset((void *)(uintptr_t)room, number, sizeof room);
    say("*\n");
}

int main(int argc, char **argv) {
    char text[4096];
    tasker_engine engine;
    tasker_buffer reply;
    CHECK(argc == 3);
    if (strcmp(argv[2], "handled") == 0) {
        struct sigaction action = {.sa_handler = on_signal};
        CHECK(sigaction(SIGTERM, &action, NULL) == 0);
    }
    int length = snprintf(text, sizeof text, "{\"database\": {\"url\": \"%s\"}}", argv[1]);
    CHECK_STATUS(TASKER_OK, tasker_open(bytes(text), (size_t)length, &engine, &reply), &reply);
    tasker_buffer_free(&reply);
    say("open\n");
    CHECK(read(STDIN_FILENO, text, 1) == 1);
    say("calling\n");
    const char *request = "{\"name\": \"signalled\", \"timeout_ms\": 60000}";
    CHECK_STATUS(TASKER_OK, tasker_namespace_create(engine, bytes(request), strlen(request), &reply), &reply);
    tasker_buffer_free(&reply);
    say("answered\n");
    return 0;
}
