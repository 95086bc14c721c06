/* Makes the system calls that it reads from standard input, one a line, and answers each with its errno, 0 where it succeeded. Words
 * are separated by spaces; bytes are hexadecimal digits after a dot. It is the model's counterpart on a real mount: paths are
 * relative to the directory that it is started in. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static char hex[1 << 20];
static char bytes[1 << 19];

static size_t decode(void) {
    size_t size = 0;
    for (const char *digits = hex + 1; digits[0] && digits[1]; digits += 2) {
        char pair[3] = {digits[0], digits[1], 0};
        bytes[size++] = (char)strtoul(pair, NULL, 16);
    }
    return size;
}

/* Opens what a write goes to. A fifo could be opened and would keep the bytes: the model has EINVAL there. */
static int open_file(const char *path, int flags) {
    int fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && !(flags & O_NOCTTY)) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

static int closing(int fd, int result) {
    int saved = errno;
    if (close(fd) != 0 && result == 0) return -1;
    errno = saved;
    return result;
}

static int all_of(ssize_t done, size_t size) {
    if (done >= 0 && (size_t)done != size) errno = ENODATA; /* a short write: no errno that the model knows */
    return done == (ssize_t)size ? 0 : -1;
}

static int create(const char *path, size_t size) {
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0644);
    return fd < 0 ? -1 : closing(fd, size == 0 ? 0 : all_of(write(fd, bytes, size), size));
}

static int write_at(const char *path, off_t offset, size_t size) {
    int fd = open_file(path, O_RDWR);
    return fd < 0 ? -1 : closing(fd, all_of(pwrite(fd, bytes, size, offset), size));
}

static int append(const char *path, size_t size) {
    int fd = open_file(path, O_RDWR | O_APPEND);
    return fd < 0 ? -1 : closing(fd, all_of(write(fd, bytes, size), size));
}

static int allocate(const char *path, off_t offset, off_t length, int mode) {
    int fd = open_file(path, O_RDWR | O_NOCTTY);
    return fd < 0 ? -1 : closing(fd, fallocate(fd, mode, offset, length));
}

int main(void) {
    static char op[32], one[1024], two[1024];
    unsigned long long a, b, c;
    umask(0);
    while (scanf("%31s %1023s %1023s %llu %llu %llu %1048575s", op, one, two, &a, &b, &c, hex) == 7) {
        size_t size = decode();
        int result;
        errno = 0;
        if (!strcmp(op, "create")) result = create(one, size);
        else if (!strcmp(op, "mkdir")) result = mkdir(one, 0755);
        else if (!strcmp(op, "fifo")) result = mkfifo(one, 0644);
        else if (!strcmp(op, "symlink")) result = symlink(two, one);
        else if (!strcmp(op, "link")) result = link(one, two);
        else if (!strcmp(op, "unlink")) result = unlink(one);
        else if (!strcmp(op, "rmdir")) result = rmdir(one);
        else if (!strcmp(op, "rename")) result = renameat2(AT_FDCWD, one, AT_FDCWD, two, (unsigned)a);
        else if (!strcmp(op, "write")) result = write_at(one, (off_t)a, size);
        else if (!strcmp(op, "append")) result = append(one, size);
        else if (!strcmp(op, "truncate")) result = truncate(one, (off_t)a);
        else if (!strcmp(op, "fallocate")) result = allocate(one, (off_t)a, (off_t)b, (int)c);
        else if (!strcmp(op, "chmod")) result = fchmodat(AT_FDCWD, one, (mode_t)a, AT_SYMLINK_NOFOLLOW);
        else if (!strcmp(op, "setxattr")) result = lsetxattr(one, two, bytes, size, 0);
        else if (!strcmp(op, "removexattr")) result = lremovexattr(one, two);
        else return 2;
        printf("%d\n", result == 0 ? 0 : errno);
        fflush(stdout);
    }
    return 0;
}
