/* handle ROOT PATH: gets the handle of a file, lets the kernel forget it, opens it by its handle, and prints it.
 * The handle is made shorter than the kernel's own: the inode's number alone, as programs keep it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char room[sizeof(struct file_handle) + 64] = {0}, made[sizeof(struct file_handle) + 16] = {0}, text[4096];
    struct file_handle *kernels = (struct file_handle *)room, *ours = (struct file_handle *)made;
    int mount_id, root, drop, file;
    ssize_t size;

    if (argc != 3) return 64;
    kernels->handle_bytes = 64;
    if (name_to_handle_at(AT_FDCWD, argv[2], kernels, &mount_id, 0) < 0) return perror("name_to_handle_at"), 1;
    ours->handle_bytes = 16;
    ours->handle_type = 0x81;
    memcpy(ours->f_handle, kernels->f_handle, 8);
    drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
    if (drop < 0 || write(drop, "3", 1) != 1) return perror("drop_caches"), 1;
    root = open(argv[1], O_RDONLY | O_DIRECTORY);
    file = open_by_handle_at(root, ours, O_RDONLY);
    if (file < 0) return perror("open_by_handle_at"), 1;
    size = read(file, text, sizeof text);
    if (size < 0) return perror("read"), 1;
    return fwrite(text, 1, size, stdout) == (size_t)size ? 0 : 1;
}
