/* waiters CPU READS LOCKS: from one CPU, opens READS files named offline0... and reads each in a thread of its own; LOCKS more
 * threads wait for the flock of the file "lock". Prints "ready" when all threads run, and "done" when each read got its byte and
 * each lock was granted. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static void *read_one(void *name) {
    char byte;
    int fd = open(name, O_RDONLY);
    if (fd < 0 || pread(fd, &byte, 1, 0) != 1 || byte != 'x') return "read";
    close(fd);
    return NULL;
}

static void *lock_one(void *unused) {
    int fd = open("lock", O_RDWR);
    if (fd < 0 || flock(fd, LOCK_EX) < 0) return "lock";
    close(fd);
    return unused;
}

int main(int argc, char **argv) {
    if (argc != 4) return 64;
    int reads = atoi(argv[2]), locks = atoi(argv[3]), failed = 0;
    pthread_t *threads = calloc(reads + locks, sizeof *threads);
    pthread_attr_t small;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(atoi(argv[1]), &one);
    if (sched_setaffinity(0, sizeof one, &one) < 0) return perror("sched_setaffinity"), 1;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (int i = 0; i < reads + locks; i++) {
        char *name = malloc(32);
        snprintf(name, 32, "offline%d", i);
        int error = pthread_create(&threads[i], &small, i < reads ? read_one : lock_one, i < reads ? name : NULL);
        if (error) return fprintf(stderr, "pthread_create: %s\n", strerror(error)), 1;
    }
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < reads + locks; i++) {
        void *failure;
        pthread_join(threads[i], &failure);
        if (failure) failed++;
    }
    printf(failed ? "%d failed\n" : "done\n", failed);
    return failed != 0;
}
