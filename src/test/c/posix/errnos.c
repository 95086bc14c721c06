/* Error numbers that no other case has: one call each. src/test/resources/errnos.txt is the table. */
#include "posix.h"

CASE(errno_not_a_directory_in_the_path) {
    OK(make_file("f", "", 0644));
    struct stat st;
    struct statfs fs;
    char buffer[100];
    FAILS(ENOTDIR, access("f/x", F_OK));
    FAILS(ENOTDIR, chmod("f/x", 0644));
    FAILS(ENOTDIR, chown("f/x", 0, 0));
    FAILS(ENOTDIR, link("f/x", "y"));
    FAILS(ENOTDIR, link("f", "f/y"));
    FAILS(ENOTDIR, mkdir("f/x", 0755));
    FAILS(ENOTDIR, mknod("f/x", S_IFIFO | 0644, 0));
    FAILS(ENOTDIR, open("f/x", O_RDONLY));
    FAILS(ENOTDIR, readlink("f/x", buffer, sizeof buffer));
    FAILS(ENOTDIR, rename("f/x", "y"));
    FAILS(ENOTDIR, rename("f", "f/x/y"));
    FAILS(ENOTDIR, rmdir("f/x"));
    FAILS(ENOTDIR, stat("f/x", &st));
    FAILS(ENOTDIR, statfs("f/x", &fs));
    FAILS(ENOTDIR, symlink("t", "f/x"));
    FAILS(ENOTDIR, truncate("f/x", 0));
    FAILS(ENOTDIR, unlink("f/x"));
    FAILS(ENOTDIR, utimensat(AT_FDCWD, "f/x", NULL, 0));
    FAILS(ENOTDIR, setxattr("f/x", "user.a", "", 0, 0));
    FAILS(ENOTDIR, getxattr("f/x", "user.a", buffer, sizeof buffer));
    FAILS(ENOTDIR, listxattr("f/x", buffer, sizeof buffer));
    FAILS(ENOTDIR, removexattr("f/x", "user.a"));
}

CASE(errno_no_such_name) {
    struct stat st;
    struct statfs fs;
    struct statx stx;
    char buffer[100];
    FAILS(ENOENT, access("n", F_OK));
    FAILS(ENOENT, chmod("n", 0644));
    FAILS(ENOENT, chown("n", 0, 0));
    FAILS(ENOENT, link("n", "y"));
    FAILS(ENOENT, mkdir("n/x", 0755));
    FAILS(ENOENT, mknod("n/x", S_IFIFO | 0644, 0));
    FAILS(ENOENT, open("n", O_RDONLY));
    FAILS(ENOENT, open("n/x", O_CREAT | O_WRONLY, 0644));
    FAILS(ENOENT, readlink("n", buffer, sizeof buffer));
    FAILS(ENOENT, rename("n", "y"));
    FAILS(ENOENT, rmdir("n"));
    FAILS(ENOENT, stat("n", &st));
    FAILS(ENOENT, statx(AT_FDCWD, "n", 0, STATX_ALL, &stx));
    FAILS(ENOENT, statfs("n", &fs));
    FAILS(ENOENT, symlink("t", "n/x"));
    FAILS(ENOENT, truncate("n", 0));
    FAILS(ENOENT, unlink("n"));
    FAILS(ENOENT, utimensat(AT_FDCWD, "n", NULL, 0));
    FAILS(ENOENT, setxattr("n", "user.a", "", 0, 0));
    FAILS(ENOENT, getxattr("n", "user.a", buffer, sizeof buffer));
    FAILS(ENOENT, listxattr("n", buffer, sizeof buffer));
    FAILS(ENOENT, removexattr("n", "user.a"));
}

CASE(errno_no_search_permission) {
    OK(mkdir("locked", 0700));
    OK(make_file("locked/f", "", 0666));
    OK(make_file("f", "", 0666));
    OK(chmod(".", 0777));
    AS(1001, 1001) {
        struct stat st;
        struct statfs fs;
        char buffer[100];
        FAILS(EACCES, access("locked/f", F_OK));
        FAILS(EACCES, chmod("locked/f", 0644));
        FAILS(EACCES, chown("locked/f", 1001, 1001));
        FAILS(EACCES, link("f", "locked/g"));
        FAILS(EACCES, mkdir("locked/d", 0755));
        FAILS(EACCES, mknod("locked/p", S_IFIFO | 0644, 0));
        FAILS(EACCES, open("locked/f", O_RDONLY));
        FAILS(EACCES, open("locked/new", O_CREAT | O_WRONLY, 0644));
        FAILS(EACCES, open("locked", O_TMPFILE | O_WRONLY, 0644));
        FAILS(EACCES, readlink("locked/f", buffer, sizeof buffer));
        FAILS(EACCES, rename("locked/f", "g"));
        FAILS(EACCES, rename("f", "locked/f"));
        FAILS(EACCES, rmdir("locked/f"));
        FAILS(EACCES, stat("locked/f", &st));
        FAILS(EACCES, statfs("locked/f", &fs));
        FAILS(EACCES, symlink("t", "locked/s"));
        FAILS(EACCES, truncate("locked/f", 0));
        FAILS(EACCES, unlink("locked/f"));
        FAILS(EACCES, utimensat(AT_FDCWD, "locked/f", NULL, 0));
        FAILS(EACCES, setxattr("locked/f", "user.a", "", 0, 0));
        FAILS(EACCES, getxattr("locked/f", "user.a", buffer, sizeof buffer));
        FAILS(EACCES, listxattr("locked/f", buffer, sizeof buffer));
        FAILS(EACCES, removexattr("locked/f", "user.a"));
        FAILS(EACCES, open("locked", O_RDONLY | O_DIRECTORY));
    }
}

CASE(errno_names_too_long) {
    char *longer = repeat('n', 256), buffer[100];
    struct stat st;
    struct statfs fs;
    OK(make_file("f", "", 0644));
    FAILS(ENAMETOOLONG, access(longer, F_OK));
    FAILS(ENAMETOOLONG, chmod(longer, 0644));
    FAILS(ENAMETOOLONG, chown(longer, 0, 0));
    FAILS(ENAMETOOLONG, link(longer, "y"));
    FAILS(ENAMETOOLONG, mknod(longer, S_IFIFO | 0644, 0));
    FAILS(ENAMETOOLONG, readlink(longer, buffer, sizeof buffer));
    FAILS(ENAMETOOLONG, stat(longer, &st));
    FAILS(ENAMETOOLONG, statfs(longer, &fs));
    FAILS(ENAMETOOLONG, truncate(longer, 0));
    FAILS(ENAMETOOLONG, utimensat(AT_FDCWD, longer, NULL, 0));
    FAILS(ENAMETOOLONG, setxattr(longer, "user.a", "", 0, 0));
    FAILS(ENAMETOOLONG, renameat2(AT_FDCWD, "f", AT_FDCWD, longer, RENAME_NOREPLACE));
}

CASE(errno_already_there) {
    OK(make_file("f", "", 0644));
    OK(mkdir("d", 0755));
    FAILS(EEXIST, mkdir("f", 0755));
    FAILS(EEXIST, mkdir("d", 0755));
    FAILS(EEXIST, mknod("f", S_IFIFO | 0644, 0));
    FAILS(EEXIST, symlink("t", "f"));
    FAILS(EEXIST, symlink("t", "d"));
    FAILS(EEXIST, link("f", "d"));
    FAILS(EEXIST, open("d", O_CREAT | O_EXCL | O_WRONLY, 0644));
    FAILS(EISDIR, open("d", O_CREAT | O_WRONLY, 0644));
    FAILS(EEXIST, mkdir(".", 0755));
    FAILS(EEXIST, mkdir("d/..", 0755));
}

CASE(errno_wrong_arguments) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    char buffer[100];
    OK(mkdir("d", 0755));
    FAILS(EINVAL, readlink("f", buffer, sizeof buffer));
    FAILS(EINVAL, truncate("f", -5));
    FAILS(EINVAL, lseek(fd, -5, SEEK_SET));
    FAILS(EINVAL, lseek(fd, 0, 77));
    FAILS(EINVAL, pread(fd, buffer, 10, -1));
    FAILS(EINVAL, pwrite(fd, buffer, 10, -1));
    FAILS(EINVAL, flock(fd, 16));
    FAILS(EINVAL, setxattr("f", "user.a", "", 0, 77));
    FAILS(EINVAL, rename("d", "d/e"));
    FAILS(EINVAL, mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    FAILS(EINVAL, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 7) == MAP_FAILED ? -1 : 0);
    FAILS(EINVAL, syscall(SYS_fallocate, fd, 0, 0L, -1L));
    FAILS(EOPNOTSUPP, fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096));
    FAILS(EINVAL, copy_file_range(fd, NULL, fd, NULL, 10, 1));
    FAILS(EISDIR, copy_file_range(OK(open("d", O_RDONLY)), NULL, fd, NULL, 10, 0));
    FAILS(EINVAL, mknod("x", 0170000 | 0644, 0));
    FAILS(EPERM, mknod("x", S_IFDIR | 0755, 0));
    FAILS(EINVAL, unlinkat(AT_FDCWD, "f", 0x4000));
    FAILS(EINVAL, utimensat(AT_FDCWD, "f", NULL, 0x4000));
    FAILS(ENOTEMPTY, rename("d", "../errno_wrong_arguments"));
}

CASE(errno_wrong_descriptors) {
    OK(make_file("f", "", 0644));
    int reader = OK(open("f", O_RDONLY)), pipes[2];
    char buffer[100];
    struct stat st;
    struct statfs fs;
    OK(pipe(pipes));
    FAILS(EBADF, fstat(99, &st));
    FAILS(EBADF, fstatfs(99, &fs));
    FAILS(EBADF, ftruncate(99, 0));
    FAILS(EBADF, fchmod(99, 0));
    FAILS(EBADF, fchown(99, 0, 0));
    FAILS(EBADF, flock(99, LOCK_EX));
    FAILS(EBADF, fdatasync(99));
    FAILS(EBADF, syncfs(99));
    FAILS(EBADF, read(99, buffer, 1));
    FAILS(EBADF, write(99, buffer, 1));
    FAILS(EBADF, lseek(99, 0, SEEK_SET));
    FAILS(EBADF, fallocate(99, 0, 0, 10));
    FAILS(EBADF, close(99));
    FAILS(EBADF, openat(99, "f", O_RDONLY));
    FAILS(ENOTDIR, openat(reader, "f", O_RDONLY));
    FAILS(ESPIPE, lseek(pipes[0], 0, SEEK_SET));
    FAILS(ESPIPE, fallocate(pipes[1], 0, 0, 10));
    FAILS(EINVAL, fsync(pipes[0]));
    FAILS(EACCES, mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, reader, 0) == MAP_FAILED ? -1 : 0);
    FAILS(EBADF, mmap(NULL, 4096, PROT_READ, MAP_SHARED, 99, 0) == MAP_FAILED ? -1 : 0);
    int directory = OK(open(".", O_RDONLY));
    FAILS(ENODEV, mmap(NULL, 4096, PROT_READ, MAP_SHARED, directory, 0) == MAP_FAILED ? -1 : 0);
    FAILS(EINVAL, ftruncate(directory, 0));
    FAILS(EBADF, fallocate(directory, 0, 0, 10));
}

CASE(errno_bad_addresses) {
    OK(make_file("f", "0123456789", 0644));
    int fd = OK(open("f", O_RDWR));
    FAILS(EFAULT, syscall(SYS_open, 16L, O_RDONLY));
    FAILS(EFAULT, syscall(SYS_read, fd, 16L, 10L));
    FAILS(EFAULT, syscall(SYS_pwrite64, fd, 16L, 10L, 0L));
    FAILS(EFAULT, syscall(SYS_rename, 16L, 16L));
    FAILS(EFAULT, syscall(SYS_stat, "f", 16L));
    FAILS(EFAULT, syscall(SYS_getdents64, OK(open(".", O_RDONLY)), 16L, 1000L));
    FAILS(EFAULT, syscall(SYS_setxattr, "f", "user.a", 16L, 10L, 0L));
    expect_text("f", "0123456789");
}

CASE(errno_across_file_systems) {
    OK(make_file("f", "", 0644));
    FAILS(EXDEV, rename("f", "/dev/shm/scoutfs-test"));
    FAILS(EXDEV, link("f", "/dev/shm/scoutfs-test"));
    FAILS(EXDEV, rename("/proc/version", "x"));
}

CASE(errno_loops) {
    struct stat st;
    OK(symlink("loop", "loop"));
    FAILS(ELOOP, stat("loop", &st));
    FAILS(ELOOP, access("loop", F_OK));
    FAILS(ELOOP, chmod("loop", 0644));
    FAILS(ELOOP, chown("loop", 0, 0));
    FAILS(ELOOP, truncate("loop", 0));
    FAILS(ELOOP, mkdir("loop/x", 0755));
    FAILS(ELOOP, rename("loop/x", "y"));
    FAILS(ELOOP, unlink("loop/x"));
    FAILS(ELOOP, setxattr("loop", "user.a", "", 0, 0));
    FAILS(ELOOP, open("loop", O_RDONLY));
}

CASE(errno_in_use) {
    OK(mkdir("d", 0755));
    FAILS(EBUSY, rename("d/..", "x"));
    FAILS(EBUSY, unlinkat(AT_FDCWD, "/", AT_REMOVEDIR));
    FAILS(EINVAL, rmdir("d/."));
    FAILS(ENOTEMPTY, rmdir("d/.."));
}
