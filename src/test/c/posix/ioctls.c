/* The private ioctls, called as a client of the original calls them: its numbers, its layouts, and every wrong address. */
#include "posix.h"
#include <pthread.h>
#include <sched.h>

#define MAGIC 0xE8

struct position {
    uint64_t major, ino;
    uint32_t minor, pad;
};

struct walk {
    struct position first, last;
    uint64_t entries;
    uint32_t count;
    uint8_t index, pad[11];
};

struct ino_path {
    uint64_t ino, dir_ino, dir_pos, result;
    uint16_t bytes;
    uint8_t pad[6];
};

struct path_result {
    uint64_t dir_ino, dir_pos;
    uint16_t path_bytes;
    uint8_t pad[6];
    char path[4096];
};

struct stat_more {
    uint64_t meta_seq, data_seq, data_version, online_blocks, offline_blocks, crtime_sec;
    uint32_t crtime_nsec, pad;
};

struct statfs_more {
    uint64_t fsid, rid, committed_seq, total_meta_blocks, total_data_blocks, reserved_meta_blocks;
};

struct alloc_detail {
    uint64_t entries, count;
};

struct alloc_entry {
    uint64_t id, blocks;
    uint8_t type, flags, pad[6];
};

struct allocated_inos {
    uint64_t start, inos, bytes;
};

struct referring_entries {
    uint64_t ino, dir_ino, dir_pos, entries, bytes;
};

struct referring_entry {
    uint64_t dir_ino, dir_pos, ino;
    uint16_t entry_bytes;
    uint8_t flags, d_type, name_len;
    char name[3];
};

#define WALK_INODES _IOW(MAGIC, 1, struct walk)
#define INO_PATH _IOW(MAGIC, 2, struct ino_path)
#define STAT_MORE _IOR(MAGIC, 5, struct stat_more)
#define STATFS_MORE _IOR(MAGIC, 10, struct statfs_more)
#define ALLOC_DETAIL _IOW(MAGIC, 12, struct alloc_detail)
#define GET_ALLOCATED_INOS _IOW(MAGIC, 16, struct allocated_inos)
#define GET_REFERRING_ENTRIES _IOW(MAGIC, 17, struct referring_entries)

_Static_assert(WALK_INODES == 0x4048e801, "walk_inodes");
_Static_assert(INO_PATH == 0x4028e802, "ino_path");
_Static_assert(STAT_MORE == 0x8038e805, "stat_more");
_Static_assert(STATFS_MORE == 0x8030e80a, "statfs_more");
_Static_assert(ALLOC_DETAIL == 0x4010e80c, "alloc_detail");
_Static_assert(GET_ALLOCATED_INOS == 0x4018e810, "get_allocated_inos");
_Static_assert(GET_REFERRING_ENTRIES == 0x4028e811, "get_referring_entries");

static void only_ours(void) {
    if (strcmp(target, "scoutfs")) skip("ioctls of scoutfs");
}

static int synced(const char *path, int flags) {
    int fd = OK(open(path, flags));
    OK(syncfs(fd));
    return fd;
}

static struct stat_more more_of(int fd) {
    struct stat_more more;
    memset(&more, 0xaa, sizeof more);
    EQ(ioctl(fd, STAT_MORE, &more), 0);
    EQ(more.pad, 0);
    return more;
}

static long walk(int fd, int index, uint64_t from, uint64_t from_ino, struct position *into, uint32_t count) {
    struct walk ask = {
        .first = {.major = from, .ino = from_ino},
        .last = {.major = -1, .minor = -1, .ino = -1},
        .entries = (uint64_t)(uintptr_t)into,
        .count = count,
        .index = index,
    };
    return ioctl(fd, WALK_INODES, &ask);
}

CASE(ioctl_walk_finds_each_inode_once_at_its_seq) {
    only_ours();
    OK(make_file("f", "data", 0644));
    OK(mkdir("d", 0755));
    OK(symlink("nowhere", "s"));
    int fd = synced("f", O_RDONLY), d = OK(open("d", O_RDONLY));
    struct stat_more file = more_of(fd), directory = more_of(d);
    struct position entries[64];
    int files = 0, directories = 0, links = 0;
    for (int index = 0; index < 2; index++) {
        uint64_t seq = 0, ino = 0;
        struct position last = {0};
        /* In steps of one entry and of many: the same. */
        for (long count; (count = OK(walk(fd, index, seq, ino, entries, index == 0 ? 1 + ino % 7 : 64))) > 0;) {
            for (long i = 0; i < count; i++) {
                struct position *e = &entries[i];
                EQ(e->minor, 0);
                EQ(e->pad, 0);
                TRUE(e->major > last.major || (e->major == last.major && e->ino > last.ino));
                last = *e;
                if (e->ino == stat_of("f").st_ino) {
                    files++;
                    EQ(e->major, index == 0 ? file.meta_seq : file.data_seq);
                }
                if (e->ino == stat_of("d").st_ino) {
                    directories++;
                    EQ(e->major, directory.meta_seq);
                    EQ(index, 0);
                }
                links += e->ino == stat_of("s").st_ino && index == 0;
            }
            seq = last.major;
            ino = last.ino + 1;
        }
    }
    EQ(files, 2);
    EQ(directories, 1);
    EQ(links, 1);
    EQ(walk(fd, 0, 0, 0, entries, 0), 0);
    EQ(walk(fd, 0, UINT64_MAX, 0, entries, 64), 0);
    FAILS(EINVAL, walk(fd, 2, 0, 0, entries, 64));
    FAILS(EINVAL, walk(fd, 255, 0, 0, entries, 64));
}

CASE(ioctl_stat_more_tells_what_changed) {
    only_ours();
    OK(make_file("f", "", 0644));
    int fd = synced("f", O_RDWR);
    struct stat_more before = more_of(fd);
    EQ(before.online_blocks, 0);
    EQ(before.offline_blocks, 0);
    struct statx stx;
    OK(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_BTIME, &stx));
    EQ(before.crtime_sec, stx.stx_btime.tv_sec);
    EQ(before.crtime_nsec, stx.stx_btime.tv_nsec);
    EQ(write(fd, repeat('x', 5000), 5000), 5000);
    OK(syncfs(fd));
    struct stat_more written = more_of(fd);
    EQ(written.online_blocks, 2);
    TRUE(written.data_version > before.data_version);
    TRUE(written.data_seq > before.data_seq && written.meta_seq > before.meta_seq);
    OK(fchmod(fd, 0600));
    OK(syncfs(fd));
    struct stat_more changed = more_of(fd);
    EQ(changed.data_seq, written.data_seq);
    EQ(changed.data_version, written.data_version);
    TRUE(changed.meta_seq > written.meta_seq);
    int d = OK(open(".", O_RDONLY | O_DIRECTORY)), w = OK(open("f", O_WRONLY));
    TRUE(more_of(d).meta_seq > 0);
    EQ(more_of(w).meta_seq, changed.meta_seq);
    FAILS(EFAULT, ioctl(fd, STAT_MORE, NULL));
    FAILS(EFAULT, ioctl(fd, STAT_MORE, (void *)1));
    AS(1001, 1001) EQ(more_of(fd).meta_seq, changed.meta_seq);
}

CASE(ioctl_ino_path_names_each_link) {
    only_ours();
    OK(mkdir("d", 0755));
    OK(make_file("d/one", "", 0644));
    OK(link("d/one", "two"));
    int fd = OK(open(".", O_RDONLY));
    char here[PATH_MAX];
    TRUE(getcwd(here, sizeof here));
    struct path_result result;
    struct ino_path ask = {.ino = stat_of("two").st_ino, .result = (uintptr_t)&result, .bytes = sizeof result};
    int ones = 0, twos = 0;
    while (ioctl(fd, INO_PATH, &ask) == 0) {
        EQ(result.path_bytes, strlen(result.path) + 1);
        const char *base = strrchr(here, '/');
        const char *found = strstr(result.path, base + 1);
        TRUE(found && result.path[0] != '/');
        ones += strcmp(found + strlen(base), "d/one") == 0;
        twos += strcmp(found + strlen(base), "two") == 0;
        ask.dir_ino = result.dir_ino;
        ask.dir_pos = result.dir_pos + 1;
        TRUE(ones + twos <= 2);
    }
    EQ(errno, ENOENT);
    EQ(ones, 1);
    EQ(twos, 1);
    ask.dir_ino = ask.dir_pos = 0;
    ask.bytes = 24;
    FAILS(ENAMETOOLONG, ioctl(fd, INO_PATH, &ask));
    ask.bytes = 0;
    FAILS(ENAMETOOLONG, ioctl(fd, INO_PATH, &ask));
    ask.bytes = sizeof result;
    ask.result = 16;
    FAILS(EFAULT, ioctl(fd, INO_PATH, &ask));
    ask.result = (uintptr_t)&result;
    AS(1001, 1001) FAILS(EPERM, ioctl(fd, INO_PATH, &ask));
    for (uint64_t ino = 1; ino; ino = ino == 1 ? 0xffffffffff : 0) {
        ask.ino = ino;
        FAILS(ENOENT, ioctl(fd, INO_PATH, &ask));
    }
    int open_one = OK(open("two", O_RDONLY));
    ask.ino = stat_of("two").st_ino;
    OK(unlink("two"));
    OK(unlink("d/one"));
    FAILS(ENOENT, ioctl(open_one, INO_PATH, &ask));
}

CASE(ioctl_referring_entries_come_with_their_layout) {
    only_ours();
    OK(make_file("a-name", "", 0644));
    OK(link("a-name", "another, longer name"));
    int fd = OK(open(".", O_RDONLY));
    char *bytes = aligned_alloc(16, 1024);
    struct referring_entries ask = {.ino = stat_of("a-name").st_ino, .entries = (uintptr_t)bytes, .bytes = 1024};
    memset(bytes, 0x55, 1024);
    EQ(ioctl(fd, GET_REFERRING_ENTRIES, &ask), 2);
    struct referring_entry *one = (void *)bytes, *two = (void *)(bytes + one->entry_bytes);
    EQ(one->name_len, 6);
    EQ(one->entry_bytes, 48); /* 29 + 6 + 1, up to a multiple of 16 */
    EQ(one->d_type, DT_REG);
    EQ(one->flags & 1, 0);
    EQ(one->dir_ino, stat_of(".").st_ino);
    EQ(one->ino, ask.ino);
    TRUE(!strcmp(bytes + 29, "a-name"));
    EQ(two->flags & 1, 1);
    TRUE(two->dir_pos > one->dir_pos);
    TRUE(!strcmp((char *)two + 29, "another, longer name"));
    ask.bytes = 48;
    EQ(ioctl(fd, GET_REFERRING_ENTRIES, &ask), 1);
    ask.dir_ino = one->dir_ino;
    ask.dir_pos = one->dir_pos + 1;
    ask.bytes = 1024;
    EQ(ioctl(fd, GET_REFERRING_ENTRIES, &ask), 1);
    EQ(one->flags & 1, 1);
    ask.bytes = 47;
    FAILS(EINVAL, ioctl(fd, GET_REFERRING_ENTRIES, &ask));
    ask.bytes = 1024;
    ask.entries = 0;
    FAILS(EFAULT, ioctl(fd, GET_REFERRING_ENTRIES, &ask));
    ask.ino = 0xffffffffff;
    EQ(ioctl(fd, GET_REFERRING_ENTRIES, &ask), 0);
    AS(1001, 1001) FAILS(EPERM, ioctl(fd, GET_REFERRING_ENTRIES, &ask));
}

CASE(ioctl_allocated_inos_of_a_group) {
    only_ours();
    OK(make_file("f", "", 0644));
    int fd = synced(".", O_RDONLY);
    uint64_t inos[1024], ino = stat_of("f").st_ino;
    struct allocated_inos ask = {.start = ino, .inos = (uintptr_t)inos, .bytes = sizeof inos};
    TRUE(OK(ioctl(fd, GET_ALLOCATED_INOS, &ask)) >= 1);
    EQ(inos[0], ino);
    ask.bytes = 7;
    FAILS(EINVAL, ioctl(fd, GET_ALLOCATED_INOS, &ask));
    ask.bytes = 15;
    EQ(ioctl(fd, GET_ALLOCATED_INOS, &ask), 1);
    ask.inos = (uintptr_t)inos + 4;
    FAILS(EINVAL, ioctl(fd, GET_ALLOCATED_INOS, &ask));
    ask.inos = (uintptr_t)inos;
    int w = OK(open("f", O_WRONLY));
    FAILS(EBADF, ioctl(w, GET_ALLOCATED_INOS, &ask));
    AS(1001, 1001) FAILS(EPERM, ioctl(fd, GET_ALLOCATED_INOS, &ask));
    ask.inos = 8;
    FAILS(EFAULT, ioctl(fd, GET_ALLOCATED_INOS, &ask));
}

CASE(ioctl_volume_numbers) {
    only_ours();
    OK(make_file("f", "", 0644));
    int fd = synced("f", O_RDONLY);
    struct statfs_more volume = {0};
    EQ(ioctl(fd, STATFS_MORE, &volume), 0);
    TRUE(volume.fsid && volume.rid && volume.total_data_blocks);
    EQ(volume.total_meta_blocks, 0); /* on one device all space counts as data */
    TRUE(volume.committed_seq >= more_of(fd).meta_seq);
    struct alloc_entry entries[64];
    memset(entries, 0xaa, sizeof entries);
    struct alloc_detail ask = {.entries = (uintptr_t)entries, .count = 64};
    long count = OK(ioctl(fd, ALLOC_DETAIL, &ask));
    TRUE(count >= 1 && count <= 64);
    uint64_t meta = 0, data = 0;
    for (long i = 0; i < count; i++) {
        EQ(entries[i].type, 0);
        TRUE(entries[i].flags < 4);
        *(entries[i].flags & 1 ? &meta : &data) += entries[i].blocks;
    }
    EQ(meta, 0);
    struct statfs st;
    OK(fstatfs(fd, &st));
    TRUE(data > 0 && data < volume.total_data_blocks);
    EQ(volume.total_data_blocks, st.f_blocks);
    ask.count = 0;
    FAILS(EOVERFLOW, ioctl(fd, ALLOC_DETAIL, &ask));
    ask.count = UINT64_MAX;
    EQ(ioctl(fd, ALLOC_DETAIL, &ask), count);
    ask.entries = 0;
    FAILS(EFAULT, ioctl(fd, ALLOC_DETAIL, &ask));
    FAILS(EFAULT, ioctl(fd, ALLOC_DETAIL, NULL));
}

CASE(ioctl_wrong_addresses) {
    only_ours();
    OK(make_file("f", "", 0644));
    int fd = synced("f", O_RDONLY);
    struct position *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TRUE(page != MAP_FAILED);
    OK(mprotect((char *)page + 4096, 4096, PROT_NONE));
    void *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *wrong[] = {NULL, (void *)1, (char *)page + 4096, constant, (void *)0xffff800000000000, (void *)-1, (void *)-4096};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) FAILS(EFAULT, walk(fd, 0, 0, 0, wrong[i], 8));
    /* Room for two entries, and the caller says that there is more. */
    struct position *end = (struct position *)((char *)page + 4096) - 2;
    long got = walk(fd, 0, 0, 0, end, 1000);
    if (got < 0) EQ(errno, EFAULT);
    else TRUE(got >= 1 && got <= 2 && end[0].major > 0);
    EQ(walk(fd, 0, 0, 0, end, 2), 2);
    /* All the while, the mount serves. */
    OK(make_file("g", "", 0644));
    FAILS(ENOTTY, ioctl(fd, _IO(MAGIC, 99), 0));
    FAILS(ENOTTY, ioctl(fd, _IOW(MAGIC, 1, struct position), page));
    OK(mkfifo("p", 0644));
    int fifo = OK(open("p", O_RDWR | O_NONBLOCK));
    FAILS(ENOTTY, ioctl(fifo, STAT_MORE, page));
}

/* The memory that an answer goes to may itself be a file of this mount: filling it needs the mount. */
CASE(ioctl_answers_into_a_mapping_of_this_mount) {
    only_ours();
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    OK(ftruncate(fd, 8192));
    struct position *mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TRUE(mapped != MAP_FAILED);
    OK(syncfs(fd));
    TRUE(OK(walk(fd, 0, 0, 0, mapped, 8192 / sizeof *mapped)) > 0);
    TRUE(mapped[0].major > 0);
    OK(msync(mapped, 8192, MS_SYNC));
}

static void *walker(void *argument) {
    struct position entries[8];
    for (int i = 0; i < 200; i++)
        if (walk(*(int *)argument, 0, 0, 0, entries, 8) <= 0) return "walk failed";
    return NULL;
}

CASE(ioctl_from_many_threads) {
    only_ours();
    OK(make_file("f", "", 0644));
    int fd = synced("f", O_RDONLY);
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) EQ(pthread_create(&threads[i], NULL, walker, &fd), 0);
    for (int i = 0; i < 8; i++) {
        void *said;
        EQ(pthread_join(threads[i], &said), 0);
        if (said) fail(__FILE__, __LINE__, "%s", (char *)said);
    }
}

/* Callers are killed at every moment of their calls; the mount goes on. */
CASE_SECONDS(ioctl_of_a_caller_that_dies, 60) {
    only_ours();
    for (int i = 0; i < 300; i++) {
        char name[20];
        snprintf(name, sizeof name, "f%d", i);
        OK(make_file(name, "", 0644));
    }
    int fd = synced(".", O_RDONLY);
    for (int round = 0; round < 40; round++) {
        pid_t pid = OK(fork());
        if (pid == 0) {
            static struct position entries[2048];
            for (;;)
                if (walk(fd, 0, 0, 0, entries, 2048) <= 0) _exit(1);
        }
        usleep(500 + round * 97 % 4000);
        kill(pid, SIGKILL);
        int status;
        EQ(waitpid(pid, &status, 0), pid);
        TRUE(WIFSIGNALED(status));
    }
    struct position entries[8];
    EQ(walk(fd, 0, 0, 0, entries, 8), 8);
    OK(make_file("after", "", 0644));
}

/* Where the caller has another number than the mount knows it by. */
CASE(ioctl_from_another_pid_namespace) {
    only_ours();
    OK(make_file("f", "", 0644));
    int fd = synced("f", O_RDONLY);
    if (unshare(CLONE_NEWPID)) skip("no PID namespaces here");
    pid_t pid;
    CHILD(pid) {
        EQ(getpid(), 1);
        struct position entries[8] = {0};
        TRUE(OK(walk(fd, 0, 0, 0, entries, 8)) > 0);
        TRUE(entries[0].major > 0);
        struct path_result result;
        struct ino_path ask = {.ino = stat_of("f").st_ino, .result = (uintptr_t)&result, .bytes = sizeof result};
        EQ(ioctl(fd, INO_PATH, &ask), 0);
        FAILS(EFAULT, walk(fd, 0, 0, 0, NULL, 8));
    }
    join(pid);
}
