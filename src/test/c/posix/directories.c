/* Listing directories, also while they change, and file handles. */
#include "posix.h"

static int count_entries(const char *path) {
    DIR *directory = opendir(path);
    if (!directory) fail(__FILE__, __LINE__, "opendir %s: %s", path, strerror(errno));
    int count = 0;
    while (readdir(directory)) count++;
    closedir(directory);
    return count;
}

CASE(listing_has_dots_types_and_numbers) {
    OK(make_file("f", "", 0644));
    OK(mkdir("d", 0755));
    OK(symlink("f", "s"));
    OK(mkfifo("p", 0644));
    OK(mknod("c", S_IFCHR | 0600, makedev(1, 3)));
    DIR *directory = opendir(".");
    int seen = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat st = stat_of(entry->d_name);
        if (strcmp(entry->d_name, "..")) EQ(entry->d_ino, st.st_ino);
        if (entry->d_type != DT_UNKNOWN) EQ(DTTOIF(entry->d_type), st.st_mode & S_IFMT);
        else fail(__FILE__, __LINE__, "no type for %s", entry->d_name);
        seen++;
    }
    EQ(seen, 7);
    EQ(count_entries("d"), 2);
}

CASE(listing_sees_what_is_new_after_rewind) {
    DIR *directory = opendir(".");
    int before = 0, after = 0;
    while (readdir(directory)) before++;
    OK(make_file("new", "", 0644));
    rewinddir(directory);
    while (readdir(directory)) after++;
    EQ(after, before + 1);
}

CASE_SECONDS(seekdir_returns_to_the_same_entries, 60) {
    char name[30];
    enum { COUNT = 3000 };
    OK(mkdir("d", 0755));
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "d/entry-%d", i);
        OK(make_file(name, "", 0644));
    }
    static char names[COUNT + 2][30];
    static long positions[COUNT + 2];
    DIR *directory = opendir("d");
    int count = 0;
    for (;;) {
        long position = telldir(directory);
        struct dirent *entry = readdir(directory);
        if (!entry) break;
        TRUE(count < COUNT + 2);
        positions[count] = position;
        snprintf(names[count], 30, "%s", entry->d_name);
        count++;
    }
    EQ(count, COUNT + 2);
    for (int i = 0; i < 300; i++) {
        int at = (i * 7919) % count;
        seekdir(directory, positions[at]);
        struct dirent *entry = readdir(directory);
        TRUE(entry && !strcmp(entry->d_name, names[at]));
    }
    /* Removing what was before a position does not move it. */
    for (int i = 0; i < 1000; i++) {
        if (names[i][0] == '.') continue;
        snprintf(name, sizeof name, "d/%.25s", names[i]);
        OK(unlink(name));
    }
    for (int at = 1000; at < count; at += 37) {
        seekdir(directory, positions[at]);
        struct dirent *entry = readdir(directory);
        TRUE(entry && !strcmp(entry->d_name, names[at]));
    }
}

/* While others add and remove names, each listing has every name that was there all along, and none twice. */
CASE_SECONDS(listing_while_others_change_the_directory, 90) {
    enum { STAYING = 2000, ROUNDS = 8 };
    char name[40];
    OK(mkdir("d", 0755));
    for (int i = 0; i < STAYING; i++) {
        snprintf(name, sizeof name, "d/stay-%d", i);
        OK(make_file(name, "", 0644));
        if (i % 2) continue;
        snprintf(name, sizeof name, "d/go-%d", i);
        OK(make_file(name, "", 0644));
    }
    pid_t changers[2];
    for (int client = 0; client < 2; client++) {
        changers[client] = OK(fork());
        if (changers[client] == 0) {
            for (int i = 0;; i++) {
                snprintf(name, sizeof name, "d/go-%d", (i * 17 + client) % (2 * STAYING));
                if (i % 3) unlink(name);
                else make_file(name, "", 0644);
                if (i % 50 == 0) usleep(1000);
            }
        }
    }
    static char seen[STAYING];
    for (int round = 0; round < ROUNDS; round++) {
        memset(seen, 0, sizeof seen);
        DIR *directory = opendir("d");
        static char gone[2 * STAYING];
        memset(gone, 0, sizeof gone);
        for (struct dirent *entry; (entry = readdir(directory));) {
            int number;
            if (sscanf(entry->d_name, "stay-%d", &number) == 1) {
                if (seen[number]) fail(__FILE__, __LINE__, "%s twice in round %d", entry->d_name, round);
                seen[number] = 1;
            }
        }
        closedir(directory);
        for (int i = 0; i < STAYING; i++)
            if (!seen[i]) fail(__FILE__, __LINE__, "stay-%d missing in round %d", i, round);
    }
    for (int client = 0; client < 2; client++) {
        kill(changers[client], SIGKILL);
        waitpid(changers[client], NULL, 0);
    }
}

CASE_SECONDS(removing_while_listing_removes_all, 60) {
    char name[300];
    OK(mkdir("d", 0755));
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "d/%d-%s", i, "a-name-of-some-length-so-that-it-takes-many-buffers");
        OK(make_file(name, "", 0644));
    }
    DIR *directory = opendir("d");
    int removed = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "d/%s", entry->d_name);
        OK(unlink(name));
        removed++;
    }
    EQ(removed, 5000);
    OK(rmdir("d"));
}

CASE(listing_of_what_cannot_be_listed) {
    OK(make_file("f", "", 0644));
    FAILS(ENOTDIR, open("f", O_RDONLY | O_DIRECTORY));
    FAILS(ENOTDIR, open("f/x", O_RDONLY));
    char buffer[1000];
    FAILS(ENOTDIR, syscall(SYS_getdents64, OK(open("f", O_RDONLY)), buffer, sizeof buffer));
    int directory = OK(open(".", O_RDONLY));
    FAILS(EINVAL, syscall(SYS_getdents64, directory, buffer, 1));
    FAILS(EBADF, syscall(SYS_getdents64, 999, buffer, sizeof buffer));
}

struct handle {
    struct file_handle head;
    char bytes[MAX_HANDLE_SZ];
};

CASE(handles_open_without_a_name) {
    OK(make_file("f", "by handle", 0644));
    OK(mkdir("d", 0755));
    OK(make_file("d/g", "inside", 0644));
    struct handle file = {.head.handle_bytes = MAX_HANDLE_SZ}, directory = {.head.handle_bytes = MAX_HANDLE_SZ};
    int mount_id, here = OK(open(".", O_RDONLY));
    OK(name_to_handle_at(AT_FDCWD, "f", &file.head, &mount_id, 0));
    OK(name_to_handle_at(AT_FDCWD, "d", &directory.head, &mount_id, 0));
    OK(rename("f", "renamed"));
    int fd = OK(open_by_handle_at(here, &file.head, O_RDONLY));
    char got[20] = "";
    EQ(read(fd, got, 20), 9);
    TRUE(!strcmp(got, "by handle"));
    int d = OK(open_by_handle_at(here, &directory.head, O_RDONLY));
    OK(openat(d, "g", O_RDONLY));
    OK(close(fd));
    OK(unlink("renamed"));
    OK(syncfs(here));
    FAILS(ESTALE, open_by_handle_at(here, &file.head, O_RDONLY));
    struct handle small = {.head.handle_bytes = 0};
    FAILS(EOVERFLOW, name_to_handle_at(AT_FDCWD, "d", &small.head, &mount_id, 0));
    TRUE(small.head.handle_bytes > 0);
    AS(1001, 1001) FAILS(EPERM, open_by_handle_at(here, &directory.head, O_RDONLY));
}

CASE(getcwd_and_dotdot) {
    char start[PATH_MAX], path[PATH_MAX];
    TRUE(getcwd(start, sizeof start));
    OK(mkdir("a", 0755));
    OK(mkdir("a/b", 0755));
    OK(mkdir("c", 0755));
    OK(chdir("a/b"));
    OK(rename("../../a", "../../c/a"));
    TRUE(getcwd(path, sizeof path));
    TRUE(!strcmp(path + strlen(start), "/c/a/b"));
    EQ(stat_of("../..").st_ino, stat_of(start).st_ino == 0 ? 0 : stat_of("../../../c").st_ino);
}
