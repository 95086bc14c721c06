/* Making, finding, linking, renaming and removing names. */
#include "posix.h"

CASE(create_gives_an_empty_file_with_its_mode) {
    int fd = OK(open("f", O_CREAT | O_EXCL | O_RDWR, 0640));
    struct stat st;
    OK(fstat(fd, &st));
    EQ(st.st_size, 0);
    EQ(st.st_mode, S_IFREG | 0640);
    EQ(st.st_nlink, 1);
    EQ(st.st_blocks, 0);
    EQ(st.st_uid, 0);
    EQ(stat_of("f").st_ino, st.st_ino);
}

CASE(create_obeys_umask) {
    umask(027);
    OK(close(OK(open("f", O_CREAT | O_EXCL | O_RDWR, 0777))));
    OK(mkdir("d", 0777));
    OK(mkfifo("p", 0666));
    EQ(stat_of("f").st_mode & 07777, 0750);
    EQ(stat_of("d").st_mode & 07777, 0750);
    EQ(stat_of("p").st_mode & 07777, 0640);
}

CASE(exclusive_create_of_an_existing_name) {
    OK(make_file("f", "x", 0644));
    FAILS(EEXIST, open("f", O_CREAT | O_EXCL | O_RDWR, 0644));
    OK(symlink("nowhere", "s"));
    FAILS(EEXIST, open("s", O_CREAT | O_EXCL | O_RDWR, 0644));
    OK(close(OK(open("s", O_CREAT | O_RDWR, 0644))));
    TRUE(S_ISREG(stat_of("nowhere").st_mode));
}

CASE(mkdir_counts_links_of_parent) {
    nlink_t before = stat_of(".").st_nlink;
    OK(mkdir("a", 0755));
    OK(mkdir("b", 0755));
    EQ(stat_of(".").st_nlink, before + 2);
    EQ(stat_of("a").st_nlink, 2);
    OK(mkdir("a/c", 0755));
    EQ(stat_of("a").st_nlink, 3);
    OK(rmdir("a/c"));
    OK(rmdir("a"));
    EQ(stat_of(".").st_nlink, before + 1);
    FAILS(EEXIST, mkdir("b", 0755));
}

CASE(rmdir_of_what_is_not_empty_or_not_a_directory) {
    OK(mkdir("d", 0755));
    OK(make_file("d/f", "", 0644));
    OK(make_file("f", "", 0644));
    FAILS(ENOTEMPTY, rmdir("d"));
    FAILS(ENOTDIR, rmdir("f"));
    FAILS(ENOENT, rmdir("nothing"));
    FAILS(EINVAL, rmdir("d/."));
    FAILS(EISDIR, unlink("d"));
    OK(unlink("d/f"));
    OK(rmdir("d"));
    FAILS(ENOENT, open("d", O_RDONLY));
}

CASE(removed_directory_that_is_open_takes_no_names) {
    OK(mkdir("d", 0755));
    int fd = OK(open("d", O_RDONLY | O_DIRECTORY));
    OK(rmdir("d"));
    FAILS(ENOENT, openat(fd, "f", O_CREAT | O_WRONLY, 0644));
    FAILS(ENOENT, mkdirat(fd, "e", 0755));
    struct stat st;
    OK(fstat(fd, &st));
    EQ(st.st_nlink, 0);
}

CASE(hard_links_are_one_inode) {
    OK(make_file("a", "text", 0644));
    OK(link("a", "b"));
    OK(mkdir("d", 0755));
    OK(link("b", "d/c"));
    EQ(stat_of("a").st_ino, stat_of("d/c").st_ino);
    EQ(stat_of("a").st_nlink, 3);
    OK(unlink("a"));
    expect_text("d/c", "text");
    EQ(stat_of("b").st_nlink, 2);
    FAILS(EEXIST, link("b", "d/c"));
    FAILS(EPERM, link("d", "d2"));
    FAILS(ENOENT, link("a", "e"));
}

CASE(link_of_a_symlink_links_the_symlink) {
    OK(symlink("t", "s"));
    OK(link("s", "s2"));
    TRUE(S_ISLNK(stat_of("s2").st_mode));
    EQ(stat_of("s").st_nlink, 2);
    OK(make_file("t", "x", 0644));
    OK(linkat(AT_FDCWD, "s", AT_FDCWD, "t2", AT_SYMLINK_FOLLOW));
    TRUE(S_ISREG(stat_of("t2").st_mode));
}

CASE(symlinks_of_all_lengths) {
    char got[PATH_MAX + 1];
    int lengths[] = {1, 2, 59, 60, 61, 255, 256, 1000, 4000, 4094, 4095};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char *text = repeat('a' + i, lengths[i]), name[20];
        snprintf(name, sizeof name, "s%zu", i);
        if (symlink(text, name)) {
            /* The kernel's reply buffer is one page with its NUL: 4095 is the most. */
            fail(__FILE__, __LINE__, "symlink of %d bytes: %s", lengths[i], strerror(errno));
        }
        EQ(OK(readlink(name, got, sizeof got)), lengths[i]);
        TRUE(!memcmp(got, text, lengths[i]));
        EQ(stat_of(name).st_size, lengths[i]);
        EQ(stat_of(name).st_mode, S_IFLNK | 0777);
        free(text);
    }
    FAILS(ENAMETOOLONG, symlink(repeat('x', 4096), "long"));
    FAILS(ENOENT, symlink("", "empty"));
    FAILS(EINVAL, readlink(".", got, sizeof got));
    EQ(OK(readlink("s3", got, 10)), 10);
}

CASE(symlinks_are_followed_and_loop) {
    OK(mkdir("d", 0755));
    OK(make_file("d/f", "inside", 0644));
    OK(symlink("d", "to_d"));
    expect_text("to_d/f", "inside");
    OK(symlink("loop", "loop"));
    FAILS(ELOOP, open("loop", O_RDONLY));
    FAILS(ELOOP, open("to_d", O_RDONLY | O_NOFOLLOW));
    char name[20], next[20];
    for (int i = 0; i < 45; i++) {
        snprintf(name, sizeof name, "c%d", i);
        snprintf(next, sizeof next, "c%d", i + 1);
        OK(symlink(next, name));
    }
    FAILS(ELOOP, open("c0", O_RDONLY));
}

CASE(special_files_keep_type_and_device) {
    OK(mknod("c", S_IFCHR | 0600, makedev(1, 3)));
    OK(mknod("b", S_IFBLK | 0600, makedev(259, 1048575)));
    OK(mkfifo("p", 0644));
    OK(mknod("s", S_IFSOCK | 0644, 0));
    OK(mknod("r", S_IFREG | 0644, 0));
    EQ(stat_of("c").st_mode, S_IFCHR | 0600);
    EQ(stat_of("c").st_rdev, makedev(1, 3));
    EQ(stat_of("b").st_rdev, makedev(259, 1048575));
    TRUE(S_ISFIFO(stat_of("p").st_mode));
    TRUE(S_ISSOCK(stat_of("s").st_mode));
    TRUE(S_ISREG(stat_of("r").st_mode));
    int fd = open("c", O_WRONLY);
    if (fd >= 0) EQ(write(fd, "x", 1), 1);
    else EQ(errno, EACCES); /* mounted nodev */
    FAILS(ENXIO, open("s", O_RDONLY));
    FAILS(ENXIO, open("p", O_WRONLY | O_NONBLOCK));
}

CASE(fifo_carries_bytes) {
    OK(mkfifo("p", 0600));
    pid_t pid;
    CHILD(pid) {
        int fd = OK(open("p", O_WRONLY));
        EQ(write(fd, "through", 7), 7);
    }
    char got[8] = "";
    int fd = OK(open("p", O_RDONLY));
    EQ(read(fd, got, 7), 7);
    TRUE(!strcmp(got, "through"));
    join(pid);
}

CASE(sockets_bind_and_connect) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "sock"};
    int server = OK(socket(AF_UNIX, SOCK_STREAM, 0));
    OK(bind(server, (struct sockaddr *)&address, sizeof address));
    OK(listen(server, 1));
    int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));
    OK(connect(client, (struct sockaddr *)&address, sizeof address));
    TRUE(S_ISSOCK(stat_of("sock").st_mode));
    FAILS(EADDRINUSE, bind(OK(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&address, sizeof address));
}

CASE(rename_moves_and_replaces) {
    OK(make_file("a", "A", 0644));
    OK(make_file("b", "B", 0644));
    ino_t ino = stat_of("a").st_ino;
    int open_b = OK(open("b", O_RDONLY));
    OK(rename("a", "b"));
    EQ(stat_of("b").st_ino, ino);
    FAILS(ENOENT, open("a", O_RDONLY));
    char got;
    EQ(read(open_b, &got, 1), 1);
    EQ(got, 'B');
    struct stat st;
    OK(fstat(open_b, &st));
    EQ(st.st_nlink, 0);
    OK(mkdir("d", 0755));
    OK(rename("b", "d/b"));
    expect_text("d/b", "A");
    OK(rename("d/b", "d/b"));
    expect_text("d/b", "A");
}

CASE(rename_of_two_links_of_one_inode_does_nothing) {
    OK(make_file("a", "x", 0644));
    OK(link("a", "b"));
    OK(rename("a", "b"));
    EQ(stat_of("a").st_nlink, 2);
    EQ(stat_of("b").st_nlink, 2);
}

CASE(rename_of_directories) {
    OK(mkdir("a", 0755));
    OK(mkdir("a/sub", 0755));
    OK(mkdir("b", 0755));
    OK(make_file("a/f", "x", 0644));
    nlink_t links = stat_of(".").st_nlink;
    OK(rename("a", "b/a"));
    EQ(stat_of(".").st_nlink, links - 1);
    EQ(stat_of("b").st_nlink, 3);
    expect_text("b/a/f", "x");
    EQ(stat_of("b/a/..").st_ino, stat_of("b").st_ino);
    OK(mkdir("empty", 0755));
    OK(rename("b", "empty")); /* an empty directory is replaced */
    EQ(stat_of("empty").st_nlink, 3);
    FAILS(ENOENT, open("b", O_RDONLY));
    OK(mkdir("c", 0755));
    FAILS(ENOTEMPTY, rename("c", "empty"));
    FAILS(EINVAL, rename("empty", "empty/a/in_itself"));
    FAILS(EINVAL, rename("empty", "empty/x"));
    OK(make_file("f", "", 0644));
    FAILS(EISDIR, rename("f", "c"));
    FAILS(ENOTDIR, rename("c", "f"));
    FAILS(ENOENT, rename("nothing", "x"));
    FAILS(EBUSY, rename(".", "x"));
}

CASE(rename_without_replacing) {
    OK(make_file("a", "A", 0644));
    OK(make_file("b", "B", 0644));
    FAILS(EEXIST, renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE));
    OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE));
    expect_text("c", "A");
    expect_text("b", "B");
    FAILS(EINVAL, renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_NOREPLACE | RENAME_EXCHANGE));
    FAILS(EINVAL, renameat2(AT_FDCWD, "b", AT_FDCWD, "c", 64));
}

CASE(rename_exchange) {
    OK(make_file("a", "A", 0644));
    OK(mkdir("d", 0755));
    OK(mkdir("d/e", 0755));
    OK(make_file("d/e/f", "F", 0644));
    nlink_t here = stat_of(".").st_nlink;
    OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "d/e", RENAME_EXCHANGE));
    expect_text("d/e", "A");
    expect_text("a/f", "F");
    EQ(stat_of(".").st_nlink, here + 1);
    EQ(stat_of("d").st_nlink, 2);
    EQ(stat_of("a/..").st_ino, stat_of(".").st_ino);
    FAILS(ENOENT, renameat2(AT_FDCWD, "a", AT_FDCWD, "nothing", RENAME_EXCHANGE));
    FAILS(EINVAL, renameat2(AT_FDCWD, "d", AT_FDCWD, "d/e", RENAME_EXCHANGE));
}

CASE(rename_changes_ctime_not_mtime) {
    OK(make_file("a", "A", 0644));
    struct stat before = stat_of("a");
    usleep(15000);
    OK(rename("a", "b"));
    struct stat after = stat_of("b"), directory = stat_of(".");
    EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    TRUE(after.st_ctim.tv_sec > before.st_ctim.tv_sec || after.st_ctim.tv_nsec != before.st_ctim.tv_nsec);
    TRUE(directory.st_mtim.tv_sec > before.st_ctim.tv_sec || directory.st_mtim.tv_nsec > before.st_ctim.tv_nsec);
}

CASE(unlinked_but_open_lives_on) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    EQ(write(fd, "still here", 10), 10);
    OK(unlink("f"));
    FAILS(ENOENT, open("f", O_RDONLY));
    char got[11] = "";
    EQ(pread(fd, got, 10, 0), 10);
    TRUE(!strcmp(got, "still here"));
    struct stat st;
    OK(fstat(fd, &st));
    EQ(st.st_nlink, 0);
    EQ(pwrite(fd, "more", 4, 100000), 4);
    OK(ftruncate(fd, 5));
    OK(fchmod(fd, 0600));
    OK(fsetxattr(fd, "user.x", "y", 1, 0));
    OK(fsync(fd));
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = OK(open(path, O_RDWR));
    EQ(read(again, got, 10), 5);
    FAILS(ENOENT, linkat(AT_FDCWD, path, AT_FDCWD, "back", AT_SYMLINK_FOLLOW));
}

CASE(tmpfile_is_nameless_and_can_be_linked) {
    int fd = OK(open(".", O_TMPFILE | O_RDWR, 0640));
    struct stat st;
    OK(fstat(fd, &st));
    EQ(st.st_nlink, 0);
    EQ(st.st_mode, S_IFREG | 0640);
    EQ(write(fd, "tmp", 3), 3);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    OK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    expect_text("named", "tmp");
    EQ(stat_of("named").st_nlink, 1);
    int exclusive = OK(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600));
    snprintf(path, sizeof path, "/proc/self/fd/%d", exclusive);
    FAILS(ENOENT, linkat(AT_FDCWD, path, AT_FDCWD, "named2", AT_SYMLINK_FOLLOW));
    FAILS(EINVAL, open(".", O_TMPFILE | O_RDONLY, 0600));
    int empty = 0;
    DIR *directory = opendir(".");
    while (readdir(directory)) empty++;
    EQ(empty, 3);
}

CASE(tmpfile_obeys_umask) {
    umask(022);
    struct stat st;
    OK(fstat(OK(open(".", O_TMPFILE | O_RDWR, 0777)), &st));
    EQ(st.st_mode & 07777, 0755);
}

CASE(names_of_any_bytes_and_255_of_them) {
    char name[256];
    for (int length = 1; length <= 255; length += length < 8 ? 1 : 31) {
        for (int i = 0; i < length; i++) name[i] = (char)(length * 7 + i * 13 + 1);
        for (int i = 0; i < length; i++)
            if (name[i] == '/' || name[i] == 0) name[i] = 'x';
        name[length] = 0;
        if (!strcmp(name, ".") || !strcmp(name, "..")) name[0] = 'y';
        OK(make_file(name, "n", 0644));
        EQ(stat_of(name).st_size, 1);
    }
    memset(name, 'L', 255);
    name[255] = 0;
    OK(mkdir(name, 0755));
    OK(rmdir(name));
    char *longer = repeat('L', 256);
    FAILS(ENAMETOOLONG, open(longer, O_CREAT | O_WRONLY, 0644));
    FAILS(ENAMETOOLONG, open(longer, O_RDONLY));
    FAILS(ENAMETOOLONG, mkdir(longer, 0755));
    FAILS(ENAMETOOLONG, symlink("t", longer));
    FAILS(ENAMETOOLONG, unlink(longer));
    FAILS(ENAMETOOLONG, rmdir(longer));
    OK(make_file("f", "", 0644));
    FAILS(ENAMETOOLONG, link("f", longer));
    FAILS(ENAMETOOLONG, rename("f", longer));
    FAILS(ENAMETOOLONG, rename(longer, "g"));
    FAILS(ENAMETOOLONG, mkfifo(longer, 0644));
    FAILS(ENOENT, open("", O_RDONLY));
    FAILS(ENAMETOOLONG, open(repeat('/', PATH_MAX), O_RDONLY));
}

CASE(names_differ_by_one_byte_or_case) {
    OK(make_file("abc", "1", 0644));
    OK(make_file("abC", "2", 0644));
    OK(make_file("ab", "3", 0644));
    OK(make_file("abc ", "4", 0644));
    OK(make_file("\xff\xfe", "5", 0644));
    OK(make_file("\xc3\xa9", "6", 0644));
    OK(make_file("e\xcc\x81", "7", 0644));
    expect_text("abc", "1");
    expect_text("abC", "2");
    expect_text("abc ", "4");
    expect_text("\xff\xfe", "5");
    expect_text("\xc3\xa9", "6");
}

CASE(deep_trees) {
    for (int i = 0; i < 500; i++) {
        OK(mkdir("deep", 0755));
        OK(chdir("deep"));
    }
    OK(make_file("bottom", "b", 0644));
    for (int i = 0; i < 500; i++) OK(chdir(".."));
    char path[PATH_MAX] = "deep";
    for (int i = 1; i < 500; i++) strcat(path, "/deep");
    strcat(path, "/bottom");
    expect_text(path, "b");
}

CASE(sticky_directory_protects_names) {
    OK(mkdir("sticky", 01777));
    OK(chmod("sticky", 01777));
    AS(1001, 1001) OK(make_file("sticky/mine", "1001", 0666));
    OK(make_file("sticky/roots", "0", 0666));
    AS(1002, 1002) {
        FAILS(EPERM, unlink("sticky/mine"));
        FAILS(EPERM, rename("sticky/mine", "sticky/taken"));
        OK(make_file("sticky/other", "", 0666));
        FAILS(EPERM, rename("sticky/other", "sticky/mine"));
    }
    AS(1001, 1001) {
        OK(rename("sticky/mine", "sticky/renamed"));
        OK(unlink("sticky/renamed"));
    }
}

CASE(setgid_directory_gives_its_group) {
    OK(mkdir("d", 0777));
    OK(chown("d", 0, 2000));
    OK(chmod("d", 02777));
    AS(1001, 1001) {
        OK(make_file("d/f", "", 0644));
        OK(mkdir("d/sub", 0755));
        EQ(stat_of("d/f").st_gid, 2000);
        EQ(stat_of("d/f").st_uid, 1001);
        EQ(stat_of("d/sub").st_gid, 2000);
        TRUE(stat_of("d/sub").st_mode & S_ISGID);
        /* Someone outside the group cannot make a set-group-id program of that group. */
        int fd = OK(open("d/g", O_CREAT | O_WRONLY, 02755));
        struct stat st;
        OK(fstat(fd, &st));
        EQ(st.st_mode & S_ISGID, 0);
    }
}

CASE(permissions_are_enforced) {
    OK(make_file("secret", "x", 0600));
    OK(mkdir("locked", 0700));
    OK(make_file("locked/f", "x", 0666));
    OK(mkdir("readonly", 0755));
    OK(make_file("readonly/f", "x", 0666));
    OK(mkdir("searchonly", 0711));
    OK(make_file("searchonly/f", "x", 0644));
    AS(1001, 1001) {
        FAILS(EACCES, open("secret", O_RDONLY));
        FAILS(EACCES, open("locked/f", O_RDONLY));
        FAILS(EACCES, make_file("readonly/new", "", 0644));
        FAILS(EACCES, unlink("readonly/f"));
        FAILS(EACCES, rename("readonly/f", "readonly/g"));
        FAILS(EACCES, mkdir("readonly/d", 0755));
        FAILS(EACCES, open("searchonly", O_RDONLY));
        expect_text("searchonly/f", "x");
        FAILS(EACCES, truncate("secret", 0));
        FAILS(EPERM, chmod("secret", 0777));
        FAILS(EPERM, chown("secret", 1001, 1001));
        FAILS(EPERM, utimensat(AT_FDCWD, "secret", (struct timespec[]){{1, 0}, {1, 0}}, 0));
        FAILS(EACCES, utimensat(AT_FDCWD, "secret", NULL, 0));
        FAILS(EPERM, mknod("dev", S_IFCHR | 0600, makedev(1, 3)));
        FAILS(EACCES, access("secret", R_OK));
    }
    OK(chmod("secret", 0644));
    AS(1001, 1001) expect_text("secret", "x");
}

/* Four clients make and remove the same names: of each round exactly one mkdir and one rmdir succeeds. */
CASE(exclusive_operations_have_one_winner) {
    int results[2];
    OK(pipe(results));
    pid_t pids[4];
    for (int client = 0; client < 4; client++) {
        CHILD(pids[client]) {
            char name[20], mark;
            for (int round = 0; round < 200; round++) {
                snprintf(name, sizeof name, "r%d", round);
                if (mkdir(name, 0755) == 0) {
                    mark = 'd';
                    EQ(write(results[1], &mark, 1), 1);
                } else EQ(errno, EEXIST);
                snprintf(name, sizeof name, "f%d", round);
                if (open(name, O_CREAT | O_EXCL | O_WRONLY, 0644) >= 0) {
                    mark = 'f';
                    EQ(write(results[1], &mark, 1), 1);
                } else EQ(errno, EEXIST);
            }
        }
    }
    for (int client = 0; client < 4; client++) join(pids[client]);
    close(results[1]);
    int directories = 0, files = 0;
    char mark;
    while (read(results[0], &mark, 1) == 1) mark == 'd' ? directories++ : files++;
    EQ(directories, 200);
    EQ(files, 200);
}

/* A name that is replaced by rename all the time is there all the time. */
CASE(rename_is_atomic_for_lookers) {
    OK(make_file("name", "0", 0644));
    pid_t looker;
    CHILD(looker) {
        for (int i = 0; i < 5000; i++) {
            struct stat st;
            OK(stat("name", &st));
            EQ(st.st_size, 1);
        }
    }
    pid_t renamer;
    CHILD(renamer) {
        for (int i = 0; i < 1000; i++) {
            OK(make_file("new", "1", 0644));
            OK(rename("new", "name"));
        }
    }
    join(looker);
    join(renamer);
}
