package org.scoutfs.volume;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.format.ProcessIdentity.Id;

/** What this host knows about processes: who this one is, and whether another one is gone for certain. */
public interface Host {
    /** This process. */
    ProcessIdentity self();

    /** Whether a process of this boot and this process namespace runs. */
    boolean isRunning(ProcessIdentity process);

    /**
     * Whether a process will certainly never write again: it is of this boot and does not run, or of this machine and an
     * earlier boot. Of a process of another host nothing is certain.
     */
    default boolean isGone(ProcessIdentity process) {
        ProcessIdentity self = self();
        if (process.boot().equals(Id.ZERO)) {
            return false;
        }
        if (process.boot().equals(self.boot())) {
            return process.pidNamespace() == self.pidNamespace() && !isRunning(process);
        }
        // Two hosts that were cloned from one image can have one machine id; their names are the second opinion.
        return !process.machine().equals(Id.ZERO)
                && process.machine().equals(self.machine())
                && process.hostName().equals(self.hostName());
    }

    /** The host that this program runs on, by {@code /proc} and {@code /etc/machine-id}. */
    static Host local() throws IOException {
        return new LocalHost();
    }

    /** See {@link #local}. */
    final class LocalHost implements Host {
        private static final int STARTTIME_AFTER_NAME = 19; // field 22 of the line; the name's end is before field 3

        private final ProcessIdentity self;

        private LocalHost() throws IOException {
            long pid = ProcessHandle.current().pid();
            self = new ProcessIdentity(
                    id(Path.of("/etc/machine-id")),
                    id(Path.of("/proc/sys/kernel/random/boot_id")),
                    namespace(),
                    pid,
                    startTicks(pid),
                    text(Path.of("/proc/sys/kernel/hostname")));
        }

        @Override
        public ProcessIdentity self() {
            return self;
        }

        @Override
        public boolean isRunning(ProcessIdentity process) {
            return startTicks(process.pid()) == process.startTicks();
        }

        /** When a process started, or -1 when it does not run; a zombie does not. */
        private static long startTicks(long pid) {
            String line = text(Path.of("/proc/" + pid + "/stat"));
            int nameEnd = line.lastIndexOf(')');
            if (nameEnd < 0) {
                return -1;
            }
            String[] fields = line.substring(nameEnd + 2).split(" ", -1);
            boolean isZombie = fields[0].equals("Z") || fields[0].equals("X");
            return isZombie || fields.length <= STARTTIME_AFTER_NAME
                    ? -1
                    : Long.parseLong(fields[STARTTIME_AFTER_NAME]);
        }

        private static long namespace() {
            try {
                String link = Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
                return Long.parseLong(link.substring(link.indexOf('[') + 1, link.indexOf(']')));
            } catch (IOException | RuntimeException e) {
                return 0;
            }
        }

        private static Id id(Path path) {
            String hex = text(path).replace("-", "");
            return hex.length() == 32
                    ? new Id(Long.parseUnsignedLong(hex, 0, 16, 16), Long.parseUnsignedLong(hex, 16, 32, 16))
                    : Id.ZERO;
        }

        private static String text(Path path) {
            try {
                return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1).strip();
            } catch (IOException e) {
                return "";
            }
        }
    }
}
