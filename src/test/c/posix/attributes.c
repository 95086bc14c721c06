/* Modes, owners, times, what stat and statfs say. */
#include "posix.h"

static int later(struct timespec one, struct timespec other) {
    return one.tv_sec != other.tv_sec ? one.tv_sec > other.tv_sec : one.tv_nsec > other.tv_nsec;
}

static int same(struct timespec one, struct timespec other) {
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

CASE(chmod_changes_mode_and_ctime) {
    OK(make_file("f", "", 0644));
    struct stat before = stat_of("f");
    usleep(15000);
    OK(chmod("f", 07777));
    struct stat after = stat_of("f");
    EQ(after.st_mode, S_IFREG | 07777);
    TRUE(later(after.st_ctim, before.st_ctim));
    TRUE(same(after.st_mtim, before.st_mtim));
    OK(mkdir("d", 0700));
    OK(chmod("d", 01757));
    EQ(stat_of("d").st_mode, S_IFDIR | 01757);
    FAILS(ENOENT, chmod("nothing", 0644));
}

CASE(chmod_by_someone_outside_the_group_loses_setgid) {
    OK(make_file("f", "", 0644));
    OK(chown("f", 1001, 2000));
    AS(1001, 1001) {
        OK(chmod("f", 02755));
        EQ(stat_of("f").st_mode & 07777, 0755);
    }
}

CASE(chown_changes_owner_and_clears_set_id_bits) {
    OK(make_file("f", "", 0644));
    OK(chmod("f", 06755));
    OK(chown("f", 1001, 1002));
    struct stat st = stat_of("f");
    EQ(st.st_uid, 1001);
    EQ(st.st_gid, 1002);
    EQ(st.st_mode & 07777, 0755);
    OK(chown("f", -1, 7));
    EQ(stat_of("f").st_uid, 1001);
    EQ(stat_of("f").st_gid, 7);
    OK(chown("f", 4294967294u, 4294967294u));
    EQ(stat_of("f").st_uid, 4294967294u);
    OK(symlink("f", "s"));
    OK(lchown("s", 5, 6));
    EQ(stat_of("s").st_uid, 5);
    OK(mkdir("d", 0755));
    OK(chmod("d", 06755));
    OK(chown("d", 1, 1));
    EQ(stat_of("d").st_mode & 07777, 06755); /* directories keep them */
}

CASE(chown_by_the_owner_only_to_own_groups) {
    OK(make_file("f", "", 0644));
    OK(chown("f", 1001, 1001));
    AS(1001, 1001) {
        OK(chown("f", -1, 1001));
        FAILS(EPERM, chown("f", -1, 2000));
        FAILS(EPERM, chown("f", 1002, -1));
    }
}

CASE(write_by_another_clears_set_id_bits) {
    OK(make_file("f", "text", 0644));
    OK(chown("f", 1002, 1002));
    OK(chmod("f", 06777));
    AS(1001, 1001) {
        int fd = OK(open("f", O_WRONLY));
        EQ(write(fd, "x", 1), 1);
    }
    EQ(stat_of("f").st_mode & 07777, 0777);
    OK(chmod("f", 06777));
    AS(1001, 1001) OK(truncate("f", 2));
    EQ(stat_of("f").st_mode & 07777, 0777);
    OK(chmod("f", 06777));
    int fd = OK(open("f", O_WRONLY));
    EQ(write(fd, "r", 1), 1); /* root keeps them */
    EQ(stat_of("f").st_mode & 07777, 06777);
    /* Without the right to execute, the group bit means mandatory locking, and stays. */
    OK(chmod("f", 02666));
    AS(1001, 1001) {
        int other = OK(open("f", O_WRONLY));
        EQ(write(other, "x", 1), 1);
    }
    int mode = stat_of("f").st_mode & 07777;
    TRUE(mode == 02666 || mode == 0666);
}

CASE(times_to_the_nanosecond) {
    OK(make_file("f", "", 0644));
    struct timespec times[] = {{1234567890, 123456789}, {987654321, 999999999}};
    OK(utimensat(AT_FDCWD, "f", times, 0));
    struct stat st = stat_of("f");
    EQ(st.st_atim.tv_sec, 1234567890);
    EQ(st.st_atim.tv_nsec, 123456789);
    EQ(st.st_mtim.tv_sec, 987654321);
    EQ(st.st_mtim.tv_nsec, 999999999);
    struct timespec only[] = {{5, 6}, {0, UTIME_OMIT}};
    OK(utimensat(AT_FDCWD, "f", only, 0));
    EQ(stat_of("f").st_atim.tv_sec, 5);
    EQ(stat_of("f").st_mtim.tv_sec, 987654321);
    struct timespec now[] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    OK(utimensat(AT_FDCWD, "f", now, 0));
    TRUE(stat_of("f").st_mtim.tv_sec > 1700000000);
    EQ(stat_of("f").st_atim.tv_sec, 5);
    struct timespec old[] = {{-1, 999999999}, {-1000000000, 1}};
    OK(utimensat(AT_FDCWD, "f", old, 0));
    EQ(stat_of("f").st_atim.tv_sec, -1);
    EQ(stat_of("f").st_mtim.tv_sec, -1000000000);
    struct timespec far[] = {{4102444800, 1}, {8589934592, 2}}; /* 2100 and 2242 */
    OK(utimensat(AT_FDCWD, "f", far, 0));
    EQ(stat_of("f").st_atim.tv_sec, 4102444800);
    EQ(stat_of("f").st_mtim.tv_sec, 8589934592);
    OK(symlink("f", "s"));
    OK(utimensat(AT_FDCWD, "s", times, AT_SYMLINK_NOFOLLOW));
    EQ(stat_of("s").st_mtim.tv_sec, 987654321);
    FAILS(EINVAL, utimensat(AT_FDCWD, "f", (struct timespec[]){{0, 1000000000}, {0, 0}}, 0));
}

CASE(which_calls_move_which_times) {
    OK(make_file("f", "x", 0644));
    OK(mkdir("d", 0755));
    struct stat f = stat_of("f"), d = stat_of("d");
    usleep(15000);
    OK(make_file("d/new", "", 0644));
    TRUE(later(stat_of("d").st_mtim, d.st_mtim));
    TRUE(later(stat_of("d").st_ctim, d.st_ctim));
    int fd = OK(open("f", O_RDWR));
    EQ(write(fd, "y", 1), 1);
    struct stat after = stat_of("f");
    TRUE(later(after.st_mtim, f.st_mtim));
    TRUE(later(after.st_ctim, f.st_ctim));
    f = after;
    usleep(15000);
    OK(link("f", "g"));
    after = stat_of("f");
    TRUE(later(after.st_ctim, f.st_ctim));
    TRUE(same(after.st_mtim, f.st_mtim));
    f = after;
    usleep(15000);
    OK(unlink("g"));
    TRUE(later(stat_of("f").st_ctim, f.st_ctim));
    f = stat_of("f");
    usleep(15000);
    OK(ftruncate(fd, 100));
    TRUE(later(stat_of("f").st_mtim, f.st_mtim));
    f = stat_of("f");
    usleep(15000);
    OK(setxattr("f", "user.a", "b", 1, 0));
    TRUE(later(stat_of("f").st_ctim, f.st_ctim));
    TRUE(same(stat_of("f").st_mtim, f.st_mtim));
    f = stat_of("f");
    usleep(15000);
    struct stat again = stat_of("f"); /* looking changes nothing */
    TRUE(same(again.st_ctim, f.st_ctim));
    EQ(write(fd, "", 0), 0);
    TRUE(same(stat_of("f").st_mtim, f.st_mtim));
}

CASE(birth_time) {
    struct timespec before, after;
    clock_gettime(CLOCK_REALTIME, &before);
    OK(make_file("f", "", 0644));
    clock_gettime(CLOCK_REALTIME, &after);
    struct statx stx;
    OK(statx(AT_FDCWD, "f", 0, STATX_ALL, &stx));
    TRUE(stx.stx_mask & STATX_BTIME);
    TRUE(stx.stx_btime.tv_sec >= before.tv_sec - 1 && stx.stx_btime.tv_sec <= after.tv_sec);
    long long born = stx.stx_btime.tv_sec * 1000000000LL + stx.stx_btime.tv_nsec;
    OK(chmod("f", 0600));
    OK(utimensat(AT_FDCWD, "f", (struct timespec[]){{1, 1}, {1, 1}}, 0));
    OK(statx(AT_FDCWD, "f", 0, STATX_ALL, &stx));
    EQ(stx.stx_btime.tv_sec * 1000000000LL + stx.stx_btime.tv_nsec, born);
}

CASE(statfs_adds_up) {
    struct statvfs before, after;
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    OK(syncfs(fd));
    OK(statvfs(".", &before));
    EQ(before.f_namemax, 255);
    TRUE(before.f_blocks > 0);
    TRUE(before.f_bfree <= before.f_blocks);
    TRUE(before.f_bavail <= before.f_bfree);
    TRUE(before.f_bsize >= 512);
    int size = 16 << 20;
    EQ(write(fd, calloc(1, size), size), size);
    OK(syncfs(fd));
    OK(statvfs(".", &after));
    long long used = (long long)(before.f_bfree - after.f_bfree) * before.f_frsize;
    if (used < size - (1 << 20) || used > size + (24 << 20))
        fail(__FILE__, __LINE__, "16 MiB took %lld bytes of the free space", used);
    EQ(after.f_blocks, before.f_blocks);
}

CASE(block_counts) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    EQ(pwrite(fd, "x", 1, 0), 1);
    EQ(pwrite(fd, "x", 1, 1 << 20), 1);
    OK(fsync(fd));
    EQ(stat_of("f").st_blocks, 16);
    EQ(stat_of("f").st_size, (1 << 20) + 1);
    TRUE(stat_of("f").st_blksize >= 512);
}

CASE(inode_numbers_are_stable_and_differ) {
    OK(make_file("a", "", 0644));
    OK(make_file("b", "", 0644));
    ino_t a = stat_of("a").st_ino;
    TRUE(a != stat_of("b").st_ino);
    OK(rename("a", "c"));
    EQ(stat_of("c").st_ino, a);
    EQ(stat_of("c").st_dev, stat_of(".").st_dev);
}

CASE(access_checks) {
    OK(make_file("f", "", 0640));
    OK(access("f", R_OK | W_OK));
    FAILS(EACCES, access("f", X_OK));
    OK(faccessat(AT_FDCWD, "f", F_OK, 0));
    FAILS(ENOENT, access("g", F_OK));
    AS(1001, 1001) {
        FAILS(EACCES, access("f", R_OK));
        OK(access("f", F_OK));
    }
}

/* No file has a flag, and none can be set: said so, and not that nobody knows the question. */
static void expect_no_flags(int fd) {
    int flags = 0x7fffffff;
    OK(ioctl(fd, FS_IOC_GETFLAGS, &flags));
    EQ(flags, 0);
    struct fsxattr extended;
    memset(&extended, 0x55, sizeof extended);
    OK(ioctl(fd, FS_IOC_FSGETXATTR, &extended));
    EQ(extended.fsx_xflags, 0);
    EQ(extended.fsx_projid, 0);
    EQ(extended.fsx_extsize, 0);
    OK(ioctl(fd, FS_IOC_SETFLAGS, &flags));
    OK(ioctl(fd, FS_IOC_FSSETXATTR, &extended));
    flags = FS_IMMUTABLE_FL;
    FAILS(EOPNOTSUPP, ioctl(fd, FS_IOC_SETFLAGS, &flags));
    extended.fsx_xflags = FS_XFLAG_APPEND;
    FAILS(EOPNOTSUPP, ioctl(fd, FS_IOC_FSSETXATTR, &extended));
    flags = 1;
    OK(ioctl(fd, FS_IOC_GETFLAGS, &flags));
    EQ(flags, 0);
    FAILS(EFAULT, ioctl(fd, FS_IOC_GETFLAGS, (void *)16));
}

CASE(inode_flags_answer) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    FAILS(ENOTTY, ioctl(fd, _IO('z', 99), 0));
    if (strcmp(target, "scoutfs")) return; /* others have flags */
    expect_no_flags(fd);
    OK(mkdir("d", 0755));
    expect_no_flags(OK(open("d", O_RDONLY)));
    /* As a program would: nothing was locked by the refused flag. */
    EQ(write(fd, "x", 1), 1);
    OK(unlink("f"));
}
