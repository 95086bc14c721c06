/* usage: handles get MOUNT PATH...      prints a handle per path, in hex
 *        handles cat MOUNT HANDLE       opens it by that and copies it to standard output
 *        handles list MOUNT HANDLE      the same of a directory's names */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct handle {
    struct file_handle head;
    unsigned char bytes[MAX_HANDLE_SZ];
};

static int fail(const char *what) {
    printf("%s: %s\n", what, strerror(errno));
    return 1;
}

int main(int argc, char **argv) {
    if (argc < 4) return 64;
    int mount = open(argv[2], O_RDONLY | O_DIRECTORY);
    if (mount < 0) return fail(argv[2]);
    for (int i = 3; i < argc; i++) {
        struct handle handle = {.head.handle_bytes = MAX_HANDLE_SZ};
        if (!strcmp(argv[1], "get")) {
            int id;
            if (name_to_handle_at(mount, argv[i], &handle.head, &id, 0)) return fail(argv[i]);
            printf("%d:", handle.head.handle_type);
            for (unsigned b = 0; b < handle.head.handle_bytes; b++) printf("%02x", handle.head.f_handle[b]);
            printf("\n");
            continue;
        }
        char *hex = strchr(argv[i], ':') + 1;
        handle.head.handle_type = atoi(argv[i]);
        handle.head.handle_bytes = strlen(hex) / 2;
        for (unsigned b = 0; b < handle.head.handle_bytes; b++) {
            unsigned value;
            sscanf(hex + 2 * b, "%2x", &value);
            handle.head.f_handle[b] = value;
        }
        int fd = open_by_handle_at(mount, &handle.head, O_RDONLY);
        if (fd < 0) return fail(argv[i]);
        if (!strcmp(argv[1], "cat")) {
            char buffer[4096];
            for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;)
                if (fwrite(buffer, 1, n, stdout) != (size_t)n) return 1;
        } else {
            DIR *directory = fdopendir(fd);
            for (struct dirent *entry; (entry = readdir(directory));)
                if (entry->d_name[0] != '.') printf("%s\n", entry->d_name);
        }
    }
    return 0;
}
