/* What a process holds. */
#include <dirent.h>

#include "harness.h"

/* count_entries counts the entries of a folder of /proc/self, less the one by
 * which it is read. */
int count_entries(const char *path) {
    DIR *folder = opendir(path);
    CHECK(folder != NULL);
    int entries = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        entries += entry->d_name[0] != '.';
    }
    closedir(folder);
    return entries;
}

/* memory_kb is the process's share of memory (Pss) in KiB: pages that parent
 * and child share count by halves, so a copy that is not released shows. */
long memory_kb(void) {
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Pss:", 4) == 0) {
            value = atol(line + 4);
        }
    }
    fclose(file);
    CHECK(value >= 0);
    return value;
}
