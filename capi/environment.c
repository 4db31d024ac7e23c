/*
 * environment.c: the TASKER_* variables as the host sees them now, and where it is.
 *
 * Go keeps the environment that the process was started with; what the host
 * sets later (ENV["TASKER_DATABASE_URL"] = …) is seen by C alone. So it is read
 * here, at each open, and passed in. Like getenv itself, this must not run
 * while another thread of the host changes the environment.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "front.h"

#if defined(__APPLE__)
#include <crt_externs.h>
static char **tk_environ(void) { return *_NSGetEnviron(); }
#else
extern char **environ;
static char **tk_environ(void) { return environ; }
#endif

static bool tk_is_ours(const char *entry) { return strncmp(entry, "TASKER_", 7) == 0; }

#define TK_DIRECTORY "PWD="

/* tk_environment returns the entries one after the other, each with its NUL;
 * the caller frees them. Their total length goes to *len. NULL: no memory.
 * The working directory is among them under its usual name: a child that opens
 * the engine again may have gone elsewhere, as daemons do. Where the system does
 * not tell, it is missing. */
uint8_t *tk_environment(size_t *len) {
    char *directory = getcwd(NULL, 0);
    size_t place = directory != NULL ? strlen(TK_DIRECTORY) + strlen(directory) + 1 : 0;
    size_t total = place;
    for (char **entry = tk_environ(); entry != NULL && *entry != NULL; entry++) {
        total += tk_is_ours(*entry) ? strlen(*entry) + 1 : 0;
    }
    uint8_t *text = malloc(total + 1);
    if (text == NULL) {
        free(directory);
        return NULL;
    }
    size_t used = 0;
    if (directory != NULL) {
        memcpy(text, TK_DIRECTORY, strlen(TK_DIRECTORY));
        memcpy(text + strlen(TK_DIRECTORY), directory, strlen(directory) + 1);
        used = place;
        free(directory);
    }
    for (char **entry = tk_environ(); entry != NULL && *entry != NULL; entry++) {
        size_t size = tk_is_ours(*entry) ? strlen(*entry) + 1 : 0;
        if (size > 0 && used + size <= total) {
            memcpy(text + used, *entry, size);
            used += size;
        }
    }
    *len = used;
    return text;
}
