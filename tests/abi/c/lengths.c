/* Requests of every length around the powers of two, of characters of four bytes:
 * where a buffer, a page or a chunk ends, one of them is cut in the middle by
 * whoever is careless. What comes back has to be what went in. */
#include "harness.h"
#include "probe.h"

enum { LONGEST = 16 * 1024 * 1024, CHARACTER = 4 };

static const char head[] = "{\"do\":\"echo\",\"text\":\"";
static const char tail[] = "\"}";
static const char instant_tail[] = "\",\"instant\":true}";
static const char reply_head[] = "{\"text\":\"";

/* Writes a request of exactly this length and returns the length of its text. */
static size_t compose(char *request, size_t length, const char *end) {
    size_t text = length - strlen(head) - strlen(end);
    memcpy(request, head, strlen(head));
    char *to = request + strlen(head);
    size_t plain = text % CHARACTER; /* in front, so that the characters begin anywhere */
    memset(to, 'x', plain);
    for (size_t at = plain; at < text; at += CHARACTER) {
        memcpy(to + at, "\xf0\x9f\x98\x80", CHARACTER);
    }
    memcpy(to + text, end, strlen(end));
    return text;
}

static void echo(tasker_engine engine, const char *request, size_t length, size_t text) {
    tasker_buffer reply;
    CHECK_STATUS(TASKER_OK, tasker_probe(engine, bytes(request), length, &reply), &reply);
    size_t front = strlen(reply_head);
    CHECK(reply.len == front + text + strlen(tail) && memcmp(reply.data, reply_head, front) == 0);
    CHECK(memcmp(reply.data + front, request + strlen(head), text) == 0 && reply.data[reply.len] == 0);
    tasker_buffer_free(&reply);
}

/* A length that ends inside of a character is refused with both numbers. */
static void cut(tasker_engine engine, const char *request, size_t length) {
    tasker_buffer reply;
    CHECK(tasker_probe(engine, bytes(request), length, &reply) == TASKER_E_INVALID_REQUEST);
    CHECK(has_code(&reply, "invalid_request") && has_number(&reply, "length", length));
    CHECK(strstr((const char *)reply.data, "\"offset\":") != NULL);
    tasker_buffer_free(&reply);
}

void case_lengths(void) {
    tasker_engine engine = open_engine();
    char *request = malloc(LONGEST + 16);
    CHECK(request != NULL);
    for (size_t power = 64; power <= LONGEST; power *= 2) {
        for (size_t length = power - 5; length <= power + 5; length++) {
            if (power > 1024 * 1024 && (length < power - 1 || length > power + 1)) {
                continue; /* the long ones take their time */
            }
            echo(engine, request, length, compose(request, length, tail));
            cut(engine, request, length - strlen(tail) - 2);
            echo(engine, request, length, compose(request, length, instant_tail));
        }
    }
    free(request);
    close_engine(engine);
}
