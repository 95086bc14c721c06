package org.scoutfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.fs.Ioctls;
import org.scoutfs.fuse.FuseOptions.Uring;
import org.scoutfs.testkit.UringParameter;

/** A mounted {@link FileSystem} for one test, on an image and a directory of its own; closing it takes all of it back. */
final class TestMount implements AutoCloseable {
    static final Duration DEADLINE = Duration.ofSeconds(60);
    static final Ioctls NO_IOCTLS = (request, ino, handle, isDirectory, command, argument, in, outSize, caller) -> {
        throw FsException.of(Errno.ENOTTY);
    };

    final Path directory;
    final Path image;
    final FuseMount mount;
    private final List<Process> processes = new ArrayList<>();
    final AtomicInteger commits = new AtomicInteger();
    final List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());

    static TestMount of(Path temp, Uring uring, FileSystem fileSystem) throws IOException {
        return new TestMount(temp, uring, fileSystem, NO_IOCTLS);
    }

    TestMount(Path temp, Uring uring, FileSystem fileSystem, Ioctls ioctls) throws IOException {
        this(temp, uring, fileSystem, ioctls, options -> options, () -> {});
    }

    /** What a test changes of the options. */
    interface Change {
        FuseOptions.Builder of(FuseOptions.Builder options);
    }

    TestMount(
            Path temp, Uring uring, FileSystem fileSystem, Ioctls ioctls, Change change, Runnable beforeCommit)
            throws IOException {
        directory = Files.createDirectories(temp.resolve("mnt"));
        image = temp.resolve("image");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(64 << 20);
        }
        FuseHooks hooks = new FuseHooks() {
            @Override
            public void lastCommit() {
                beforeCommit.run();
                commits.incrementAndGet();
            }

            @Override
            public void failed(Throwable cause) {
                failures.add(cause);
            }
        };
        // Every kind of request is tested here, so those about file locks must come.
        FuseOptions options = change.of(FuseOptions.alone(image.toString(), directory.toRealPath())
                        .uring(uring)
                        .kernelLocks(false))
                .build();
        mount = withRing(uring, () -> FuseMount.start(options, fileSystem, ioctls, hooks));
        assertThat(mount.transport()).isEqualTo(uring == Uring.ON ? "io_uring" : "/dev/fuse");
    }

    /** Something that opens a connection. */
    interface Start<T> {
        T run() throws IOException;
    }

    /** The kernel offers the ring only while its parameter says so; a kernel that has it must take it, so nothing is skipped. */
    static <T> T withRing(Uring uring, Start<T> start) throws IOException {
        if (uring != Uring.ON) {
            return start.run();
        }
        UringParameter.acquire();
        try {
            return start.run();
        } finally {
            UringParameter.release();
        }
    }

    Path path(String name) {
        return directory.resolve(name);
    }

    @Override
    public void close() throws IOException {
        // After a failed test somebody may still wait, and would keep the mount alive.
        processes.forEach(process -> process.descendants().forEach(ProcessHandle::destroyForcibly));
        processes.forEach(Process::destroyForcibly);
        mount.close();
        assertThat(failures).isEmpty();
        assertThat(commits.get()).as("last commits").isEqualTo(1);
    }

    // ---- other processes

    /** What a command printed, and how it ended. */
    record Result(int exitCode, String output) {}

    /** Runs a shell command in the mount's directory and waits for it. */
    Result shell(String command) throws Exception {
        Process process = start(command);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)).as(command).isTrue();
        return new Result(process.exitValue(), output);
    }

    /** As {@link #shell}; it has to succeed. */
    String run(String command) throws Exception {
        Result result = shell(command);
        assertThat(result.exitCode()).as("%s: %s", command, result.output()).isZero();
        return result.output().strip();
    }

    Process start(String command) throws IOException {
        Process process = new ProcessBuilder("bash", "-c", command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        processes.add(process);
        return process;
    }

    /** Compiles a C program that lies beside this class's sources. */
    static Path compile(Path temp, String name) throws Exception {
        Path program = temp.resolve(name);
        Process gcc = new ProcessBuilder(
                        "gcc",
                        "-O1",
                        "-Wall",
                        "-pthread",
                        "-o",
                        program.toString(),
                        "src/test/c/" + name + ".c")
                .redirectErrorStream(true)
                .start();
        String output = new String(gcc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(gcc.waitFor()).as(output).isZero();
        return program;
    }
}
