package org.scoutfs.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Which process serves which mount point of this host: one small file per mount in {@code /run/scoutfs}, named after the process.
 *
 * <p>It is a help, and nothing durable rests on it: who may write to a volume is decided by the claim on the device. A file whose
 * process is gone (killed, or of an earlier boot) is what a mount leaves that did not end in order; {@link #entries} still shows it,
 * so that the next mount can clean up after it.
 */
public final class MountRegistry {
    private static final Path STANDARD = Path.of("/run/scoutfs");
    private static final String SUFFIX = ".mount";

    private final Path directory;

    MountRegistry(Path directory) {
        this.directory = directory;
    }

    /** The one of this host. */
    public static MountRegistry standard() {
        return new MountRegistry(STANDARD);
    }

    /**
     * A mount.
     *
     * @param startTicks tells the process from a later one with its number
     * @param mountPoint absolute, without links
     * @param source what was mounted
     */
    public record Entry(long pid, long startTicks, Path mountPoint, String source) {
        /** Whether that very process still runs. */
        public boolean isAlive() {
            return startOf(pid) == startTicks;
        }

        /** @return whether the process ended in time */
        public boolean awaitEnd(Duration limit) {
            ProcessHandle process = isAlive() ? ProcessHandle.of(pid).orElse(null) : null;
            if (process == null) {
                return true;
            }
            try {
                process.onExit().get(limit.toNanos(), TimeUnit.NANOSECONDS);
                return true;
            } catch (TimeoutException stillThere) {
                return false;
            } catch (ExecutionException failure) {
                return !isAlive();
            } catch (InterruptedException shutdown) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }

    /** Notes that this process serves a mount. */
    public Entry add(Path mountPoint, String source) throws IOException {
        long pid = ProcessHandle.current().pid();
        Entry entry = new Entry(pid, startOf(pid), mountPoint, source);
        Files.createDirectories(directory);
        Path temporary = directory.resolve(pid + ".new");
        Files.writeString(
                temporary,
                entry.pid + "\n" + entry.startTicks + "\n" + entry.mountPoint + "\n" + entry.source + "\n",
                StandardCharsets.UTF_8);
        Files.move(temporary, file(entry), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return entry;
    }

    /** Forgets a mount, of this process or of one that is gone. */
    public void remove(Entry entry) throws IOException {
        Files.deleteIfExists(file(entry));
    }

    private Path file(Entry entry) {
        return directory.resolve(entry.pid + SUFFIX);
    }

    /** All mounts that were noted and not removed, also those of processes that are gone. */
    public List<Entry> entries() throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path file : files) {
                Entry entry = read(file);
                if (entry != null) {
                    entries.add(entry);
                }
            }
        } catch (NoSuchFileException none) {
            return entries;
        }
        return entries;
    }

    /** The mount on exactly this directory, one that is alive before one that is not; or null. */
    public @Nullable Entry find(Path mountPoint) throws IOException {
        Entry dead = null;
        for (Entry entry : entries()) {
            if (entry.mountPoint.equals(mountPoint)) {
                if (entry.isAlive()) {
                    return entry;
                }
                dead = entry;
            }
        }
        return dead;
    }

    private static @Nullable Entry read(Path file) throws IOException {
        try {
            List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
            return lines.size() < 4
                    ? null
                    : new Entry(
                            Long.parseLong(lines.get(0)),
                            Long.parseLong(lines.get(1)),
                            Path.of(lines.get(2)),
                            lines.get(3));
        } catch (NoSuchFileException | NumberFormatException goneOrForeign) {
            return null;
        }
    }

    /** When a process began, in ticks since the boot; -1 when there is none. */
    private static long startOf(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            // The command's name stands in parentheses and may hold anything.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            boolean isZombie = fields[0].equals("Z") || fields[0].equals("X");
            return isZombie ? -1 : Long.parseLong(fields[19]);
        } catch (IOException gone) {
            return -1;
        }
    }

    /** A mount point as the kernel names it, without asking the mount itself, which may not answer. */
    public static Path canonical(Path mountPoint) throws IOException {
        Path absolute = mountPoint.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        Path name = absolute.getFileName();
        if (parent == null || name == null) {
            return absolute;
        }
        Path real = parent.toRealPath().resolve(name);
        return Files.isSymbolicLink(real) ? real.toRealPath() : real;
    }

    /** Whether the kernel's table has a mount of ours there. */
    public static boolean isScoutfsMount(Path mountPoint) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/mounts"), StandardCharsets.ISO_8859_1)) {
            String[] fields = line.split(" ", -1);
            if (fields.length > 2 && fields[2].endsWith(".scoutfs") && fields[1].equals(mountPoint.toString())) {
                return true;
            }
        }
        return false;
    }
}
