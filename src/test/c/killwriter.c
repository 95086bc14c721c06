/* Loads a directory and says on standard output what it has been promised: one line per operation *after* fsync returned. Each
 * client works in its own directory on names of its own, so that the last line about a name says what must be there after a crash,
 * and the lines of what was begun (on standard output before the operation) say what may be there.
 *
 * usage: killwriter DIRECTORY CLIENT SEED [MICROSECONDS BETWEEN TWO OPERATIONS]; ends when it is killed or an operation fails.
 *
 * Lines: "B number what name [name2|size fill]" before, "D number" after the operation, "S number" after fsync: everything up to
 * that number is durable.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t state;

static uint32_t next(uint32_t bound) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)((state >> 33) % bound);
}

static void say(const char *line) {
    size_t size = strlen(line);
    if (write(1, line, size) != (ssize_t)size) _exit(9);
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 5) return 64;
    state = strtoull(argv[3], NULL, 10) * 1000003 + atoi(argv[2]);
    char line[300], name[64], other[64];
    snprintf(line, sizeof line, "%s/client%s", argv[1], argv[2]);
    if (mkdir(line, 0755) && errno != EEXIST) return 1;
    if (chdir(line)) return 1;
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    if (directory < 0) return 1;
    static char bytes[200000];
    for (long number = 1;; number++) {
        if (argc == 5) usleep((useconds_t)atoi(argv[4]));
        int what = next(10), failed = 0;
        snprintf(name, sizeof name, "n%u", next(40));
        if (what < 5) {
            /* A whole new content, written beside and put in place. */
            uint32_t size = next(4) ? next(6000) : next(sizeof bytes);
            int fill = 'a' + next(26);
            snprintf(line, sizeof line, "B %ld put %s %u %d\n", number, name, size, fill);
            say(line);
            memset(bytes, fill, size);
            snprintf(other, sizeof other, "tmp%ld", number);
            int fd = open(other, O_CREAT | O_EXCL | O_WRONLY, 0644);
            failed = fd < 0 || write(fd, bytes, size) != (ssize_t)size || close(fd) || rename(other, name);
        } else if (what < 7) {
            snprintf(line, sizeof line, "B %ld remove %s\n", number, name);
            say(line);
            failed = unlink(name) && errno != ENOENT;
        } else if (what < 9) {
            snprintf(other, sizeof other, "n%u", next(40));
            snprintf(line, sizeof line, "B %ld rename %s %s\n", number, name, other);
            say(line);
            failed = rename(name, other) && errno != ENOENT;
        } else {
            snprintf(line, sizeof line, "B %ld append %s\n", number, name);
            say(line);
            int fd = open(name, O_WRONLY | O_APPEND);
            if (fd < 0) failed = errno != ENOENT;
            else failed = write(fd, "+", 1) != 1 || close(fd);
        }
        if (failed) {
            fprintf(stderr, "killwriter: operation %ld: %s\n", number, strerror(errno));
            return 1;
        }
        snprintf(line, sizeof line, "D %ld\n", number);
        say(line);
        if (next(6) == 0) {
            /* One transaction holds everything before: fsync of anything is fsync of all that this volume has promised. */
            int fd = next(2) ? open(name, O_RDONLY) : -1;
            if (fd >= 0 ? (fdatasync(fd), fsync(directory)) : next(2) ? fsync(directory) : syncfs(directory)) {
                fprintf(stderr, "killwriter: fsync after %ld: %s\n", number, strerror(errno));
                return 1;
            }
            if (fd >= 0) close(fd);
            snprintf(line, sizeof line, "S %ld\n", number);
            say(line);
        }
    }
}
