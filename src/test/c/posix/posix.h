/* A small frame for cases that make system calls in a directory of a mount and look at what comes back. Each case runs in a
 * process of its own, in an empty directory of its own, so that it may leave anything behind and hang without stopping the rest. */
#ifndef POSIX_H
#define POSIX_H
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

void register_case(const char *name, void (*run)(void), int seconds);
void fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4), noreturn));
void skip(const char *reason) __attribute__((noreturn));
extern const char *target; /* "scoutfs", or another file system that the cases themselves are tried on */

#define CASE(name) CASE_SECONDS(name, 30)
#define CASE_SECONDS(name, seconds)                                                                                      \
    static void name(void);                                                                                              \
    __attribute__((constructor)) static void register_##name(void) { register_case(#name, name, seconds); }              \
    static void name(void)

/* The value of a call that must succeed. */
#define OK(call)                                                                                                         \
    ({                                                                                                                   \
        errno = 0;                                                                                                       \
        long ok_ = (long)(call);                                                                                         \
        if (ok_ < 0) fail(__FILE__, __LINE__, "%s: %s", #call, strerror(errno));                                         \
        ok_;                                                                                                             \
    })

/* A call that must fail with this errno. */
#define FAILS(expected, call)                                                                                            \
    do {                                                                                                                 \
        errno = 0;                                                                                                       \
        long result_ = (long)(call);                                                                                     \
        int errno_ = errno;                                                                                              \
        if (result_ != -1) fail(__FILE__, __LINE__, "%s: expected %s, succeeded with %ld", #call, #expected, result_);   \
        if (errno_ != (expected))                                                                                        \
            fail(__FILE__, __LINE__, "%s: expected %s, got %s", #call, #expected, strerror(errno_));                     \
    } while (0)

#define EQ(actual, expected)                                                                                             \
    do {                                                                                                                 \
        long long actual_ = (long long)(actual), expected_ = (long long)(expected);                                      \
        if (actual_ != expected_)                                                                                        \
            fail(__FILE__, __LINE__, "%s: expected %lld, got %lld", #actual, expected_, actual_);                        \
    } while (0)

#define TRUE(condition)                                                                                                  \
    do {                                                                                                                 \
        if (!(condition)) fail(__FILE__, __LINE__, "not so: %s", #condition);                                            \
    } while (0)

/* AS(uid, gid) { ... } runs the block in a child with these credentials and nothing more. */
#define AS(uid, gid) for (int as_ = become(uid, gid, __FILE__, __LINE__); as_; _exit(0))
int become(uid_t uid, gid_t gid, const char *file, int line);

/* CHILD(pid) { ... } runs the block in a child beside us; join(pid) waits for it and fails when it failed. */
#define CHILD(pid) for (pid_t child_ = pid = OK(fork()); child_ == 0; _exit(0))
void join(pid_t pid);

int make_file(const char *path, const char *text, mode_t mode); /* closed again; returns 0 */
struct stat stat_of(const char *path);
void pattern(char *into, size_t size, uint64_t seed);
char *repeat(char what, size_t count);
void expect_text(const char *path, const char *text);
#endif
