/* treeread ROOT LIST: prints a line for each path of the file LIST: what lstat, the contents, the names in it and the xattrs are, as
 * numbers to compare, or which error came first. Ends with "end". */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static char buffer[1 << 20];

static uint64_t mixed(uint64_t hash, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3ULL;
    return hash;
}

static int contents(const char *path, uint64_t *hash) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) return -1;
    ssize_t n;
    while ((n = read(fd, buffer, sizeof buffer)) > 0) *hash = mixed(*hash, buffer, n);
    int error = errno;
    close(fd);
    errno = error;
    return n < 0 ? -1 : 0;
}

/* The sum of the names' hashes: their order says nothing. */
static int names(const char *path, uint64_t *hash) {
    DIR *directory = opendir(path);
    if (!directory) return -1;
    errno = 0;
    for (struct dirent *entry; (entry = readdir(directory)); errno = 0)
        *hash += mixed(entry->d_ino * 31 + entry->d_type, entry->d_name, strlen(entry->d_name));
    int error = errno;
    closedir(directory);
    errno = error;
    return error ? -1 : 0;
}

static int xattrs(const char *path, uint64_t *hash) {
    static char list[65536], value[65536];
    ssize_t size = llistxattr(path, list, sizeof list);
    if (size < 0) return -1;
    for (char *name = list; name < list + size; name += strlen(name) + 1) {
        ssize_t length = lgetxattr(path, name, value, sizeof value);
        if (length < 0) return -1;
        *hash += mixed(mixed(7, name, strlen(name)), value, length);
    }
    return 0;
}

static int describe(const char *path, struct stat *st, uint64_t *hash, uint64_t *others) {
    if (lstat(path, st)) return -1;
    if (S_ISREG(st->st_mode) && contents(path, hash)) return -1;
    if (S_ISDIR(st->st_mode) && names(path, hash)) return -1;
    if (S_ISLNK(st->st_mode)) {
        ssize_t n = readlink(path, buffer, sizeof buffer);
        if (n < 0) return -1;
        *hash = mixed(*hash, buffer, n);
    }
    return xattrs(path, others);
}

int main(int argc, char **argv) {
    if (argc != 3) return 64;
    FILE *list = fopen(argv[2], "r");
    if (!list || chdir(argv[1])) return perror(argv[1]), 1;
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, list)) > 0;) {
        line[n - 1] = 0;
        struct stat st;
        uint64_t hash = 5, others = 0;
        if (describe(line, &st, &hash, &others)) printf("%s\terror %s\n", line, strerrorname_np(errno));
        else
            printf("%s\t%o %d:%d %lu links %lld bytes %lld.%09ld %llx %llx\n", line, st.st_mode, st.st_uid, st.st_gid,
                   (unsigned long)st.st_nlink, S_ISDIR(st.st_mode) ? 0LL : (long long)st.st_size, (long long)st.st_mtime,
                   st.st_mtim.tv_nsec, (unsigned long long)hash, (unsigned long long)others);
        fflush(stdout);
    }
    puts("end");
    return 0;
}
