/* What is in files: reading, writing, holes, preallocation, mappings. */
#include "posix.h"

static char *buffer(size_t size, uint64_t seed) {
    char *bytes = NULL;
    if (posix_memalign((void **)&bytes, 4096, size)) abort();
    pattern(bytes, size, seed);
    return bytes;
}

static void expect_bytes(int fd, off_t offset, const char *bytes, size_t size) {
    char *got = buffer(size, 1);
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(fd, got + done, size - done, offset + done);
        if (n <= 0) fail(__FILE__, __LINE__, "read of %zu at %lld: %zd %s", size, (long long)offset, n, strerror(errno));
        done += n;
    }
    for (size_t i = 0; i < size; i++)
        if (got[i] != (bytes ? bytes[i] : 0))
            fail(__FILE__, __LINE__, "wrong byte at %lld: expected %02x, got %02x", (long long)(offset + i),
                 (unsigned char)(bytes ? bytes[i] : 0), (unsigned char)got[i]);
    free(got);
}

/* The kernel keeps writes back: it knows of no holes, and looks at the blocks of a file again when somebody closes it. */
static int writes_are_kept_back(void) {
    return !strcmp(target, "scoutfs-writeback");
}

static long blocks_after_sync(int fd) {
    struct stat st;
    OK(fsync(fd));
    if (writes_are_kept_back()) OK(close(OK(dup(fd))));
    OK(fstat(fd, &st));
    return st.st_blocks;
}

static off_t size_of(int fd) {
    struct stat st;
    OK(fstat(fd, &st));
    return st.st_size;
}

CASE(write_and_read_at_odd_places) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    size_t sizes[] = {1, 511, 512, 513, 4095, 4096, 4097, 65535, 65537, 1 << 20, (1 << 20) + 1};
    char *model = calloc(1, 8 << 20);
    size_t end = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (off_t offset = 0; offset < 6 << 20; offset += 1234567 + i * 77) {
            char *bytes = buffer(sizes[i], i * 1000 + offset);
            EQ(pwrite(fd, bytes, sizes[i], offset), sizes[i]);
            memcpy(model + offset, bytes, sizes[i]);
            if (offset + sizes[i] > end) end = offset + sizes[i];
            free(bytes);
        }
        EQ(size_of(fd), end);
        expect_bytes(fd, 0, model, end);
    }
    OK(fsync(fd));
    OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
    expect_bytes(fd, 0, model, end);
    char one;
    EQ(pread(fd, &one, 1, end), 0);
    EQ(pread(fd, &one, 1, end + 100000), 0);
}

CASE(vectors_and_zero_sizes) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    struct iovec parts[] = {{"abc", 3}, {"", 0}, {"defg", 4}};
    EQ(writev(fd, parts, 3), 7);
    EQ(write(fd, "", 0), 0);
    EQ(pwritev(fd, parts, 3, 10), 7);
    expect_bytes(fd, 0, "abcdefg\0\0\0abcdefg", 17);
    EQ(read(fd, NULL, 0), 0);
}

CASE(append_goes_to_the_end) {
    int fd = OK(open("f", O_CREAT | O_RDWR | O_APPEND, 0644));
    int other = OK(open("f", O_WRONLY));
    EQ(write(fd, "aaa", 3), 3);
    EQ(pwrite(other, "bbb", 3, 5), 3);
    EQ(write(fd, "ccc", 3), 3);
    expect_bytes(fd, 0, "aaa\0\0bbbccc", 11);
    OK(ftruncate(other, 2));
    EQ(write(fd, "d", 1), 1);
    expect_text("f", "aad");
}

CASE(appends_of_many_do_not_overlap) {
    pid_t pids[4];
    OK(make_file("log", "", 0644));
    for (int client = 0; client < 4; client++) {
        CHILD(pids[client]) {
            int fd = OK(open("log", O_WRONLY | O_APPEND));
            char line[101];
            memset(line, 'a' + client, 100);
            line[99] = '\n';
            for (int i = 0; i < 250; i++) EQ(write(fd, line, 100), 100);
        }
    }
    for (int client = 0; client < 4; client++) join(pids[client]);
    int fd = OK(open("log", O_RDONLY));
    char line[100];
    int counts[4] = {0};
    while (read(fd, line, 100) == 100) {
        for (int i = 1; i < 99; i++) EQ(line[i], line[0]);
        counts[line[0] - 'a']++;
    }
    for (int client = 0; client < 4; client++) EQ(counts[client], 250);
    EQ(size_of(fd), 100000);
}

CASE(truncate_down_and_up_leaves_zeroes) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    char *bytes = buffer(100000, 3);
    int sizes[] = {99999, 4097, 4096, 4095, 1, 0};
    for (int i = 0; i < 6; i++) {
        EQ(pwrite(fd, bytes, 100000, 0), 100000);
        OK(ftruncate(fd, sizes[i]));
        EQ(size_of(fd), sizes[i]);
        OK(ftruncate(fd, 100000));
        expect_bytes(fd, 0, bytes, sizes[i]);
        expect_bytes(fd, sizes[i], NULL, 100000 - sizes[i]);
    }
    OK(truncate("f", 5));
    OK(fsync(fd));
    OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
    OK(truncate("f", 50000));
    expect_bytes(fd, 5, NULL, 49995);
    FAILS(EINVAL, truncate("f", -1));
    FAILS(EINVAL, ftruncate(OK(open("f", O_RDONLY)), 0));
    FAILS(EISDIR, truncate(".", 0));
}

CASE(truncate_frees_blocks) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    char *bytes = buffer(1 << 20, 3);
    EQ(write(fd, bytes, 1 << 20), 1 << 20);
    EQ(blocks_after_sync(fd), 2048);
    OK(ftruncate(fd, 4096));
    EQ(blocks_after_sync(fd), 8);
    OK(ftruncate(fd, 0));
    EQ(blocks_after_sync(fd), 0);
}

CASE(open_truncating) {
    OK(make_file("f", "something", 0644));
    OK(close(OK(open("f", O_WRONLY | O_TRUNC))));
    EQ(stat_of("f").st_size, 0);
    OK(close(OK(open("f", O_CREAT | O_TRUNC | O_WRONLY, 0600))));
    EQ(stat_of("f").st_mode & 07777, 0644);
}

CASE(sparse_files_far_out) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    off_t far = 1LL << 40;
    EQ(pwrite(fd, "end", 3, far), 3);
    EQ(size_of(fd), far + 3);
    EQ(blocks_after_sync(fd), 8);
    expect_bytes(fd, far - 5, "\0\0\0\0\0end", 8);
    expect_bytes(fd, 123456789, NULL, 100);
    if (writes_are_kept_back()) return;
    EQ(lseek(fd, 0, SEEK_DATA), far);
    EQ(lseek(fd, 0, SEEK_HOLE), 0);
    EQ(lseek(fd, far, SEEK_HOLE), far + 3);
}

CASE(seek_data_and_hole) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    char *bytes = buffer(65536, 4);
    EQ(pwrite(fd, bytes, 65536, 1 << 20), 65536);
    EQ(pwrite(fd, bytes, 65536, 3 << 20), 65536);
    if (writes_are_kept_back()) {
        /* What it has not sent yet must not be taken for a hole. */
        EQ(lseek(fd, 1 << 20, SEEK_DATA), 1 << 20);
        EQ(lseek(fd, 0, SEEK_DATA), 0);
        EQ(lseek(fd, 0, SEEK_HOLE), (3 << 20) + 65536);
        FAILS(ENXIO, lseek(fd, (3 << 20) + 65536, SEEK_DATA));
        return;
    }
    for (int synced = 0; synced < 2; synced++) {
        EQ(lseek(fd, 0, SEEK_DATA), 1 << 20);
        EQ(lseek(fd, 1 << 20, SEEK_HOLE), (1 << 20) + 65536);
        EQ(lseek(fd, (1 << 20) + 70000, SEEK_DATA), 3 << 20);
        EQ(lseek(fd, 3 << 20, SEEK_HOLE), (3 << 20) + 65536);
        FAILS(ENXIO, lseek(fd, (3 << 20) + 65536, SEEK_DATA));
        FAILS(ENXIO, lseek(fd, (3 << 20) + 65536, SEEK_HOLE));
        OK(ftruncate(fd, 4 << 20));
        FAILS(ENXIO, lseek(fd, (3 << 20) + 65536, SEEK_DATA));
        EQ(lseek(fd, (3 << 20) + 65536, SEEK_HOLE), (3 << 20) + 65536);
        OK(ftruncate(fd, (3 << 20) + 65536));
        OK(fsync(fd));
    }
    FAILS(EINVAL, lseek(fd, -1, SEEK_SET));
    FAILS(EINVAL, lseek(fd, 0, 99));
}

CASE(fallocate_reserves) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    /* In scoutfs, as in the original, what is only preallocated does not count in st_blocks. */
    int counted = strncmp(target, "scoutfs", 7) != 0;
    OK(fallocate(fd, 0, 0, 1 << 20));
    EQ(size_of(fd), 1 << 20);
    EQ(stat_of("f").st_blocks, counted ? 2048 : 0);
    expect_bytes(fd, 0, NULL, 1 << 20);
    OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 1 << 20, 1 << 20));
    EQ(size_of(fd), 1 << 20);
    EQ(stat_of("f").st_blocks, counted ? 4096 : 0);
    char *bytes = buffer(5000, 9);
    EQ(pwrite(fd, bytes, 5000, 3000), 5000);
    OK(fsync(fd));
    OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
    expect_bytes(fd, 3000, bytes, 5000);
    expect_bytes(fd, 0, NULL, 3000);
    expect_bytes(fd, 8000, NULL, 100000);
    OK(fsync(fd));
    EQ(stat_of("f").st_blocks, counted ? 4096 : 16);
    OK(fallocate(fd, 0, 0, 3 << 20));
    EQ(size_of(fd), 3 << 20);
    expect_bytes(fd, 3000, bytes, 5000);
}

CASE(fallocate_punches_and_zeroes) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    char *bytes = buffer(1 << 20, 5);
    EQ(write(fd, bytes, 1 << 20), 1 << 20);
    OK(fsync(fd));
    OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8192, 16384));
    memset(bytes + 8192, 0, 16384);
    expect_bytes(fd, 0, bytes, 1 << 20);
    OK(fsync(fd));
    EQ(stat_of("f").st_blocks, 2048 - 32);
    if (!writes_are_kept_back()) EQ(lseek(fd, 0, SEEK_HOLE), 8192);
    OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100001, 33333));
    memset(bytes + 100001, 0, 33333);
    expect_bytes(fd, 0, bytes, 1 << 20);
    OK(fallocate(fd, FALLOC_FL_ZERO_RANGE, 300001, 44444));
    memset(bytes + 300001, 0, 44444);
    expect_bytes(fd, 0, bytes, 1 << 20);
    OK(fallocate(fd, FALLOC_FL_ZERO_RANGE, (1 << 20) - 10, 5000));
    EQ(size_of(fd), (1 << 20) - 10 + 5000);
    OK(fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 1 << 20, 1 << 20));
    EQ(size_of(fd), (1 << 20) - 10 + 5000);
    OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1 << 22, 4096));
    EQ(size_of(fd), (1 << 20) - 10 + 5000);
    OK(fsync(fd));
    OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
    memset(bytes + (1 << 20) - 10, 0, 10);
    expect_bytes(fd, 0, bytes, 1 << 20);
    FAILS(EINVAL, fallocate(fd, 0, 0, 0));
    FAILS(EINVAL, fallocate(fd, 0, -1, 10));
    FAILS(EOPNOTSUPP, fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096));
    FAILS(EBADF, fallocate(OK(open("f", O_RDONLY)), 0, 0, 10));
}

CASE(direct_io) {
    int fd = open("f", O_CREAT | O_RDWR | O_DIRECT, 0644);
    if (fd < 0 && errno == EINVAL) fail(__FILE__, __LINE__, "no O_DIRECT");
    char *bytes = buffer(1 << 20, 6);
    EQ(pwrite(fd, bytes, 1 << 20, 0), 1 << 20);
    expect_bytes(fd, 0, bytes, 1 << 20);
    int cached = OK(open("f", O_RDWR));
    expect_bytes(cached, 0, bytes, 1 << 20);
    char *other = buffer(8192, 7);
    EQ(pwrite(fd, other, 8192, 4096), 8192);
    memcpy(bytes + 4096, other, 8192);
    expect_bytes(cached, 0, bytes, 1 << 20);
    EQ(pwrite(cached, "hello", 5, 10), 5);
    memcpy(bytes + 10, "hello", 5);
    expect_bytes(fd, 0, bytes, 4096);
}

CASE(synchronous_writes) {
    int fd = OK(open("f", O_CREAT | O_RDWR | O_SYNC, 0644));
    EQ(write(fd, "sync", 4), 4);
    int data = OK(open("f", O_RDWR | O_DSYNC));
    EQ(pwrite(data, "data", 4, 4), 4);
    expect_text("f", "syncdata");
    OK(fdatasync(fd));
    OK(syncfs(fd));
    int directory = OK(open(".", O_RDONLY));
    OK(fsync(directory));
    OK(fdatasync(directory));
    sync();
}

CASE(mappings_shared_and_private) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    OK(ftruncate(fd, 3 * 4096 + 100));
    char *shared = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TRUE(shared != MAP_FAILED);
    char *private = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    TRUE(private != MAP_FAILED);
    pattern(shared, 3 * 4096, 11);
    EQ(private[100], shared[100]);
    private[100] ^= 1;
    TRUE(private[100] != shared[100]);
    expect_bytes(fd, 0, shared, 3 * 4096);
    EQ(pwrite(fd, "written", 7, 5000), 7);
    TRUE(!memcmp(shared + 5000, "written", 7));
    memcpy(shared + 3 * 4096, "tail", 4);
    OK(msync(shared, 4 * 4096, MS_SYNC));
    expect_bytes(fd, 3 * 4096, "tail", 4);
    OK(munmap(shared, 4 * 4096));
    OK(fsync(fd));
    OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
    expect_bytes(fd, 3 * 4096, "tail", 4);
    expect_bytes(fd, 5000, "written", 7);
    EQ(size_of(fd), 3 * 4096 + 100);
}

CASE(mapping_lives_after_close_and_unlink) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    OK(ftruncate(fd, 8192));
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TRUE(map != MAP_FAILED);
    OK(close(fd));
    OK(unlink("f"));
    pattern(map, 8192, 12);
    OK(msync(map, 8192, MS_SYNC));
    OK(munmap(map, 8192));
}

static void on_bus_error(int number) {
    (void)number;
    _exit(77);
}

CASE(mapping_beyond_the_end_is_a_bus_error) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    OK(ftruncate(fd, 4096));
    char *map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
    TRUE(map != MAP_FAILED);
    pid_t pid = OK(fork());
    if (pid == 0) {
        signal(SIGBUS, on_bus_error);
        _exit(*(volatile char *)(map + 4096));
    }
    int status;
    OK(waitpid(pid, &status, 0));
    TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 77);
}

CASE(programs_run_from_here) {
    pid_t pid;
    int from = OK(open("/bin/true", O_RDONLY)), to = OK(open("true", O_CREAT | O_WRONLY, 0755));
    char *bytes = malloc(1 << 20);
    for (ssize_t n; (n = OK(read(from, bytes, 1 << 20))) > 0;) EQ(write(to, bytes, n), n);
    FAILS(ETXTBSY, execl("./true", "true", (char *)NULL));
    OK(close(to));
    CHILD(pid) OK(execl("./true", "true", (char *)NULL));
    join(pid);
    OK(chmod("true", 0644));
    FAILS(EACCES, execl("./true", "true", (char *)NULL));
}

CASE(copy_file_range_copies) {
    int from = OK(open("a", O_CREAT | O_RDWR, 0644)), to = OK(open("b", O_CREAT | O_RDWR, 0644));
    char *bytes = buffer(300000, 8);
    EQ(write(from, bytes, 300000), 300000);
    off64_t in = 1000, out = 77;
    size_t left = 250000;
    while (left > 0) left -= OK(copy_file_range(from, &in, to, &out, left, 0));
    expect_bytes(to, 77, bytes + 1000, 250000);
    expect_bytes(to, 0, NULL, 77);
    EQ(size_of(to), 250077);
    in = 300000;
    EQ(copy_file_range(from, &in, to, &out, 10, 0), 0);
    in = 0, out = 100;
    FAILS(EINVAL, copy_file_range(from, &in, from, &out, 1000, 0));
    in = 0, out = 400000;
    left = 300000;
    while (left > 0) left -= OK(copy_file_range(from, &in, from, &out, left, 0));
    expect_bytes(from, 400000, bytes, 300000);
    FAILS(EBADF, copy_file_range(from, &in, OK(open("b", O_RDONLY)), &out, 10, 0));
}

CASE(largest_size_and_beyond) {
    int fd = OK(open("f", O_CREAT | O_RDWR, 0644));
    FAILS(EINVAL, pwrite(fd, "x", 1, INT64_MAX));
    /* The last byte that a file can have: some file systems end earlier. */
    if (pwrite(fd, "x", 1, INT64_MAX - 1) == 1) {
        EQ(size_of(fd), INT64_MAX);
        OK(ftruncate(fd, 0));
    } else EQ(errno, EFBIG);
    struct rlimit { unsigned long now, max; } limit = {8192, 8192};
    signal(SIGXFSZ, SIG_IGN);
    OK(syscall(SYS_setrlimit, 1, &limit));
    EQ(pwrite(fd, repeat('x', 10000), 10000, 0), 8192);
    FAILS(EFBIG, pwrite(fd, "x", 1, 8192));
    FAILS(EFBIG, ftruncate(fd, 9000));
}

CASE(wrong_descriptors) {
    int reader = OK(open("f", O_CREAT | O_RDONLY, 0644)), writer = OK(open("f", O_WRONLY));
    char byte;
    FAILS(EBADF, write(reader, "x", 1));
    FAILS(EBADF, read(writer, &byte, 1));
    FAILS(EISDIR, read(OK(open(".", O_RDONLY)), &byte, 1));
    FAILS(EISDIR, open(".", O_WRONLY));
    FAILS(EFAULT, syscall(SYS_write, writer, 16L, 10L));
    EQ(stat_of("f").st_size, 0);
    FAILS(EBADF, fsync(999));
}

CASE(file_written_by_many_and_read_by_many) {
    OK(make_file("f", "", 0644));
    pid_t pids[6];
    for (int client = 0; client < 3; client++) {
        CHILD(pids[client]) {
            int fd = OK(open("f", O_RDWR));
            char block[4096];
            for (int i = 0; i < 300; i++) {
                off_t at = (i * 3 + client) * 4096LL;
                memset(block, 'A' + client, sizeof block);
                EQ(pwrite(fd, block, sizeof block, at), sizeof block);
                expect_bytes(fd, at, block, sizeof block);
            }
        }
    }
    for (int client = 3; client < 6; client++) {
        CHILD(pids[client]) {
            int fd = OK(open("f", O_RDONLY));
            char block[4096];
            for (int i = 0; i < 600; i++) {
                ssize_t n = OK(pread(fd, block, sizeof block, (i % 900) * 4096LL));
                for (ssize_t j = 1; j < n; j++) TRUE(block[j] == 0 || (block[j] >= 'A' && block[j] <= 'C'));
            }
        }
    }
    for (int client = 0; client < 6; client++) join(pids[client]);
    EQ(stat_of("f").st_size, 900 * 4096);
}
