package org.scoutfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.scoutfs.fuse.FuseOptions.Uring;
import org.scoutfs.testkit.Await;

/** Each kind of request, by the system call that makes it, on both transports. */
@ParameterizedClass
@EnumSource(
        value = Uring.class,
        names = {"ON", "OFF"})
@Timeout(180)
class FuseMountIT {
    private final Uring uring;
    private final MemoryFileSystem fileSystem = new MemoryFileSystem();

    @TempDir
    private Path temp;

    private TestMount fs;

    FuseMountIT(Uring uring) {
        this.uring = uring;
    }

    @BeforeEach
    void mount() throws IOException {
        fs = TestMount.of(temp, uring, fileSystem);
    }

    @AfterEach
    void unmount() throws IOException {
        fs.close();
    }

    private static byte[] random(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Test
    void isTiedToItsDevice() throws Exception {
        assertThat(fs.mount.type()).isEqualTo("fuseblk.scoutfs");
        assertThat(fs.mount.source()).startsWith("/dev/loop");
        assertThat(fs.run("findmnt -no SOURCE,FSTYPE .")).matches("/dev/loop\\d+ +fuseblk.scoutfs");
    }

    @Test
    void writesAndReadsBack() throws Exception {
        byte[] bytes = random(5_000_001, 1);
        Files.write(fs.path("a"), bytes);
        assertThat(Files.readAllBytes(fs.path("a"))).isEqualTo(bytes);
        fs.run("echo 3 > /proc/sys/vm/drop_caches");
        assertThat(Files.readAllBytes(fs.path("a"))).isEqualTo(bytes);
        assertThat(fs.mount.requestCounts()).containsKeys("create", "write", "read", "flush");
    }

    @Test
    void readsAndWritesWithoutThePageCache() throws Exception {
        byte[] bytes = random(3 << 20, 2);
        Path outside = Files.write(temp.resolve("outside"), bytes);
        fs.run("dd if=" + outside + " of=a bs=1M oflag=direct status=none");
        assertThat(Files.readAllBytes(fs.path("a"))).isEqualTo(bytes);
        fs.run("dd if=a of=b bs=64k iflag=direct status=none && cmp a b && cmp b " + outside);
    }

    /** In a process of its own: a page fault of this JVM would keep its own serving threads from running. */
    @Test
    void mapsFiles() throws Exception {
        fs.run("python3 -c \"import mmap; f=open('mapped','w+b'); f.truncate(100000);"
                + " m=mmap.mmap(f.fileno(),100000); m[50000]=7; m.flush()\"");
        byte[] expected = new byte[100_000];
        expected[50_000] = 7;
        assertThat(Files.readAllBytes(fs.path("mapped"))).isEqualTo(expected);
    }

    @Test
    void appendsAtTheEnd() throws Exception {
        Path file = fs.path("log");
        for (int i = 0; i < 10; i++) {
            Files.write(file, new byte[] {(byte) i}, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
        assertThat(Files.readAllBytes(file)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    }

    @Test
    void truncatesAndFindsHoles() throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(fs.path("t").toFile(), "rw")) {
            file.setLength(10_000);
            assertThat(file.length()).isEqualTo(10_000);
            file.seek(9_999);
            file.write(1);
            file.setLength(10);
        }
        assertThat(Files.size(fs.path("t"))).isEqualTo(10);
        fs.run("fallocate -l 20000 t && test $(stat -c %s t) = 20000");
        fs.run("fallocate -p -o 0 -l 4096 t && test $(stat -c %s t) = 20000");
        assertThat(fs.shell("fallocate -c -o 0 -l 4096 t").exitCode()).isNotZero();
        assertThat(fs.run("python3 -c \"import os; f=os.open('t',os.O_RDONLY);"
                        + " print(os.lseek(f,5,os.SEEK_DATA), os.lseek(f,5,os.SEEK_HOLE))\""))
                .isEqualTo("5 20000");
    }

    @Test
    void copiesInsideTheFileSystem() throws Exception {
        byte[] bytes = random(300_000, 3);
        Files.write(fs.path("from"), bytes);
        fs.run("python3 -c \"import os; a=os.open('from',os.O_RDONLY); b=os.open('to',os.O_RDWR|os.O_CREAT);"
                + " n=0\nwhile n < 300000: n += os.copy_file_range(a,b,300000-n)\"");
        assertThat(Files.readAllBytes(fs.path("to"))).isEqualTo(bytes);
        assertThat(fs.mount.requestCounts()).containsKey("copy_file_range_64");
    }

    @Test
    void namesComeAndGo() throws Exception {
        Files.createDirectory(fs.path("d"));
        Files.writeString(fs.path("d/a"), "a");
        Files.createLink(fs.path("d/b"), fs.path("d/a"));
        assertThat(fs.run("stat -c %h d/a")).isEqualTo("2");
        Files.createSymbolicLink(fs.path("d/s"), Path.of("../somewhere"));
        assertThat(Files.readSymbolicLink(fs.path("d/s"))).isEqualTo(Path.of("../somewhere"));
        Files.move(fs.path("d/b"), fs.path("moved"));
        assertThat(Files.exists(fs.path("d/b"))).isFalse();
        assertThat(Files.readString(fs.path("moved"))).isEqualTo("a");
        fs.run("mkfifo d/f && mknod d/null c 1 3 && echo x > d/null && test \"$(stat -c '%F %t %T' d/null)\" ="
                + " 'character special file 1 3'");
        assertThatThrownBy(() -> Files.createDirectory(fs.path("d"))).isInstanceOf(FileAlreadyExistsException.class);
        fs.run("mv -n moved d/a; test -e moved"); // renameat2 with NOREPLACE
        fs.run("rm -r d moved");
        assertThat(fileSystem.nameCount()).isZero();
    }

    @Test
    void longAndStrangeNames() throws Exception {
        String longest = "n".repeat(255);
        Files.writeString(fs.path(longest), "x");
        assertThat(Files.readString(fs.path(longest))).isEqualTo("x");
        assertThat(fs.shell("touch " + "n".repeat(256)).output()).contains("File name too long");
        fs.run("touch $'a\\nb\\377c' && ls -b | grep -q 'a.nb.377c'");
    }

    @Test
    void listsLargeDirectories() throws Exception {
        Path directory = Files.createDirectory(fs.path("many"));
        List<String> names =
                IntStream.range(0, 3_000).mapToObj(i -> "file-number-" + i).toList();
        for (String name : names) {
            Files.createFile(directory.resolve(name));
        }
        for (int run = 0; run < 3; run++) {
            try (Stream<Path> listed = Files.list(directory)) {
                assertThat(listed.map(path -> path.getFileName().toString()))
                        .containsExactlyInAnyOrderElementsOf(names);
            }
            if (run == 1) {
                fs.run("echo 3 > /proc/sys/vm/drop_caches");
            }
        }
        assertThat(fs.run("find many -type f -size 0 | wc -l")).isEqualTo("3000");
        assertThat(fs.mount.requestCounts()).containsKey("readdirplus").doesNotContainKey("readdir");
        fs.run("rm -r many");
    }

    @Test
    void attributesAndTimes() throws Exception {
        Path file = Files.createFile(fs.path("f"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-x--x"));
        // By touch: the JDK makes 1970 of everything earlier.
        String time = "1955-11-05T06:15:00.123456789Z";
        fs.run("touch -d " + time + " f");
        fs.run("echo 3 > /proc/sys/vm/drop_caches");
        assertThat(Files.getLastModifiedTime(file).toString()).isEqualTo(time);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-r-x--x");
        fs.run("chown 12:34 f && test \"$(stat -c '%u %g' f)\" = '12 34'");
        assertThat(Long.parseLong(fs.run("stat -c %W f"))).isPositive(); // birth time, by STATX
        assertThat(fs.mount.requestCounts()).containsKey("statx");
    }

    @Test
    void permissionsAreTheKernelsWork() throws Exception {
        Files.writeString(fs.path("secret"), "x");
        fs.run("chmod 600 secret && chmod 755 .");
        assertThat(fs.shell("setpriv --reuid 1000 --regid 1000 --clear-groups cat secret")
                        .output())
                .contains("Permission denied");
        fs.run("chmod 777 . && setpriv --reuid 1000 --regid 1000 --clear-groups touch mine && test $(stat -c %u mine) = 1000");
        assertThat(fileSystem.uidsSeen).contains(1000);
    }

    @Test
    void extendedAttributes() throws Exception {
        fs.run("touch f && setfattr -n user.a -v hello f && setfattr -n user.b -v '' f");
        assertThat(fs.run("getfattr --only-values -n user.a f")).isEqualTo("hello");
        assertThat(fs.run("getfattr -d f | grep -c user")).isEqualTo("2");
        fs.run("setfattr -x user.a f");
        assertThat(fs.shell("getfattr -n user.a f").output()).contains("No such attribute");
        assertThat(fs.run("lsattr f")).startsWith("----");
        assertThat(fs.shell("chattr +i f").output()).contains("Operation not supported");
    }

    @Test
    void fileLocks() throws Exception {
        Path file = Files.createFile(fs.path("lock"));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            try (FileLock lock = channel.lock()) {
                assertThat(lock.isValid()).isTrue();
                String command = "python3 -c \"import fcntl,sys; f=open('lock','w'); fcntl.lockf(f, fcntl.LOCK_EX%s)\"";
                assertThat(fs.shell(command.formatted("|fcntl.LOCK_NB")).output()).contains("BlockingIOError");
                Process waiter = fs.start(command.formatted(""));
                Await.that(
                        "the lock waits", TestMount.DEADLINE, () -> fs.mount.waitingRequests() == 1);
                lock.release();
                assertThat(waiter.waitFor()).isZero();
            }
        }
        fs.run("flock lock true");
        assertThat(fs.run("flock lock flock -n lock true; echo $?")).isEqualTo("1");
    }

    /** Where the mount is alone the kernel keeps file locks: no request about them comes, nor one for each close. */
    @Test
    void fileLocksOfTheKernel() throws Exception {
        try (TestMount alone = new TestMount(
                temp.resolve("alone"),
                uring,
                fileSystem,
                TestMount.NO_IOCTLS,
                options -> options.kernelLocks(true),
                () -> {})) {
            alone.run("touch lock");
            assertThat(alone.run("flock lock flock -n lock true; echo $?")).isEqualTo("1");
            assertThat(alone.run("flock lock true; flock -n lock true; echo $?")).isEqualTo("0");
            String command = "python3 -c \"import fcntl; f=open('lock','w'); fcntl.lockf(f, fcntl.LOCK_EX|fcntl.LOCK_NB)\"";
            try (FileChannel channel = FileChannel.open(alone.path("lock"), StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                assertThat(lock.isValid()).isTrue();
                assertThat(alone.shell(command).output()).contains("BlockingIOError");
            }
            alone.run(command);
            assertThat(alone.mount.requestCounts()).doesNotContainKeys("setlk", "setlkw", "getlk");
            assertThat(alone.mount.requestCounts().getOrDefault("flush", 0L)).isLessThanOrEqualTo(2);
        }
    }

    @Test
    void temporaryFilesWithoutNames() throws Exception {
        fs.run("python3 -c \"import os; f=os.open('.',os.O_TMPFILE|os.O_RDWR,0o600); os.write(f,b'x');"
                + " os.link('/proc/self/fd/%d'%f,'named',src_dir_fd=0,follow_symlinks=True)\"");
        assertThat(Files.readString(fs.path("named"))).isEqualTo("x");
    }

    @Test
    void syncReachesUs() throws Exception {
        long before = fileSystem.syncs.get();
        fs.run("sync -f .");
        assertThat(fileSystem.syncs.get()).isGreaterThan(before);
        try (FileChannel channel =
                FileChannel.open(fs.path("f"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {1}));
            channel.force(true);
        }
        assertThat(fs.mount.requestCounts()).containsKeys("syncfs", "fsync");
    }

    @Test
    void fileHandles() throws Exception {
        Files.createDirectories(fs.path("x/y"));
        Files.writeString(fs.path("x/y/z"), "found");
        Path program = TestMount.compile(temp, "handle");
        assertThat(fs.run(program + " . x/y/z")).isEqualTo("found");
    }

    @Test
    void everyReferenceComesBack() throws Exception {
        Path directory = Files.createDirectory(fs.path("many"));
        for (int i = 0; i < 500; i++) {
            Files.createFile(directory.resolve("f" + i));
        }
        fs.run("find . | wc -l");
        fs.run("rm -r many; echo 3 > /proc/sys/vm/drop_caches");
        Await.that(
                "the kernel forgets " + fileSystem.references,
                TestMount.DEADLINE,
                () -> fileSystem.forgotten.get() == fileSystem.references.get());
    }

    @Test
    void manyProcessesAtOnce() throws Exception {
        fs.run("for c in 1 2 3 4 5 6; do (mkdir c$c; for i in $(seq 150); do echo $c.$i > c$c/$i; done) & done; wait");
        for (int c = 1; c <= 6; c++) {
            for (int i = 1; i <= 150; i++) {
                assertThat(Files.readString(fs.path("c" + c + "/" + i)).strip()).isEqualTo(c + "." + i);
            }
        }
    }

    @Test
    void readsInEverySize() throws Exception {
        byte[] bytes = random(1 << 20, 4);
        Files.write(fs.path("f"), bytes);
        fs.run("echo 3 > /proc/sys/vm/drop_caches");
        Random random = new Random(5);
        try (RandomAccessFile file = new RandomAccessFile(fs.path("f").toFile(), "r")) {
            for (int i = 0; i < 300; i++) {
                int from = random.nextInt(bytes.length);
                int size = random.nextInt(bytes.length - from);
                byte[] read = new byte[size];
                file.seek(from);
                file.readFully(read);
                assertThat(Arrays.equals(read, 0, size, bytes, from, from + size)).isTrue();
            }
        }
    }
}
