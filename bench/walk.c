/* Asks a scoutfs mount for the inodes whose contents changed since a sequence number, as an archive manager does: by ioctl.
 *
 * usage: walk PATH FIRST TIMES
 *
 * Prints how many there are, and the milliseconds of the first walk and of the median one.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

struct entry {
    uint64_t major, ino;
    uint32_t minor, padding;
};

struct walk {
    struct entry first, last;
    uint64_t entries;
    uint32_t entry_count;
    uint8_t index, padding[11];
};

#define WALK_INODES _IOW(0xE8, 1, struct walk)
#define DATA_SEQ 1
#define ROOM 4096

static struct entry entries[ROOM];

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static long walk(int fd, uint64_t from) {
    struct entry next = {.major = from};
    long total = 0;
    for (;;) {
        struct walk request = {.first = next, .last = {-1, -1, -1, 0}, .entries = (uintptr_t)entries, .entry_count = ROOM, .index = DATA_SEQ};
        int count = ioctl(fd, WALK_INODES, &request);
        if (count < 0) perror("walk: ioctl"), exit(1);
        if (count == 0) return total;
        total += count;
        next = entries[count - 1];
        next.ino++;
    }
}

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: walk PATH FIRST TIMES\n"), 64;
    _Static_assert(sizeof(struct walk) == 72, "the layout that the ioctl has");
    int fd = open(argv[1], O_RDONLY), times = atoi(argv[3]);
    if (fd < 0 || times < 1) return perror(argv[1]), 1;
    double *millis = calloc(times, sizeof *millis), first;
    long found = 0;
    for (int i = 0; i < times; i++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        found = walk(fd, strtoull(argv[2], NULL, 0));
        clock_gettime(CLOCK_MONOTONIC, &end);
        millis[i] = (end.tv_sec - begin.tv_sec) * 1e3 + (end.tv_nsec - begin.tv_nsec) / 1e6;
    }
    first = millis[0];
    qsort(millis, times, sizeof *millis, by_size);
    printf("%ld %.3f %.3f\n", found, first, millis[times / 2]);
    return 0;
}
