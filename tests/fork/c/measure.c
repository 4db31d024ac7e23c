/* What a process holds. */
#include <dirent.h>
#include <sys/stat.h>

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

/* The sum of two lines of what the kernel tells of the process's memory. */
static long summed_kb(const char *first, const char *second) {
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, first, strlen(first)) == 0 || strncmp(line, second, strlen(second)) == 0) {
            value = (value < 0 ? 0 : value) + atol(strchr(line, ':') + 1);
        }
    }
    fclose(file);
    CHECK(value >= 0);
    return value;
}

/* memory_kb is the process's share of memory (Pss) in KiB: pages that parent
 * and child share count by halves, so a copy that is not released shows. Those of
 * files do not count: strangers share them, too, and come and go. */
long memory_kb(void) { return summed_kb("Pss_Anon:", "Pss_Shmem:"); }

/* anonymous_kb is what of the process's memory is read from no file, counted whole. */
long anonymous_kb(void) { return summed_kb("Anonymous:", "Anonymous:"); }

/* What a copy of the library may take of memory for its file, in blocks of 512. */
enum { COPY_BLOCKS = 4 * 1024 * 2 };

static void check_copy(const char *range, const char *rights) {
    char path[128];
    struct stat about;
    CHECK(strchr(rights, 'x') == NULL);
    snprintf(path, sizeof path, "/proc/self/map_files/%s", range);
    if (geteuid() == 0) { /* others may not ask */
        CHECK(stat(path, &about) == 0);
        if (about.st_blocks > COPY_BLOCKS) {
            FAIL("a copy takes %lld KB", (long long)about.st_blocks / 2);
        }
    }
}

/* copies counts the copies of the library in this process by their variables, and
 * requires that they hold hardly more than these: code is the library's own. */
int copies(void) {
    char line[4096], range[64], rights[8];
    int found = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strstr(line, "memfd:tasker_core") != NULL) {
            CHECK(sscanf(line, "%63s %7s", range, rights) == 2);
            check_copy(range, rights);
            found += rights[1] == 'w';
        }
    }
    fclose(file);
    return found;
}
