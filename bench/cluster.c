/* What bench/cluster lets programs do on the mounts of a cluster.
 *
 * usage: cluster own COUNT DIRECTORY...        each process creates COUNT files in its directory; prints creates a second, all together
 *        cluster shared COUNT DIRECTORY...     the same, and the directories are one, seen through several mounts
 *        cluster prepare COUNT DIRECTORY       COUNT files of 4 KiB
 *        cluster read COUNT DIRECTORY...       each process opens, reads and closes all of them; prints files a second, all together
 *        cluster turns COUNT FILE FILE         two processes, one file on two mounts: in turns, each reads the other's byte and writes its
 *                                              own; prints turns a second, and the median and the 99th percentile of a turn, in ms
 *        cluster takeover PID OWN THEIRS       kills the process, and prints ms until, after the kill, a create in the directory OWN came
 *                                              back, a create and fsync there did, and a create in THEIRS did
 */
#define _GNU_SOURCE
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

static char block[4096];

static void must(long result, const char *what, const char *name) {
    if (result >= 0) return;
    fprintf(stderr, "cluster: %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void create(const char *name, const char *content, int is_synced) {
    int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
    must(fd, "create", name);
    if (content) must(write(fd, content, sizeof block) == sizeof block ? 0 : -1, "write", name);
    if (is_synced) must(fsync(fd), "fsync", name);
    must(close(fd), "close", name);
}

static void created(long i, int client, long run) {
    char name[64];
    sprintf(name, "f%ld-%d-%07ld", run, client, i);
    create(name, NULL, 0);
}

static void looked_into(long i, int client, long run) {
    (void)client, (void)run;
    char name[64];
    sprintf(name, "r%07ld", i);
    int fd = open(name, O_RDONLY);
    must(fd, "open", name);
    must(read(fd, block, sizeof block) == sizeof block ? 0 : -1, "read", name);
    close(fd);
}

/* Begins when all are ready; the time is from the first begin to the last end. */
static void together(void step(long, int, long), long count, int clients, char **directories) {
    struct shared {
        volatile int ready, go;
        double begin[64], end[64];
    } *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    long run = getpid();
    for (int client = 0; client < clients; client++) {
        if (fork()) continue;
        must(chdir(directories[client]), "chdir", directories[client]);
        __sync_fetch_and_add(&shared->ready, 1);
        while (!shared->go) usleep(100);
        shared->begin[client] = now();
        for (long i = 0; i < count; i++) step(i, client, run);
        shared->end[client] = now();
        exit(0);
    }
    while (shared->ready < clients) {
        usleep(1000);
        if (waitpid(-1, NULL, WNOHANG) > 0) exit(1); /* one failed before it began */
    }
    usleep(20000);
    shared->go = 1;
    int failed = 0, status;
    while (wait(&status) > 0) failed |= status;
    if (failed) exit(1);
    double begin = shared->begin[0], end = shared->end[0];
    for (int client = 1; client < clients; client++) {
        if (shared->begin[client] < begin) begin = shared->begin[client];
        if (shared->end[client] > end) end = shared->end[client];
    }
    printf("%.1f\n", count * clients / (end - begin));
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The turn itself goes through pipes, which takes microseconds: what is measured is the file. Byte 0 is one's, byte 1 the other's. */
static void turns(long count, char **files) {
    int pipes[2][2];
    must(pipe(pipes[0]) | pipe(pipes[1]), "pipe", "");
    double *times = mmap(NULL, 2 * count * sizeof *times, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double begin = now();
    for (int me = 0; me < 2; me++) {
        if (fork()) continue;
        int fd = open(files[me], O_RDWR | O_CREAT, 0644), mine = me, other = !me;
        must(fd, "open", files[me]);
        char token = 0, byte;
        for (long i = 0; i < count; i++) {
            if (i > 0 || me == 1) must(read(pipes[mine][0], &token, 1) == 1 ? 0 : -1, "read", "pipe");
            double start = now();
            char expected = (char)(me ? i : i - 1), own = (char)i;
            if (i > 0 || me == 1) {
                must(pread(fd, &byte, 1, other) == 1 ? 0 : -1, "read", files[me]);
                if (byte != expected) fprintf(stderr, "cluster: turn %ld of %d found %d, not %d\n", i, me, byte, expected), exit(1);
            }
            must(pwrite(fd, &own, 1, mine) == 1 ? 0 : -1, "write", files[me]);
            times[2 * i + me] = now() - start;
            must(write(pipes[other][1], &token, 1), "write", "pipe");
        }
        exit(0);
    }
    int failed = 0, status;
    close(pipes[0][1]), close(pipes[1][1]);
    while (wait(&status) > 0) failed |= status;
    if (failed) exit(1);
    double all = now() - begin;
    long warm = count / 5, n = 2 * (count - warm);
    qsort(times + 2 * warm, n, sizeof *times, ascending);
    printf("%.1f %.2f %.2f\n", 2 * count / all, times[2 * warm + n / 2] * 1e3, times[2 * warm + n * 99 / 100] * 1e3);
}

static void takeover(pid_t victim, const char *own, const char *theirs) {
    const char *where[] = {own, own, theirs};
    double *times = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double begin = now();
    must(kill(victim, SIGKILL), "kill", "the server");
    for (int what = 0; what < 3; what++) {
        if (fork()) continue;
        char name[4096];
        snprintf(name, sizeof name, "%s/after-%d-%d", where[what], (int)victim, what);
        create(name, NULL, what == 1);
        times[what] = now() - begin;
        exit(0);
    }
    int failed = 0, status;
    while (wait(&status) > 0) failed |= status;
    if (failed) exit(1);
    printf("%.0f %.0f %.0f\n", times[0] * 1e3, times[1] * 1e3, times[2] * 1e3);
}

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "usage: at the head of bench/cluster.c\n"), 64;
    const char *what = argv[1];
    long count = atol(argv[2]);
    if (!strcmp(what, "own") || !strcmp(what, "shared")) {
        together(created, count, argc - 3, argv + 3);
    } else if (!strcmp(what, "prepare")) {
        must(chdir(argv[3]), "chdir", argv[3]);
        for (long i = 0; i < count; i++) {
            char name[64];
            sprintf(name, "r%07ld", i);
            create(name, block, 0);
        }
    } else if (!strcmp(what, "read")) {
        together(looked_into, count, argc - 3, argv + 3);
    } else if (!strcmp(what, "turns") && argc == 5) {
        turns(count, argv + 3);
    } else if (!strcmp(what, "takeover") && argc == 5) {
        takeover((pid_t)count, argv[3], argv[4]);
    } else {
        return fprintf(stderr, "cluster: no workload %s\n", what), 64;
    }
    return 0;
}
