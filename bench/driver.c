/* The one driver of the file system benchmarks: the same system calls on each file system.
 *
 * usage: driver WORKLOAD DIRECTORY COUNT CLIENTS
 *
 * Prints one number: operations per second over all clients, or MB/s for the streaming workloads. Each client is a process with a
 * directory of its own; they begin together, and the time is from the first begin to the last end. wake-same and wake-other are hand-overs
 * (there and back) a second, and say how awake the machine is.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static char bytes[1 << 20];

static void must(long result, const char *what, const char *name) {
    if (result >= 0) return;
    fprintf(stderr, "driver: %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void create(long i) {
    char name[32];
    sprintf(name, "f%07ld", i);
    int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
    must(fd, "create", name);
    close(fd);
}

static void create4k(long i) {
    char name[32];
    sprintf(name, "k%07ld", i);
    int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
    must(fd, "create", name);
    must(write(fd, bytes, 4096) == 4096 ? 0 : -1, "write", name);
    close(fd);
}

static void createfsync(long i) {
    char name[32];
    sprintf(name, "s%07ld", i);
    int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
    must(fd, "create", name);
    must(write(fd, bytes, 4096) == 4096 ? 0 : -1, "write", name);
    must(fsync(fd), "fsync", name);
    close(fd);
}

static void look(long i) {
    char name[32];
    struct stat st;
    sprintf(name, "f%07ld", i);
    must(stat(name, &st), "stat", name);
}

static void openread(long i) {
    char name[32], block[4096];
    sprintf(name, "k%07ld", i);
    int fd = open(name, O_RDONLY);
    must(fd, "open", name);
    must(read(fd, block, 4096) == 4096 ? 0 : -1, "read", name);
    close(fd);
}

static void renaming(long i) {
    char name[32], other[32];
    sprintf(name, "f%07ld", i);
    sprintf(other, "r%07ld", i);
    must(rename(name, other), "rename", name);
}

static void linking(long i) {
    char name[32], other[32];
    sprintf(name, "r%07ld", i);
    sprintf(other, "l%07ld", i);
    must(link(name, other), "link", name);
}

static void setting(long i) {
    char name[32];
    sprintf(name, "r%07ld", i);
    must(setxattr(name, "user.bench", "sixteen bytes....", 16, 0), "setxattr", name);
}

static void unlinking(long i) {
    char name[32];
    sprintf(name, "r%07ld", i);
    must(unlink(name), "unlink", name);
}

static void making(long i) {
    char name[32];
    sprintf(name, "d%07ld", i);
    must(mkdir(name, 0755), "mkdir", name);
}

static int stream = -1;
static long stream_count;

static void open_stream(int flags) {
    stream = open("stream", flags, 0644);
    must(stream, "open", "stream");
}

static void write_mib(long i) {
    if (i == 0) open_stream(O_CREAT | O_TRUNC | O_WRONLY);
    must(write(stream, bytes, sizeof bytes) == sizeof bytes ? 0 : -1, "write", "stream");
    if (i == stream_count - 1) must(fsync(stream), "fsync", "stream");
}

static void read_mib(long i) {
    if (i == 0) open_stream(O_RDONLY);
    must(read(stream, bytes, sizeof bytes) == sizeof bytes ? 0 : -1, "read", "stream");
}

static void write_4k(long i) {
    if (i == 0) {
        stream = open("stream4k", O_CREAT | O_TRUNC | O_WRONLY, 0644);
        must(stream, "open", "stream4k");
    }
    must(write(stream, bytes, 4096) == 4096 ? 0 : -1, "write", "stream4k");
}

static void read_random(long i) {
    static uint64_t state = 88172645463325252ULL;
    static off_t blocks;
    if (i == 0) {
        struct stat st;
        open_stream(O_RDONLY);
        must(fstat(stream, &st), "fstat", "stream");
        blocks = st.st_size / 4096;
        posix_fadvise(stream, 0, 0, POSIX_FADV_RANDOM);
    }
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    must(pread(stream, bytes, 4096, (off_t)(state % blocks) * 4096) == 4096 ? 0 : -1, "pread", "stream");
}

/* A tree for find: COUNT files in directories of a thousand. */
static void tree(long i) {
    char name[48];
    if (i % 1000 == 0) {
        sprintf(name, "t%05ld", i / 1000);
        must(mkdir(name, 0755), "mkdir", name);
    }
    sprintf(name, "t%05ld/f%07ld", i / 1000, i);
    int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
    must(fd, "create", name);
    close(fd);
}

/* How long a hand-over between two processes takes: a byte through a pipe and back, both on one CPU or each on its own. */
static int there[2], back[2];

static void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void wake(long i, int partner_cpu) {
    char byte = 0;
    if (i == 0) {
        must(pipe(there) | pipe(back), "pipe", "");
        pid_t parent = getpid();
        if (!fork()) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent) exit(0);
            pin(partner_cpu);
            while (read(there[0], &byte, 1) == 1) must(write(back[1], &byte, 1), "write", "pipe");
            exit(0);
        }
        pin(0);
    }
    must(write(there[1], &byte, 1), "write", "pipe");
    must(read(back[0], &byte, 1), "read", "pipe");
}

static void wake_same(long i) {
    wake(i, 0);
}

static void wake_other(long i) {
    wake(i, 1);
}

static const struct workload {
    const char *name;
    void (*step)(long);
    double unit; /* what one step counts */
} workloads[] = {
    {"create", create, 1},         {"create4k", create4k, 1},     {"createfsync", createfsync, 1}, {"stat", look, 1},
    {"openread", openread, 1},     {"rename", renaming, 1},       {"link", linking, 1},            {"setxattr", setting, 1},
    {"unlink", unlinking, 1},      {"mkdir", making, 1},          {"seqwrite", write_mib, 1.048576}, {"seqread", read_mib, 1.048576},
    {"write4k", write_4k, 0.004096}, {"randread", read_random, 1}, {"tree", tree, 1},
    {"wake-same", wake_same, 1},   {"wake-other", wake_other, 1},
};

int main(int argc, char **argv) {
    if (argc != 5) return fprintf(stderr, "usage: driver WORKLOAD DIRECTORY COUNT CLIENTS\n"), 64;
    const struct workload *chosen = NULL;
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        if (!strcmp(workloads[i].name, argv[1])) chosen = &workloads[i];
    if (!chosen) return fprintf(stderr, "driver: no workload %s\n", argv[1]), 64;
    long count = stream_count = atol(argv[3]);
    int clients = atoi(argv[4]);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 2654435761u >> 13);
    struct shared {
        volatile int ready, go;
        double begin[64], end[64];
    } *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int client = 0; client < clients; client++) {
        if (fork()) continue;
        char directory[4096];
        snprintf(directory, sizeof directory, "%s/c%d-%d", argv[2], clients, client);
        mkdir(directory, 0755);
        must(chdir(directory), "chdir", directory);
        __sync_fetch_and_add(&shared->ready, 1);
        while (!shared->go) usleep(100);
        shared->begin[client] = now();
        for (long i = 0; i < count; i++) chosen->step(i);
        shared->end[client] = now();
        exit(0);
    }
    while (shared->ready < clients) {
        usleep(1000);
        int status;
        if (waitpid(-1, &status, WNOHANG) > 0) return 1; /* one failed before it began */
    }
    usleep(20000);
    shared->go = 1;
    int failed = 0, status;
    while (wait(&status) > 0) failed |= status;
    if (failed) return 1;
    double begin = shared->begin[0], end = shared->end[0];
    for (int client = 1; client < clients; client++) {
        if (shared->begin[client] < begin) begin = shared->begin[client];
        if (shared->end[client] > end) end = shared->end[client];
    }
    printf("%.1f\n", count * clients * chosen->unit / (end - begin));
    return 0;
}
