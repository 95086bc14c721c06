package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.scoutfs.testkit.Await;

/** A scoutfs volume in a sparse image, worked with by the launcher. */
final class ScoutfsTarget implements Target {
    private static final Path LAUNCHER = Path.of("scoutfs").toAbsolutePath();

    private final Path directory;
    private final Path image;
    private final Path root;
    private final Transport transport;

    ScoutfsTarget(String name, long bytes, Transport transport) {
        this.directory = SystemTests.directory(name);
        this.image = directory.resolve("volume.img");
        this.root = directory.resolve("mnt");
        this.transport = transport;
        Transport.enable();
        try {
            Files.createDirectories(root);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cli("mkfs", "--size", bytes / (1 << 20) + "M", image).mustSucceed();
    }

    /** Runs one subcommand of the launcher. */
    static Command.Result cli(Object... words) {
        return run(List.of(), words);
    }

    private static Command.Result run(List<String> prefix, Object... words) {
        List<Object> all = new ArrayList<>(prefix);
        all.add(LAUNCHER);
        all.addAll(List.of(words));
        return Command.of(all.toArray()).with("SCOUTFS_NO_BUILD", "1").run();
    }

    static Path launcher() {
        return LAUNCHER;
    }

    Path image() {
        return image;
    }

    @Override
    public String kind() {
        return "scoutfs";
    }

    @Override
    public Path root() {
        return root;
    }

    @Override
    public void mount(String... options) {
        mountWith(List.of(), options);
    }

    /** @param prefix words of a command that runs the one that is appended to it */
    void mountWith(List<String> prefix, String... options) {
        String all = transport.option() + (options.length == 0 ? "" : "," + String.join(",", options));
        run(prefix, "mount", "-o", all, image, root).mustSucceed();
        assertThat(isMounted()).as("mount came back, and " + root + " is a mount point").isTrue();
    }

    @Override
    public void unmount() {
        cli("umount", root).mustSucceed();
        assertThat(isMounted()).as(root + " is mounted after umount").isFalse();
        assertThat(processes()).as("processes after umount").isEmpty();
    }

    @Override
    public boolean isMounted() {
        return Leftovers.mountsBelow(root).contains(root);
    }

    @Override
    public void check() {
        cli("check", image).mustSucceed();
    }

    /** The mount's processes: those whose command line names the mount point. */
    List<ProcessHandle> processes() {
        return Leftovers.processesNaming(root);
    }

    @Override
    public void kill() {
        List<ProcessHandle> processes = processes();
        assertThat(processes).as("the process of a mount").isNotEmpty();
        for (ProcessHandle process : processes) {
            process.destroyForcibly();
        }
        Await.that("the process is gone", Duration.ofSeconds(60), () -> processes().isEmpty());
    }

    @Override
    public void close() {
        try {
            if (isMounted()) {
                Command.of(LAUNCHER, "umount", root).within(Duration.ofSeconds(60)).run();
            }
        } finally {
            Leftovers.cleanUp(directory);
            Transport.disable();
        }
    }
}
