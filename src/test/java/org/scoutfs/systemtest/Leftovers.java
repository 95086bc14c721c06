package org.scoutfs.systemtest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.scoutfs.testkit.Await;

/** What mounts leave behind on a host, and how to get rid of it: mount points, processes, loop devices. */
final class Leftovers {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Leftovers() {}

    /** Mount points at or below a directory, deepest first. */
    static List<Path> mountsBelow(Path directory) {
        List<Path> found = new ArrayList<>();
        for (String line : readLines(Path.of("/proc/self/mountinfo"))) {
            Path mount = Path.of(line.split(" ")[4].replace("\\040", " "));
            if (mount.startsWith(directory)) {
                found.add(mount);
            }
        }
        found.sort(Comparator.comparing(Path::getNameCount).reversed());
        return found;
    }

    /** Processes whose command line names something below a directory, except this one and its ancestors. */
    static List<ProcessHandle> processesNaming(Path directory) {
        List<Long> own = new ArrayList<>();
        for (ProcessHandle one = ProcessHandle.current(); one != null; one = one.parent().orElse(null)) {
            own.add(one.pid());
        }
        List<ProcessHandle> found = new ArrayList<>();
        ProcessHandle.allProcesses().forEach(process -> {
            if (!own.contains(process.pid()) && isBelow(commandLine(process.pid()), directory)) {
                found.add(process);
            }
        });
        return found;
    }

    /** Whether a text names the directory or something in it, and not only another one whose name begins alike. */
    private static boolean isBelow(String text, Path directory) {
        String name = directory.toString();
        for (int at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
            int end = at + name.length();
            if (end == text.length() || text.charAt(end) == '/' || text.charAt(end) == ' ' || text.charAt(end) == ',') {
                return true;
            }
        }
        return false;
    }

    static String commandLine(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/cmdline"), java.nio.charset.StandardCharsets.ISO_8859_1)
                    .replace('\0', ' ');
        } catch (IOException e) {
            return ""; // it ended meanwhile
        }
    }

    /** Makes a directory as if nothing had ever been mounted below it. */
    static void cleanUp(Path directory) {
        for (Path mount : mountsBelow(directory)) {
            Command.of("umount", "-l", mount).run();
        }
        for (ProcessHandle process : processesNaming(directory)) {
            process.destroyForcibly();
        }
        // They may be writing a log there until the last moment.
        Await.that("what names " + directory + " ends", PATIENCE, () -> processesNaming(directory).isEmpty());
        detachLoops(directory);
        removeTree(directory);
    }

    static void detachLoops(Path directory) {
        for (String line : Command.of("losetup", "-l", "-n", "-O", "NAME,BACK-FILE").run().output().lines().toList()) {
            String[] words = line.strip().split("\\s+", 2);
            if (words.length == 2 && isBelow(words[1], directory)) {
                Command.of("losetup", "-d", words[0]).run();
            }
        }
    }

    /** Loop devices that have a file below this directory under them. */
    static List<String> loopsOn(Path directory) {
        return Command.of("losetup", "-l", "-n", "-O", "NAME,BACK-FILE").run().output()
                .lines()
                .filter(line -> isBelow(line, directory))
                .toList();
    }

    private static void removeTree(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> readLines(Path file) {
        try {
            return Files.readAllLines(file, java.nio.charset.StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
