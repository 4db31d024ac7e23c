/* A host that has an SQLite of its own, linked to the program, beside the one in
 * the library: what it opens of the engine's file is noticed and told. */
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static const char file[] = "tasker.sqlite3", linked[] = "linked.sqlite3", elsewhere[] = "elsewhere.sqlite3";

static tasker_engine engine;

/* One answer of the engine, as text; the next call frees it. */
static const char *answer(operation call) {
    static tasker_buffer reply;
    tasker_buffer_free(&reply);
    CHECK_STATUS(TASKER_OK, call(engine, NULL, 0, &reply), &reply);
    return (const char *)reply.data;
}

static size_t count(const char *text, const char *part) {
    size_t found = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        found++;
    }
    return found;
}

/* An open that only reads the file. An ordinary one would find none of the
 * library's locks, which are its own process's, and cut the index of the log
 * short under the library: SIGBUS. */
static sqlite3 *open_theirs(const char *name) {
    char location[64];
    sqlite3 *theirs = NULL;
    snprintf(location, sizeof location, "file:%s?immutable=1", name);
    CHECK(sqlite3_open_v2(location, &theirs, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK);
    CHECK(sqlite3_exec(theirs, "PRAGMA application_id", NULL, NULL, NULL) == SQLITE_OK);
    return theirs;
}

/* Whether the descriptor that is told of leads to the engine's file. */
static int tells_of_the_file(const char *health) {
    struct stat told, ours;
    const char *key = "\"descriptor\":", *found = strstr(health, key);
    CHECK(found != NULL && stat(file, &ours) == 0);
    CHECK(fstat(atoi(found + strlen(key)), &told) == 0);
    return told.st_dev == ours.st_dev && told.st_ino == ours.st_ino;
}

static void expect_told(size_t strangers) {
    char metric[64];
    snprintf(metric, sizeof metric, "tasker_foreign_opens %zu", strangers);
    const char *health = answer(tasker_engine_health);
    CHECK(count(health, "\"descriptor\":") == strangers);
    CHECK(strangers == 0 || (tells_of_the_file(health) && strstr(health, "another process") != NULL));
    CHECK((strstr(health, "\"status\":\"ok\"") != NULL) == (strangers == 0));
    CHECK(strstr(answer(tasker_engine_metrics), metric) != NULL);
}

/* How many strangers the log of this process tells of. */
static size_t logged(void) {
    return count(answer(tasker_engine_logs_poll), "something else in this process has the database open");
}

static void file_of_the_hosts_own(void) {
    sqlite3 *theirs = NULL;
    CHECK(sqlite3_open(elsewhere, &theirs) == SQLITE_OK);
    CHECK(sqlite3_exec(theirs, "PRAGMA journal_mode = WAL; CREATE TABLE kept (n); INSERT INTO kept VALUES (1)", NULL, NULL,
                       NULL) == SQLITE_OK);
    expect_told(0);
    CHECK(sqlite3_close(theirs) == SQLITE_OK);
}

/* By its name, by another name for it, and twice. */
static void file_of_the_engine(void) {
    CHECK(link(file, linked) == 0);
    CHECK(logged() == 0);
    sqlite3 *first = open_theirs(file), *second = open_theirs(linked);
    expect_told(2);
    CHECK(logged() == 2);
    CHECK(sqlite3_close(second) == SQLITE_OK);
    expect_told(1);
    CHECK(logged() == 2); /* each is told of once */
    CHECK(sqlite3_close(first) == SQLITE_OK);
    expect_told(0);
}

/* The connection lives on in a child, whose engine finds it there. */
static void in_a_child(void) {
    int status;
    sqlite3 *theirs = open_theirs(file);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(5);
        expect_told(1);
        CHECK(logged() == 1);
        CHECK(sqlite3_close(theirs) == SQLITE_OK);
        expect_told(0);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    expect_told(1);
    CHECK(sqlite3_close(theirs) == SQLITE_OK);
    expect_told(0);
}

int main(void) {
    tasker_buffer reply;
    CHECK_STATUS(TASKER_OK, tasker_open(NULL, 0, &engine, &reply), &reply);
    tasker_buffer_free(&reply);
    expect_told(0);
    file_of_the_hosts_own();
    file_of_the_engine();
    in_a_child();
    CHECK_STATUS(TASKER_OK, tasker_close(engine, NULL, 0, &reply), &reply);
    tasker_buffer_free(&reply);
    return 0;
}
