package org.scoutfs.systemtest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the system tests share: their directory, and the C programs that they compile once. */
final class SystemTests {
    /** One per checkout, so that two builds on one host do not clean up after each other. Not below target: clean walks that. */
    private static final Path BASE =
            Path.of("/tmp/scoutfs-it-" + Integer.toHexString(Path.of("").toAbsolutePath().hashCode()));

    private static final Map<String, Path> PROGRAMS = new ConcurrentHashMap<>();

    static {
        Leftovers.cleanUp(BASE);
        ClusterNetwork.cleanUp();
    }

    private SystemTests() {}

    static Path base() {
        return BASE;
    }

    /** A directory that nothing of an earlier test is in. */
    static Path directory(String name) {
        Path directory = BASE.resolve(name);
        Leftovers.cleanUp(directory);
        return directory;
    }

    /** Compiles all C files of a folder of {@code src/test/c} (or one file) into one program. */
    static Path program(String name) {
        return PROGRAMS.computeIfAbsent(name, SystemTests::compile);
    }

    private static Path compile(String name) {
        Path folder = Path.of("src/test/c", name);
        Path program = Path.of("target/c", name).toAbsolutePath();
        List<Object> words = new ArrayList<>(List.of(
                "gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-format-truncation", "-pthread", "-o", program));
        try (var files = Files.isDirectory(folder)
                ? Files.list(folder)
                : java.util.stream.Stream.of(Path.of("src/test/c", name + ".c"))) {
            files.filter(file -> file.toString().endsWith(".c")).sorted().forEach(words::add);
            Files.createDirectories(program.getParent());
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        Command.of(words.toArray()).within(Duration.ofMinutes(2)).run().mustSucceed();
        return program;
    }
}
