/* Creates COUNT empty files under DIR, 10,000 in each directory, and after each STEP prints how it went: files so far, creates per
 * second, CPU time of the process PID per create, its resident memory. See bench/fill. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PER_DIRECTORY = 10000 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
    fprintf(stderr, "fill: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Seconds of user and system time, from the fields after the command's name, which may hold spaces. */
static double cpu(const char *pid) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *in = fopen(path, "r");
    if (!in || !fgets(line, sizeof line, in)) die(path);
    fclose(in);
    unsigned long user = 0, system = 0;
    char *at = strrchr(line, ')');
    if (!at || sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) die("stat");
    return (user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double residentMib(const char *pid) {
    char path[64], line[256];
    double kib = 0;
    snprintf(path, sizeof path, "/proc/%s/status", pid);
    FILE *in = fopen(path, "r");
    if (!in) die(path);
    while (fgets(line, sizeof line, in)) sscanf(line, "VmRSS: %lf", &kib);
    fclose(in);
    return kib / 1024;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: fill DIR COUNT STEP PID\n");
        return 64;
    }
    long count = atol(argv[2]), step = atol(argv[3]);
    const char *pid = argv[4];
    char name[4096];
    double begin = now(), start = begin, cpuBefore = cpu(pid);
    printf("%10s %10s %12s %8s %8s\n", "files", "creates/s", "cpu us/file", "RSS MiB", "seconds");
    for (long i = 0; i < count; i++) {
        if (i % PER_DIRECTORY == 0) {
            snprintf(name, sizeof name, "%s/d%06ld", argv[1], i / PER_DIRECTORY);
            if (mkdir(name, 0755)) die(name);
        }
        snprintf(name, sizeof name, "%s/d%06ld/f%08ld", argv[1], i / PER_DIRECTORY, i);
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
        if (fd < 0) die(name);
        close(fd);
        if ((i + 1) % step == 0) {
            double end = now(), used = cpu(pid);
            printf("%10ld %10.0f %12.1f %8.0f %8.1f\n", i + 1, step / (end - start), (used - cpuBefore) / step * 1e6,
                   residentMib(pid), end - begin);
            fflush(stdout);
            start = end;
            cpuBefore = used;
        }
    }
    return 0;
}
