/* Makes the system calls that it reads from standard input, one a line, and answers each with a line: errno (0 where it succeeded) and
 * what it gave. It keeps descriptors in numbered slots, so that a test can hold files open on one node of a cluster while it changes
 * them on another. Paths are relative to the directory that it is started in; bytes are hexadecimal digits after a dot. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 16, ALIGN = 4096, BYTES = 1 << 20 };

static int slots[SLOTS];
static char *maps[SLOTS];
static char words[6][4096];
static char *bytes;
static char hex[2 * BYTES + 2];
static char answer[2 * BYTES + 2];

static long number(int word) {
    return strtol(words[word], NULL, 0);
}

static int fd_of(int word) {
    return slots[number(word)];
}

static size_t decode(void) {
    size_t size = 0;
    for (const char *digits = hex + 1; digits[0] && digits[1] && digits[1] != '\n'; digits += 2) {
        char pair[3] = {digits[0], digits[1], 0};
        bytes[size++] = (char)strtoul(pair, NULL, 16);
    }
    return size;
}

static void encode(const char *from, ssize_t size) {
    answer[0] = '.';
    for (ssize_t i = 0; i < size; i++) sprintf(answer + 1 + 2 * i, "%02x", (unsigned char)from[i]);
    answer[1 + 2 * (size > 0 ? size : 0)] = 0;
}

static long attributes(int result, const struct stat *st) {
    if (result == 0)
        sprintf(answer, "%lu %o %lu %ld %lld %lld %u", (unsigned long)st->st_ino, st->st_mode, (unsigned long)st->st_nlink,
                (long)st->st_size, st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec,
                st->st_ctim.tv_sec * 1000000000LL + st->st_ctim.tv_nsec, st->st_uid);
    return result;
}

static long list(const char *path) {
    DIR *directory = opendir(path);
    if (!directory) return -1;
    size_t at = 0;
    answer[0] = 0;
    errno = 0;
    for (struct dirent *one; (one = readdir(directory));)
        if (strcmp(one->d_name, ".") && strcmp(one->d_name, "..")) at += (size_t)sprintf(answer + at, "%s ", one->d_name);
    int failure = errno;
    closedir(directory);
    errno = failure;
    return failure ? -1 : 0;
}

/* Takes or gives back a lock: how is flock, fcntl or ofd; what is one of r, w, u; wait says whether to block. */
static long take(int fd, const char *how, char what, int wait) {
    if (!strcmp(how, "flock")) return flock(fd, (what == 'r' ? LOCK_SH : what == 'w' ? LOCK_EX : LOCK_UN) | (wait ? 0 : LOCK_NB));
    struct flock range = {.l_type = (short)(what == 'r' ? F_RDLCK : what == 'w' ? F_WRLCK : F_UNLCK), .l_whence = SEEK_SET, .l_len = 10};
    int isOfd = !strcmp(how, "ofd");
    return fcntl(fd, isOfd ? (wait ? F_OFD_SETLKW : F_OFD_SETLK) : (wait ? F_SETLKW : F_SETLK), &range);
}

/* Creates PREFIX0 to PREFIX(count-1) exclusively: the answer lists those that were not there. */
static long race(const char *prefix, long count) {
    size_t at = 0;
    answer[0] = 0;
    for (long i = 0; i < count; i++) {
        char name[4200];
        snprintf(name, sizeof name, "%s%ld", prefix, i);
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
        if (fd < 0 && errno != EEXIST) return -1;
        if (fd >= 0) {
            at += (size_t)sprintf(answer + at, "%ld ", i);
            close(fd);
        }
    }
    return 0;
}

/* Appends lines of a fixed size that say who wrote them and in which order. */
static long append(const char *path, const char *who, long count, long size) {
    int fd = open(path, O_WRONLY | O_APPEND);
    if (fd < 0) return -1;
    for (long i = 0; i < count; i++) {
        int used = sprintf(bytes, "%s %ld ", who, i);
        memset(bytes + used, who[0], (size_t)(size - used - 1));
        bytes[size - 1] = '\n';
        if (write(fd, bytes, (size_t)size) != size) return -1;
    }
    return close(fd);
}

/* Adds one to the number in a file, so many times, each time under a lock: nobody's addition may be lost. */
static long count_under(const char *path, long count, const char *how) {
    int fd = open(path, O_RDWR);
    if (fd < 0) return -1;
    for (long i = 0; i < count; i++) {
        char text[32] = {0};
        if (take(fd, how, 'w', 1) || pread(fd, text, 31, 0) < 0) return -1;
        int size = sprintf(text, "%-20ld\n", atol(text) + 1);
        if (pwrite(fd, text, (size_t)size, 0) != size || take(fd, how, 'u', 1)) return -1;
    }
    return close(fd);
}

/* Renames a directory to and fro. */
static long move(const char *one, const char *other, long count) {
    for (long i = 0; i < count; i++)
        if (rename(one, other) || rename(other, one)) return -1;
    return 0;
}

/* Makes, finds and removes names in a directory that is held open, while others may move it; and by a path that may be wrong. */
static long use(int directory, const char *path, const char *who, long count) {
    long found = 0;
    for (long i = 0; i < count; i++) {
        char name[4300];
        struct stat st;
        snprintf(name, sizeof name, "%s%ld", who, i);
        int fd = openat(directory, name, O_CREAT | O_EXCL | O_RDWR, 0644);
        if (fd < 0) return -1;
        close(fd);
        if (fstatat(directory, name, &st, 0)) return -1;
        char whole[4400];
        snprintf(whole, sizeof whole, "%s/%s", path, name);
        if (stat(whole, &st) == 0) found++;
        else if (errno != ENOENT) return -1;
        if (unlinkat(directory, name, 0)) return -1;
        if (fstatat(directory, name, &st, 0) == 0) {
            errno = EEXIST;
            return -1;
        }
    }
    return found;
}

/* Makes and removes names of its own beside others who list the directory. */
static long churn(const char *path, const char *who, long count) {
    for (long i = 0; i < count; i++) {
        char name[4300], other[4300];
        snprintf(name, sizeof name, "%s/%s%ld", path, who, i % 20);
        snprintf(other, sizeof other, "%s/%s-moved%ld", path, who, i % 20);
        int fd = open(name, O_CREAT | O_WRONLY, 0644);
        if (fd < 0 || close(fd) || rename(name, other) || unlink(other)) return -1;
    }
    return 0;
}

/* Lists a directory again and again: the answer says which names were there each time, and fails where one was twice. */
static long list_often(const char *path, const char *stable, long count, long expected) {
    for (long i = 0; i < count; i++) {
        if (list(path)) return -1;
        long found = 0;
        char *rest = answer;
        for (char *name; (name = strsep(&rest, " "));) found += strncmp(name, stable, strlen(stable)) == 0;
        if (found != expected) {
            sprintf(answer, "list %ld had %ld of %ld", i, found, expected);
            errno = EIO;
            return -1;
        }
    }
    answer[0] = 0;
    return 0;
}

static long filesystem(void) {
    struct statvfs st;
    if (statvfs(".", &st)) return -1;
    sprintf(answer, "%lu %lu %lu %lu %lu", (unsigned long)st.f_blocks, (unsigned long)st.f_bfree, (unsigned long)st.f_files,
            (unsigned long)st.f_frsize, (unsigned long)st.f_namemax);
    return 0;
}

struct entry {
    uint64_t major, ino;
    uint32_t minor, padding;
};

struct walk {
    struct entry first, last;
    uint64_t entries;
    uint32_t entry_count;
    uint8_t index, padding[11];
};

#define WALK_INODES _IOW(0xE8, 1, struct walk)

/* The inodes whose metadata (index 0) or contents (1) changed at or after a sequence number: "seq:ino seq:ino ...". */
static long walk(int index, uint64_t from) {
    static struct entry entries[1024];
    _Static_assert(sizeof(struct walk) == 72, "the layout that the ioctl has");
    int fd = open(".", O_RDONLY);
    if (fd < 0) return -1;
    struct entry next = {.major = from};
    size_t at = 0;
    for (;;) {
        struct walk request = {.first = next, .last = {-1, -1, -1, 0}, .entries = (uintptr_t)entries, .entry_count = 1024, .index = (uint8_t)index};
        int count = ioctl(fd, WALK_INODES, &request);
        if (count <= 0) return close(fd), count;
        for (int i = 0; i < count && at + 50 < sizeof answer; i++)
            at += (size_t)sprintf(answer + at, "%llu:%llu ", (unsigned long long)entries[i].major, (unsigned long long)entries[i].ino);
        next = entries[count - 1];
        next.ino++;
    }
}

static long call(void) {
    const char *op = words[0];
    struct stat st;
    if (!strcmp(op, "open")) return (slots[number(1)] = open(words[2], (int)number(3), (mode_t)number(4))) < 0 ? -1 : 0;
    if (!strcmp(op, "close")) return close(fd_of(1));
    if (!strcmp(op, "pread")) {
        ssize_t done = pread(fd_of(1), bytes, (size_t)number(3), number(2));
        encode(bytes, done);
        return done;
    }
    if (!strcmp(op, "pwrite")) {
        size_t size = decode();
        return pwrite(fd_of(1), bytes, size, number(2)) == (ssize_t)size ? 0 : -1;
    }
    if (!strcmp(op, "map"))
        return (maps[number(1)] = mmap(NULL, (size_t)number(2), words[3][0] == 'w' ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
                                       fd_of(1), 0)) == MAP_FAILED ? -1 : 0;
    if (!strcmp(op, "load")) return encode(maps[number(1)] + number(2), number(3)), 0;
    if (!strcmp(op, "store")) {
        size_t size = decode();
        return memcpy(maps[number(1)] + number(2), bytes, size), 0;
    }
    if (!strcmp(op, "unmap")) return munmap(maps[number(1)], (size_t)number(2));
    if (!strcmp(op, "stat")) return attributes(stat(words[1], &st), &st);
    if (!strcmp(op, "fstat")) return attributes(fstat(fd_of(1), &st), &st);
    if (!strcmp(op, "fsync")) return fsync(fd_of(1));
    if (!strcmp(op, "syncfs")) {
        int fd = open(".", O_RDONLY);
        long result = fd < 0 ? -1 : syncfs(fd);
        if (fd >= 0) close(fd);
        return result;
    }
    if (!strcmp(op, "ftruncate")) return ftruncate(fd_of(1), number(2));
    if (!strcmp(op, "mkdir")) return mkdir(words[1], 0755);
    if (!strcmp(op, "rmdir")) return rmdir(words[1]);
    if (!strcmp(op, "unlink")) return unlink(words[1]);
    if (!strcmp(op, "rename")) return rename(words[1], words[2]);
    if (!strcmp(op, "link")) return link(words[1], words[2]);
    if (!strcmp(op, "symlink")) return symlink(words[1], words[2]);
    if (!strcmp(op, "chmod")) return chmod(words[1], (mode_t)number(2));
    if (!strcmp(op, "chown")) return chown(words[1], (uid_t)number(2), (gid_t)number(3));
    if (!strcmp(op, "become")) return seteuid((uid_t)number(1));
    if (!strcmp(op, "list")) return list(words[1]);
    if (!strcmp(op, "statfs")) return filesystem();
    if (!strcmp(op, "lock")) return take(fd_of(1), words[2], words[3][0], (int)number(4));
    if (!strcmp(op, "walk")) return walk((int)number(1), strtoull(words[2], NULL, 10));
    if (!strcmp(op, "race")) return race(words[1], number(2));
    if (!strcmp(op, "append")) return append(words[1], words[2], number(3), number(4));
    if (!strcmp(op, "count")) return count_under(words[1], number(2), words[3]);
    if (!strcmp(op, "move")) return move(words[1], words[2], number(3));
    if (!strcmp(op, "use")) return use(fd_of(1), words[2], words[3], number(4));
    if (!strcmp(op, "churn")) return churn(words[1], words[2], number(3));
    if (!strcmp(op, "listOften")) return list_often(words[1], words[2], number(3), number(4));
    exit(2);
}

int main(void) {
    umask(0);
    if (posix_memalign((void **)&bytes, ALIGN, BYTES)) return 3;
    static char line[2 * BYTES + 30000];
    while (fgets(line, sizeof line, stdin)) {
        int count = 0;
        hex[0] = 0;
        for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
            if (word[0] == '.' && word[1] && strspn(word + 1, "0123456789abcdef") == strlen(word + 1)) strcpy(hex, word);
            else if (count < 6) strcpy(words[count++], word);
        }
        answer[0] = 0;
        errno = 0;
        long result = call();
        printf("%d %ld %s\n", result < 0 ? errno : 0, result, answer);
        fflush(stdout);
    }
    return 0;
}
