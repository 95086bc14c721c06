/* A file system with one file, which is the image that it is told, until the file FAIL exists: from then on each read, write and flush
 * of it fails with EIO, as on a host that lost its way to a shared device. It speaks to the kernel by itself; one thread, one request at a
 * time.
 *
 * usage: faultydevice IMAGE DIRECTORY FAIL; ends when DIRECTORY is unmounted. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE_MAX = 1 << 20, ROOM = WRITE_MAX + 65536, FILE_NODE = 2 };

static int device, image;
static const char *fail;

static void reply(const struct fuse_in_header *to, int error, const void *payload, size_t size) {
    struct fuse_out_header header = {.len = (uint32_t)(sizeof header + (error ? 0 : size)), .error = -error, .unique = to->unique};
    struct iovec parts[] = {{&header, sizeof header}, {(void *)payload, error ? 0 : size}};
    /* ENOENT: who asked was interrupted. */
    if (writev(device, parts, 2) < 0 && errno != ENOENT && errno != ENODEV) perror("faultydevice: reply");
}

static void attributes(struct fuse_attr *attr, uint64_t node) {
    struct stat st;
    memset(attr, 0, sizeof *attr);
    attr->ino = node;
    attr->mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0600;
    attr->nlink = 1;
    attr->blksize = 4096;
    if (node == FILE_NODE && fstat(image, &st) == 0) attr->size = (uint64_t)st.st_size, attr->blocks = attr->size / 512;
}

static int transfer(int isWrite, char *bytes, size_t size, off_t offset) {
    for (size_t done = 0; done < size;) {
        ssize_t some = isWrite ? pwrite(image, bytes + done, size - done, offset + (off_t)done)
                               : pread(image, bytes + done, size - done, offset + (off_t)done);
        if (some < 0) return errno;
        if (some == 0) memset(bytes + done, 0, size - done), some = (ssize_t)(size - done);
        done += (size_t)some;
    }
    return 0;
}

static void serve(char *request, char *bytes) {
    struct fuse_in_header *in = (struct fuse_in_header *)request;
    void *body = request + sizeof *in;
    int isGone = access(fail, F_OK) == 0;
    switch (in->opcode) {
    case FUSE_INIT: {
        struct fuse_init_in *init = body;
        struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION, .minor = init->minor < FUSE_KERNEL_MINOR_VERSION ? init->minor : FUSE_KERNEL_MINOR_VERSION,
            .max_readahead = 0, .flags = FUSE_BIG_WRITES | FUSE_MAX_PAGES | FUSE_INIT_EXT, .max_background = 16, .congestion_threshold = 12,
            .max_write = WRITE_MAX, .time_gran = 1, .max_pages = WRITE_MAX / 4096};
        return reply(in, 0, &out, sizeof out);
    }
    case FUSE_LOOKUP: {
        struct fuse_entry_out out = {.nodeid = FILE_NODE, .attr_valid = 3600, .entry_valid = 3600};
        attributes(&out.attr, FILE_NODE);
        return reply(in, strcmp(body, "device") ? ENOENT : 0, &out, sizeof out);
    }
    case FUSE_GETATTR: {
        struct fuse_attr_out out = {.attr_valid = 3600};
        attributes(&out.attr, in->nodeid);
        return reply(in, 0, &out, sizeof out);
    }
    case FUSE_OPEN: {
        struct fuse_open_out out = {.open_flags = FOPEN_DIRECT_IO};
        return reply(in, 0, &out, sizeof out);
    }
    case FUSE_READ: {
        struct fuse_read_in *read = body;
        int error = isGone ? EIO : transfer(0, bytes, read->size, (off_t)read->offset);
        return reply(in, error, bytes, read->size);
    }
    case FUSE_WRITE: {
        struct fuse_write_in *write = body;
        memcpy(bytes, (char *)body + sizeof *write, write->size); /* aligned, for an image that is open for direct I/O */
        struct fuse_write_out out = {.size = write->size};
        return reply(in, isGone ? EIO : transfer(1, bytes, write->size, (off_t)write->offset), &out, sizeof out);
    }
    case FUSE_FSYNC: return reply(in, isGone ? EIO : fdatasync(image) ? errno : 0, NULL, 0);
    case FUSE_FLUSH:
    case FUSE_RELEASE: return reply(in, 0, NULL, 0);
    case FUSE_STATFS: {
        struct fuse_statfs_out out = {.st = {.bsize = 4096, .namelen = 255}};
        return reply(in, 0, &out, sizeof out);
    }
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT: return;
    default: return reply(in, ENOSYS, NULL, 0);
    }
}

int main(int argc, char **argv) {
    if (argc != 4) return 64;
    fail = argv[3];
    char *request, *bytes, options[100];
    if (posix_memalign((void **)&request, 4096, ROOM) || posix_memalign((void **)&bytes, 4096, ROOM)) return 3;
    image = open(argv[1], O_RDWR | O_DIRECT);
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (image < 0 || device < 0) return perror("faultydevice: open"), 1;
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", device);
    if (mount("faultydevice", argv[2], "fuse.faulty", MS_NOSUID | MS_NODEV, options)) return perror("faultydevice: mount"), 1;
    for (;;) {
        ssize_t size = read(device, request, ROOM);
        if (size < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT)) continue;
        if (size < 0) return errno == ENODEV ? 0 : (perror("faultydevice: read"), 1);
        serve(request, bytes);
    }
}
