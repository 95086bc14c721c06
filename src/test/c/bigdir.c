/* bigdir N SECONDS: fills the directory that it is started in with N names, then lists it again and again while two processes add,
 * remove and rename in it; each listing must have each of the N names once, and seekdir must lead back to where telldir was. Prints
 * how many listings and changes there were, or what is wrong. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what, const char *name) {
    printf("%s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static void change(int mine, long *count) {
    unsigned seed = mine;
    char one[64], two[64];
    for (;;) {
        snprintf(one, sizeof one, "come-%d-%d", mine, rand_r(&seed) % 1000);
        snprintf(two, sizeof two, "come-%d-%d", mine, rand_r(&seed) % 1000);
        int result = 0;
        switch (rand_r(&seed) % 4) {
        case 0:
        case 1: {
            int fd = open(one, O_CREAT | O_WRONLY, 0644);
            result = fd < 0 ? -1 : close(fd);
            break;
        }
        case 2: result = unlink(one); break;
        default: result = rename(one, two);
        }
        if (result && errno != ENOENT) die("change", one);
        (*count)++;
    }
}

/* Lists once; in the listing numbered 0 keeps positions and goes back to them. */
static void list(char *seen, int count, int number) {
    enum { KEPT = 200 };
    static long positions[KEPT];
    static char names[KEPT][64];
    int kept = 0, found = 0;
    memset(seen, 0, count);
    DIR *directory = opendir(".");
    if (!directory) die("opendir", ".");
    long position = telldir(directory);
    for (struct dirent *entry; (errno = 0, entry = readdir(directory)); position = telldir(directory)) {
        int i;
        if (sscanf(entry->d_name, "stay-%d", &i) != 1) continue;
        if (seen[i]++) die("twice", entry->d_name);
        if (number == 0 && kept < KEPT && found % (count / KEPT + 1) == 0) {
            positions[kept] = position;
            snprintf(names[kept++], sizeof names[0], "stay-%d", i);
        }
        found++;
    }
    if (errno) die("readdir", ".");
    for (int i = 0; i < count; i++)
        if (!seen[i]) {
            char name[32];
            snprintf(name, sizeof name, "stay-%d of %d found", i, found);
            die("missing", name);
        }
    for (int i = kept - 1; i >= 0; i--) {
        seekdir(directory, positions[i]);
        struct dirent *entry;
        /* Names that others have put before it since are no error: only staying ones count. */
        do entry = readdir(directory);
        while (entry && strncmp(entry->d_name, "stay-", 5));
        if (!entry || strcmp(entry->d_name, names[i])) die("another name after seekdir to", names[i]);
    }
    closedir(directory);
}

int main(int argc, char **argv) {
    if (argc != 3) return 64;
    int count = atoi(argv[1]), seconds = atoi(argv[2]);
    char name[64];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "stay-%d", i);
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
        if (fd < 0 || close(fd)) die("create", name);
    }
    long *changes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t changers[2];
    for (int i = 0; i < 2; i++)
        if ((changers[i] = fork()) == 0) change(i, &changes[i]);
    char *seen = malloc(count);
    time_t end = time(NULL) + seconds;
    int listings = 0;
    do list(seen, count, listings++);
    while (time(NULL) < end || listings < 2 || changes[0] < 50 || changes[1] < 50);
    int failed = 0;
    for (int i = 0; i < 2; i++) {
        int status;
        kill(changers[i], SIGKILL);
        waitpid(changers[i], &status, 0);
        failed |= !WIFSIGNALED(status);
    }
    printf("%d names, %d listings, %ld changes\n", count, listings, changes[0] + changes[1]);
    return failed;
}
