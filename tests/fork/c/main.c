/* Runs the case that is named as argument. What it works on is in the
 * environment; `--list` prints the names, so that the test cannot forget one. */
#include "harness.h"

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"calm", case_calm},
    {"busy", case_busy},
    {"nested", case_nested},
    {"threads", case_threads},
    {"loading", case_loading},
    {"racing_forks", case_racing_forks},
    {"opening", case_opening},
    {"deep", case_deep},
    {"no_descriptors", case_no_descriptors},
    {"spawn", case_spawn},
    {"forking_thread", case_forking_thread},
    {"before_open", case_before_open},
    {"daemon", case_daemon},
    {"daemon_closing", case_daemon_closing},
    {"orphan", case_orphan},
    {"renamed", case_renamed},
    {"second_runtime", case_second_runtime},
    {"second_runtime_dead", case_second_runtime_dead},
    {"raw_clone", case_raw_clone},
    {"error_mode", case_error_mode},
    {"memory", case_memory},
    {"harmless_close", case_harmless_close},
    {"parents_buffer", case_parents_buffer},
    {"wake", case_wake},
    {"wake_others", case_wake_others},
    {"many_forks", case_many_forks},
    {"lean_copies", case_lean_copies},
    {"signal_stack", case_signal_stack},
    {"replaced", case_replaced},
    {"deleted", case_deleted},
    {"no_memfd", case_no_memfd},
    {"no_proc", case_no_proc},
    {"noexec", case_noexec},
    {"nothing_left", case_nothing_left},
};

char **program_arguments;

/* A copy, because case_renamed overwrites the environment. */
static const char *setting(const char *name) {
    const char *value = getenv(name);
    CHECK(value != NULL);
    return strdup(value);
}

int main(int count, char **arguments) {
    size_t known = sizeof cases / sizeof cases[0];
    CHECK(count == 2);
    program_arguments = arguments;
    for (size_t i = 0; i < known; i++) {
        if (strcmp(arguments[1], "--list") == 0) {
            puts(cases[i].name);
        } else if (strcmp(arguments[1], cases[i].name) == 0) {
            stores[EMBEDDED].config = setting("FORK_EMBEDDED");
            stores[EMBEDDED].ledger = setting("FORK_EMBEDDED_LEDGER");
            stores[POSTGRESQL].config = setting("FORK_POSTGRESQL");
            stores[POSTGRESQL].ledger = setting("FORK_POSTGRESQL_LEDGER");
            cases[i].run();
            return 0;
        }
    }
    return strcmp(arguments[1], "--list") == 0 ? 0 : 2;
}
