package org.scoutfs.systemtest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A control group with a limit on the memory of what runs in it: their own, and what the kernel caches for them. */
final class MemoryGroup implements AutoCloseable {
    private static final Path UNIFIED = Path.of("/sys/fs/cgroup/cgroup.controllers");

    private final Path directory;
    private final boolean isUnified;

    private MemoryGroup(Path directory, boolean isUnified) {
        this.directory = directory;
        this.isUnified = isUnified;
    }

    /** Empty where this host lets nobody make one, as in most containers. */
    static Optional<MemoryGroup> create(String name, long bytes) {
        boolean isUnified = Files.exists(UNIFIED);
        Path parent = isUnified ? UNIFIED.getParent() : Path.of("/sys/fs/cgroup/memory");
        Path directory = parent.resolve("scoutfs-it-" + name);
        try {
            if (isUnified) {
                Files.writeString(parent.resolve("cgroup.subtree_control"), "+memory");
            }
            Files.deleteIfExists(directory); // a killed run's
            Files.createDirectory(directory);
        } catch (IOException notHere) {
            System.out.println("[memory] no control group: " + notHere);
            return Optional.empty();
        }
        MemoryGroup group = new MemoryGroup(directory, isUnified);
        try {
            Files.writeString(directory.resolve(isUnified ? "memory.max" : "memory.limit_in_bytes"), Long.toString(bytes));
        } catch (IOException e) {
            group.close();
            throw new UncheckedIOException(e);
        }
        return Optional.of(group);
    }

    /** The words of a command that runs another one in the group. */
    List<String> prefix() {
        return List.of("bash", "-c", "echo $$ >" + directory.resolve("cgroup.procs") + " && exec \"$@\"", "bash");
    }

    /** How many processes of the group the kernel has killed for want of memory. */
    long killed() throws IOException {
        return Files.readAllLines(directory.resolve(isUnified ? "memory.events" : "memory.oom_control")).stream()
                .filter(line -> line.startsWith("oom_kill "))
                .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(' ') + 1)))
                .sum();
    }

    /** Most bytes that the group ever had; -1 where the kernel does not say. */
    long highest() throws IOException {
        Path file = directory.resolve(isUnified ? "memory.peak" : "memory.max_usage_in_bytes");
        return Files.exists(file) ? Long.parseLong(Files.readString(file).strip()) : -1;
    }

    /** After everything in it has ended. */
    @Override
    public void close() {
        try {
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
