/* fill DIR COUNT: creates COUNT files below DIR, 10,000 in each directory, a tenth of them with 5,000 bytes; reads them back by path,
 * and says how many there were. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PER_DIRECTORY = 10000, BYTES = 5000 };

static void die(const char *what, const char *name) {
    fprintf(stderr, "fill: %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static void nameOf(char *name, size_t size, const char *dir, long file) {
    snprintf(name, size, "%s/d%ld/f%ld", dir, file / PER_DIRECTORY, file);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: fill DIR COUNT\n");
        return 64;
    }
    long count = atol(argv[2]);
    char name[4096], bytes[BYTES], found[BYTES];
    for (long i = 0; i < count; i++) {
        if (i % PER_DIRECTORY == 0) {
            snprintf(name, sizeof name, "%s/d%ld", argv[1], i / PER_DIRECTORY);
            if (mkdir(name, 0755)) die("mkdir", name);
        }
        nameOf(name, sizeof name, argv[1], i);
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
        if (fd < 0) die("create", name);
        memset(bytes, (int)i, BYTES);
        if (i % 10 == 0 && write(fd, bytes, BYTES) != BYTES) die("write", name);
        if (close(fd)) die("close", name);
    }
    sync();
    for (long i = 0; i < count; i++) {
        struct stat st;
        nameOf(name, sizeof name, argv[1], i);
        if (stat(name, &st)) die("stat", name);
        if (st.st_size != (i % 10 ? 0 : BYTES)) die("wrong size of", name);
        if (i % 10) continue;
        int fd = open(name, O_RDONLY);
        if (fd < 0) die("open", name);
        memset(bytes, (int)i, BYTES);
        if (read(fd, found, BYTES) != BYTES || memcmp(bytes, found, BYTES)) die("wrong bytes in", name);
        close(fd);
    }
    printf("%ld files\n", count);
    return 0;
}
