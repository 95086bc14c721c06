/* usage: posix TARGET DIRECTORY [CASE...]; prints "ok NAME ms", "skip NAME reason" or "not ok NAME what" for each. */
#include "posix.h"
#include <stdarg.h>
#include <sys/prctl.h>
#include <grp.h>

struct test_case {
    const char *name;
    void (*run)(void);
    int seconds;
};

static struct test_case cases[1024];
static int case_count;
static int report = 1;
const char *target = "scoutfs";

void register_case(const char *name, void (*run)(void), int seconds) {
    cases[case_count++] = (struct test_case){name, run, seconds};
}

void fail(const char *file, int line, const char *format, ...) {
    char text[1500], what[1200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    const char *base = strrchr(file, '/');
    int size = snprintf(text, sizeof text, "%s:%d: %s", base ? base + 1 : file, line, what);
    if (write(report, text, size) != size) _exit(3);
    _exit(1);
}

void skip(const char *reason) {
    if (write(report, reason, strlen(reason)) < 0) _exit(3);
    _exit(2);
}

int become(uid_t uid, gid_t gid, const char *file, int line) {
    pid_t pid = OK(fork());
    if (pid == 0) {
        if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
            fail(file, line, "cannot become %d: %s", uid, strerror(errno));
        return 1;
    }
    join(pid);
    return 0;
}

void join(pid_t pid) {
    int status;
    OK(waitpid(pid, &status, 0));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    if (WIFEXITED(status)) _exit(WEXITSTATUS(status)); /* the child has said why */
    fail(__FILE__, __LINE__, "child died by signal %d", WTERMSIG(status));
}

int make_file(const char *path, const char *text, mode_t mode) {
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, mode);
    if (fd < 0) return -1;
    size_t size = strlen(text);
    if (write(fd, text, size) != (ssize_t)size) return -1;
    return close(fd);
}

struct stat stat_of(const char *path) {
    struct stat st;
    if (lstat(path, &st)) fail(__FILE__, __LINE__, "lstat(%s): %s", path, strerror(errno));
    return st;
}

void pattern(char *into, size_t size, uint64_t seed) {
    for (size_t i = 0; i < size; i++) {
        if (i % 8 == 0) seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        into[i] = (char)(seed >> (8 + 7 * (i % 8)));
    }
}

char *repeat(char what, size_t count) {
    char *text = malloc(count + 1);
    memset(text, what, count);
    text[count] = 0;
    return text;
}

void expect_text(const char *path, const char *text) {
    char got[4096];
    int fd = open(path, O_RDONLY);
    if (fd < 0) fail(__FILE__, __LINE__, "open(%s): %s", path, strerror(errno));
    ssize_t size = read(fd, got, sizeof got);
    if (size != (ssize_t)strlen(text) || memcmp(got, text, size))
        fail(__FILE__, __LINE__, "%s holds \"%.*s\", expected \"%s\"", path, (int)size, got, text);
    close(fd);
}

static int compare(const void *one, const void *other) {
    return strcmp(((const struct test_case *)one)->name, ((const struct test_case *)other)->name);
}

static int wanted(const char *name, int argc, char **argv) {
    if (argc <= 3) return 1;
    for (int i = 3; i < argc; i++)
        if (!strcmp(argv[i], name)) return 1;
    return 0;
}

static int run(struct test_case *one, const char *directory) {
    int pipes[2];
    struct timespec begin, end;
    if (pipe2(pipes, O_CLOEXEC)) return perror("pipe"), 1;
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        report = pipes[1];
        umask(0);
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", directory, one->name);
        if (mkdir(path, 0777) || chdir(path)) fail(__FILE__, __LINE__, "mkdir %s: %s", path, strerror(errno));
        one->run();
        _exit(0);
    }
    close(pipes[1]);
    int status = 0, late = 0;
    for (int waited = 0; waitpid(pid, &status, WNOHANG) == 0; waited++) {
        struct timespec ms = {0, waited < 200 ? 500000 : 5000000};
        nanosleep(&ms, NULL);
        clock_gettime(CLOCK_MONOTONIC, &end);
        if (end.tv_sec - begin.tv_sec > one->seconds) {
            late = 1;
            kill(-pid, SIGKILL);
            /* A process that hangs in the mount may not die; say so and go on. */
            for (int i = 0; i < 100 && waitpid(pid, &status, WNOHANG) == 0; i++) nanosleep(&ms, NULL);
            break;
        }
    }
    kill(-pid, SIGKILL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    long ms = (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000;
    char said[2000];
    ssize_t size = read(pipes[0], said, sizeof said - 1);
    said[size > 0 ? size : 0] = 0;
    for (char *c = said; *c; c++)
        if (*c == '\n') *c = ' ';
    close(pipes[0]);
    if (late) printf("not ok %s no end after %d s %s\n", one->name, one->seconds, said);
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) printf("ok %s %ld\n", one->name, ms);
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 2) printf("skip %s %s\n", one->name, said);
    else printf("not ok %s %s (status %x)\n", one->name, said, status);
    fflush(stdout);
    return late || !WIFEXITED(status) || WEXITSTATUS(status) == 1 || WEXITSTATUS(status) == 3;
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: posix TARGET DIRECTORY [CASE...]\n"), 64;
    target = argv[1];
    signal(SIGPIPE, SIG_IGN);
    qsort(cases, case_count, sizeof cases[0], compare);
    int failed = 0;
    for (int i = 0; i < case_count; i++)
        if (wanted(cases[i].name, argc, argv)) failed += run(&cases[i], argv[2]);
    return failed ? 1 : 0;
}
