/* Tagged attributes, attributes of archive managers and quota rules, called as a client of the original calls them. */
#include "posix.h"
#include <linux/capability.h>
#include <stddef.h>
#include <sys/prctl.h>

#define MAGIC 0xE8

struct list_hidden {
    uint64_t id_pos, buf;
    uint32_t buf_bytes, hash_pos;
};

struct search {
    uint64_t next_ino, last_ino, name, inodes, output_flags, nr_inodes;
    uint16_t name_bytes;
    uint8_t pad[6];
};

struct read_totals {
    uint64_t pos[3], totals, totals_bytes;
};

struct total {
    uint64_t name[3], total, count;
};

struct index_entry {
    uint64_t minor, ino;
    uint8_t major, pad[7];
};

struct read_index {
    uint64_t flags;
    struct index_entry first, last;
    uint64_t entries, entries_nr;
};

struct attr_x {
    uint64_t mask, flags, meta_seq, data_seq, data_version, online_blocks, offline_blocks, ctime_sec;
    uint32_t ctime_nsec, crtime_nsec;
    uint64_t crtime_sec, size, bits, project_id;
};

struct rule {
    uint64_t value[3], limit;
    uint8_t prio, op, rule_flags, source[3], flags[3], pad[7];
};

struct get_rules {
    uint64_t iterator[2], rules, rules_nr;
};

#define LISTXATTR_HIDDEN _IOWR(MAGIC, 8, struct list_hidden)
#define SEARCH_XATTRS _IOW(MAGIC, 9, struct search)
#define READ_XATTR_TOTALS _IOW(MAGIC, 15, struct read_totals)
#define GET_ATTR_X _IOW(MAGIC, 18, struct attr_x)
#define SET_ATTR_X _IOW(MAGIC, 19, struct attr_x)
#define GET_QUOTA_RULES _IOR(MAGIC, 20, struct get_rules)
#define ADD_QUOTA_RULE _IOW(MAGIC, 21, struct rule)
#define DEL_QUOTA_RULE _IOW(MAGIC, 22, struct rule)
#define READ_XATTR_INDEX _IOR(MAGIC, 23, struct read_index)

_Static_assert(LISTXATTR_HIDDEN == 0xc018e808, "listxattr_hidden");
_Static_assert(SEARCH_XATTRS == 0x4038e809, "search_xattrs");
_Static_assert(READ_XATTR_TOTALS == 0x4028e80f, "read_xattr_totals");
_Static_assert(GET_ATTR_X == 0x4068e812, "get_attr_x");
_Static_assert(SET_ATTR_X == 0x4068e813, "set_attr_x");
_Static_assert(GET_QUOTA_RULES == 0x8020e814, "get_quota_rules");
_Static_assert(ADD_QUOTA_RULE == 0x4030e815, "add_quota_rule");
_Static_assert(DEL_QUOTA_RULE == 0x4030e816, "del_quota_rule");
_Static_assert(READ_XATTR_INDEX == 0x8048e817, "read_xattr_index");
_Static_assert(offsetof(struct attr_x, crtime_sec) == 72 && offsetof(struct attr_x, project_id) == 96, "attr_x");
_Static_assert(offsetof(struct rule, source) == 35 && offsetof(struct rule, flags) == 38, "quota rule");
_Static_assert(offsetof(struct search, output_flags) == 32 && offsetof(struct search, name_bytes) == 48, "search");

enum { DATA_VERSION = 4, OFFLINE_BLOCKS = 16, CHANGE_TIME = 32, FILE_SIZE = 128, RETENTION = 256, PROJECT_ID = 512 };

static void only_ours(void) {
    if (strcmp(target, "scoutfs")) skip("ioctls of scoutfs");
}

static int set(const char *path, const char *name, const char *value) {
    return lsetxattr(path, name, value, strlen(value), 0);
}

static long search(int fd, const char *name, uint64_t from, uint64_t *into, uint64_t count, uint64_t *flags) {
    struct search ask = {.next_ino = from, .last_ino = -1, .name = (uintptr_t)name, .name_bytes = strlen(name),
            .inodes = (uintptr_t)into, .nr_inodes = count};
    long found = ioctl(fd, SEARCH_XATTRS, &ask);
    *flags = ask.output_flags;
    return found;
}

static long total_of(int fd, uint64_t a, uint64_t b, uint64_t c, struct total *into) {
    struct read_totals ask = {.pos = {a, b, c}, .totals = (uintptr_t)into, .totals_bytes = sizeof *into};
    return ioctl(fd, READ_XATTR_TOTALS, &ask);
}

/* Keeps of this thread's permitted capabilities those in the mask, and makes them effective. */
static void keep_capabilities(uint64_t mask) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    OK(syscall(SYS_capget, &header, data));
    for (int i = 0; i < 2; i++) {
        data[i].permitted &= (uint32_t)(mask >> 32 * i);
        data[i].effective = data[i].permitted;
    }
    OK(syscall(SYS_capset, &header, data));
}

CASE(tags_names_and_values) {
    only_ours();
    OK(make_file("f", "", 0666));
    FAILS(EINVAL, set("f", "scoutfs.nothing.here", "1"));
    FAILS(EINVAL, set("f", "scoutfs.hide.hide.twice", "1"));
    FAILS(EINVAL, set("f", "scoutfs.totl.indx.1.2.3", "1"));
    FAILS(EINVAL, set("f", "scoutfs.totl.1.2", "1"));
    FAILS(EINVAL, set("f", "scoutfs.totl.1.2.3", "-1"));
    FAILS(EINVAL, set("f", "scoutfs.indx.256.0", ""));
    FAILS(EINVAL, set("f", "scoutfs.indx.1.0", "value"));
    OK(set("f", "scoutfs.hide.a", "1"));
    OK(set("f", "user.a", "1"));
    char names[100];
    EQ(listxattr("f", names, sizeof names), 7);
    int fd = OK(open("f", O_RDONLY));
    char hidden[300];
    struct list_hidden ask = {.buf = (uintptr_t)hidden, .buf_bytes = sizeof hidden};
    EQ(ioctl(fd, LISTXATTR_HIDDEN, &ask), 15);
    TRUE(!strcmp(hidden, "scoutfs.hide.a"));
    EQ(ask.buf_bytes, sizeof hidden);
    EQ(ioctl(fd, LISTXATTR_HIDDEN, &ask), 0);
    AS(1000, 1000) {
        FAILS(EPERM, set("f", "scoutfs.hide.b", "1"));
        FAILS(EPERM, lremovexattr("f", "scoutfs.hide.a"));
        char value[10];
        EQ(getxattr("f", "scoutfs.hide.a", value, sizeof value), 1);
        struct list_hidden again = {.buf = (uintptr_t)hidden, .buf_bytes = sizeof hidden};
        EQ(ioctl(fd, LISTXATTR_HIDDEN, &again), 15);
        struct list_hidden wrong = {.buf = 1, .buf_bytes = 300};
        FAILS(EFAULT, ioctl(fd, LISTXATTR_HIDDEN, &wrong));
    }
    OK(chmod("f", 0600));
    AS(1000, 1000) {
        struct list_hidden again = {.buf = (uintptr_t)hidden, .buf_bytes = sizeof hidden};
        FAILS(EACCES, ioctl(fd, LISTXATTR_HIDDEN, &again));
    }
}

CASE(tags_search_totals_and_index) {
    only_ours();
    enum { FILES = 30 };
    uint64_t inos[FILES];
    for (int i = 0; i < FILES; i++) {
        char name[20], tag[60];
        sprintf(name, "f%d", i);
        OK(make_file(name, "", 0644));
        OK(set(name, "scoutfs.srch.archive-c", "x"));
        sprintf(tag, "scoutfs.totl.archive-c.99.1.%d", i % 2);
        OK(set(name, tag, "5"));
        sprintf(tag, "scoutfs.indx.archive-c.99.%d", FILES - i);
        OK(set(name, tag, ""));
        inos[i] = stat_of(name).st_ino;
    }
    int fd = OK(open(".", O_RDONLY));
    OK(syncfs(fd));
    uint64_t found[FILES + 1], flags;
    EQ(search(fd, "scoutfs.srch.archive-c", 0, found, FILES + 1, &flags), FILES);
    EQ(flags, 1);
    for (int i = 0; i < FILES; i++) EQ(found[i], inos[i]);
    EQ(search(fd, "scoutfs.srch.archive-c", 0, found, 7, &flags), 7);
    EQ(flags, 0);
    EQ(search(fd, "scoutfs.srch.archive-c", found[6] + 1, found, FILES, &flags), FILES - 7);
    EQ(found[0], inos[7]);
    FAILS(EINVAL, search(fd, "scoutfs.hide.archive-c", 0, found, 7, &flags));
    FAILS(EFAULT, search(fd, "scoutfs.srch.archive-c", 0, (void *)16, 7, &flags));

    struct total total;
    EQ(total_of(fd, 99, 1, 0, &total), 1);
    EQ(total.name[0] == 99 && total.name[1] == 1 && total.name[2] == 0, 1);
    EQ(total.total, FILES / 2 * 5);
    EQ(total.count, FILES / 2);
    EQ(total_of(fd, 99, 1, 1, &total), 1);
    EQ(total.count, FILES / 2);
    struct index_entry entries[FILES + 1];
    struct read_index ask = {.first = {.major = 99}, .last = {.major = 99, .minor = -1, .ino = -1},
            .entries = (uintptr_t)entries, .entries_nr = FILES + 1};
    EQ(ioctl(fd, READ_XATTR_INDEX, &ask), FILES);
    for (int i = 0; i < FILES; i++) {
        EQ(entries[i].major, 99);
        EQ(entries[i].minor, i + 1);
        EQ(entries[i].ino, inos[FILES - 1 - i]);
    }
    FAILS(EFAULT, ioctl(fd, READ_XATTR_INDEX, (void *)16));

    OK(set("f0", "scoutfs.totl.archive-c.99.1.0", "0x10"));
    OK(lremovexattr("f2", "scoutfs.totl.archive-c.99.1.0"));
    OK(lremovexattr("f2", "scoutfs.indx.archive-c.99.28"));
    OK(lremovexattr("f2", "scoutfs.srch.archive-c"));
    OK(syncfs(fd));
    EQ(total_of(fd, 99, 1, 0, &total), 1);
    EQ(total.total, (FILES / 2 - 2) * 5 + 16);
    EQ(total.count, FILES / 2 - 1);
    EQ(search(fd, "scoutfs.srch.archive-c", 0, found, FILES + 1, &flags), FILES - 1);
    EQ(found[2], inos[3]);
    EQ(ioctl(fd, READ_XATTR_INDEX, &ask), FILES - 1);
}

/* It is the capability that counts, and not the user. */
CASE(tags_and_capabilities) {
    only_ours();
    OK(make_file("f", "", 0666));
    int fd = OK(open(".", O_RDONLY));
    uint64_t found[2], flags;
    struct total total;
    pid_t pid;
    CHILD(pid) {
        keep_capabilities(~(1ull << CAP_SYS_ADMIN));
        FAILS(EPERM, set("f", "scoutfs.hide.a", "1"));
        FAILS(EPERM, search(fd, "scoutfs.srch.none-such", 0, found, 2, &flags));
        FAILS(EPERM, total_of(fd, 98, 0, 0, &total));
    }
    join(pid);
    CHILD(pid) {
        OK(prctl(PR_SET_KEEPCAPS, 1));
        OK(setresuid(1000, 1000, 1000));
        keep_capabilities(1ull << CAP_SYS_ADMIN);
        OK(set("f", "scoutfs.hide.a", "1"));
        EQ(search(fd, "scoutfs.srch.none-such", 0, found, 2, &flags), 0);
        EQ(flags, 1);
    }
    join(pid);
    int writer = OK(open("f", O_WRONLY));
    FAILS(EBADF, search(writer, "scoutfs.srch.none-such", 0, found, 2, &flags));
}

CASE(attr_x_offline_size_and_projects) {
    only_ours();
    OK(make_file("f", "", 0644));
    OK(mkdir("d", 0755));
    int fd = OK(open("f", O_RDONLY)), d = OK(open("d", O_RDONLY));
    struct attr_x ask = {.mask = DATA_VERSION | FILE_SIZE | CHANGE_TIME, .flags = 1, .data_version = 9, .size = 4000000000, .ctime_sec = 67, .ctime_nsec = 89};
    OK(ioctl(fd, SET_ATTR_X, &ask));
    struct stat st = stat_of("f");
    EQ(st.st_size, 4000000000);
    EQ(st.st_blocks, 976563 * 8);
    EQ(st.st_ctim.tv_sec, 67);
    EQ(st.st_ctim.tv_nsec, 89);
    struct attr_x answer = {.mask = OFFLINE_BLOCKS, .size = 77};
    OK(ioctl(fd, GET_ATTR_X, &answer));
    EQ(answer.offline_blocks, 976563);
    EQ(answer.size, 77);
    FAILS(EINVAL, ioctl(fd, SET_ATTR_X, &ask));
    FAILS(EFAULT, ioctl(fd, SET_ATTR_X, (void *)16));
    OK(truncate("f", 0));

    struct attr_x project = {.mask = PROJECT_ID, .project_id = 1ull << 63};
    OK(ioctl(d, SET_ATTR_X, &project));
    OK(make_file("d/f", "", 0644));
    OK(mkdir("d/d", 0755));
    int inner = OK(open("d/f", O_RDONLY));
    AS(1000, 1000) {
        struct attr_x read = {.mask = PROJECT_ID};
        OK(ioctl(inner, GET_ATTR_X, &read));
        TRUE(read.project_id == 1ull << 63);
        FAILS(EPERM, ioctl(inner, SET_ATTR_X, &project));
    }
    struct fsxattr extended;
    OK(ioctl(inner, FS_IOC_FSGETXATTR, &extended));
    EQ(extended.fsx_projid, 0);
    extended.fsx_projid = 4000000000u;
    OK(ioctl(inner, FS_IOC_FSSETXATTR, &extended));
    OK(ioctl(inner, GET_ATTR_X, &project));
    EQ(project.project_id, 4000000000u);
    OK(ioctl(inner, FS_IOC_FSGETXATTR, &extended));
    EQ(extended.fsx_projid, 4000000000u);
}

CASE(attr_x_retention) {
    only_ours();
    OK(make_file("f", "text", 0644));
    OK(make_file("g", "text", 0644));
    int fd = OK(open("f", O_RDWR));
    struct attr_x ask = {.mask = RETENTION, .bits = 1};
    OK(ioctl(fd, SET_ATTR_X, &ask));
    FAILS(EPERM, write(fd, "x", 1));
    FAILS(EPERM, ftruncate(fd, 4));
    FAILS(EPERM, open("f", O_WRONLY | O_TRUNC));
    FAILS(EPERM, chmod("f", 0600));
    FAILS(EPERM, chown("f", 1, 1));
    FAILS(EPERM, utimensat(AT_FDCWD, "f", NULL, 0));
    FAILS(EPERM, unlink("f"));
    FAILS(EPERM, rename("f", "h"));
    FAILS(EPERM, rename("g", "f"));
    FAILS(EPERM, set("f", "user.a", "1"));
    FAILS(EPERM, fallocate(fd, 0, 0, 10000));
    OK(set("f", "scoutfs.hide.a", "1"));
    OK(link("f", "l"));
    FAILS(EPERM, unlink("l"));
    expect_text("f", "text");
    ask.bits = 0;
    OK(ioctl(fd, SET_ATTR_X, &ask));
    OK(pwrite(fd, "next", 4, 0));
    expect_text("f", "next");
    OK(unlink("f"));
    OK(unlink("l"));
}

CASE(quota_rules) {
    only_ours();
    OK(chmod(".", 0777));
    OK(make_file("f", "", 0666));
    OK(set(".", "scoutfs.totl.archive-c.97.4.5", "10"));
    int fd = OK(open(".", O_RDONLY));
    OK(syncfs(fd));
    /* Of user 97 only: the other cases go on meanwhile. */
    struct rule inodes = {.value = {97, 4, 5}, .limit = 10, .prio = 1, .op = 0};
    struct rule data = {.value = {97, 4, 5}, .limit = 10, .prio = 1, .op = 1};
    struct rule *both[] = {&inodes, &data};
    FAILS(EFAULT, ioctl(fd, ADD_QUOTA_RULE, (void *)16));
    for (int i = 0; i < 2; i++) {
        both[i]->value[0] = 97;
        both[i]->source[0] = 2;
        both[i]->flags[0] = 1;
        OK(ioctl(fd, ADD_QUOTA_RULE, both[i]));
        FAILS(EEXIST, ioctl(fd, ADD_QUOTA_RULE, both[i]));
    }
    struct rule rules[4];
    struct get_rules ask = {.rules = (uintptr_t)rules, .rules_nr = 1};
    int seen = 0;
    while (OK(ioctl(fd, GET_QUOTA_RULES, &ask)) > 0)
        seen += !memcmp(&rules[0], &inodes, sizeof inodes) || !memcmp(&rules[0], &data, sizeof data);
    EQ(seen, 2);
    AS(97, 97) {
        FAILS(EDQUOT, mkdir("d", 0755));
        FAILS(EDQUOT, open("x", O_CREAT | O_RDWR, 0644));
        FAILS(EPERM, ioctl(fd, DEL_QUOTA_RULE, &inodes));
    }
    OK(chown("f", 97, 97));
    int file = OK(open("f", O_RDWR));
    FAILS(EDQUOT, write(file, "x", 1));
    FAILS(EDQUOT, fallocate(file, 0, 0, 4096));
    OK(ioctl(fd, DEL_QUOTA_RULE, &data));
    OK(write(file, "x", 1));
    OK(ioctl(fd, DEL_QUOTA_RULE, &inodes));
    FAILS(ENOENT, ioctl(fd, DEL_QUOTA_RULE, &inodes));
    AS(97, 97) OK(mkdir("d", 0755));
}
