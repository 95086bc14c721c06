package org.scoutfs.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.UUID;

/** This process, its thread, other processes, and the boot they live in. */
public final class Processes {
    private static final int PR_SET_IO_FLUSHER = 57;
    private static final int SCHED_MASK_BYTES = 128;
    /** In {@code /proc/PID/stat}, counted from the field after the command's name. */
    private static final int STAT_START_TIME = 19;

    private static final MethodHandle PRCTL =
            Libc.variadic("prctl", 1, Libc.INT, Libc.INT, Libc.LONG, Libc.LONG, Libc.LONG, Libc.LONG);
    private static final MethodHandle SETSID = Libc.function("setsid", Libc.INT);
    private static final MethodHandle KILL = Libc.function("kill", Libc.INT, Libc.INT, Libc.INT);
    private static final MethodHandle SCHED_SETAFFINITY =
            Libc.function("sched_setaffinity", Libc.INT, Libc.INT, Libc.LONG, Libc.POINTER);

    private Processes() {}

    public static long pid() {
        return ProcessHandle.current().pid();
    }

    /** Another one after each boot of the host. */
    public static UUID bootId() throws IOException {
        return UUID.fromString(
                Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip());
    }

    /**
     * When a process began, in clock ticks since the boot: with the boot id and the pid it names one process for ever.
     *
     * @return empty when there is no such process
     */
    public static OptionalLong startTime(long pid) throws IOException {
        String stat;
        try {
            stat = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException gone) {
            return OptionalLong.empty();
        } catch (IOException gone) {
            // The process may end between the open and the read: ESRCH.
            if (Files.exists(Path.of("/proc/" + pid))) {
                throw gone;
            }
            return OptionalLong.empty();
        }
        // The command's name stands in parentheses and may hold anything, also spaces and parentheses.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return OptionalLong.of(Long.parseLong(fields[STAT_START_TIME]));
    }

    /**
     * Says that this process serves file systems: when it allocates memory, the kernel does not wait for dirty pages that
     * this process itself would have to write. Inherited by children and kept over exec.
     */
    public static void setIoFlusher() throws IOException {
        try {
            int result = (int) PRCTL.invokeExact(Libc.state(), PR_SET_IO_FLUSHER, 1L, 0L, 0L, 0L);
            if (result < 0) {
                throw Libc.failure("prctl(PR_SET_IO_FLUSHER)");
            }
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** Leaves the terminal: a session and process group of its own. */
    public static void newSession() throws IOException {
        try {
            int result = (int) SETSID.invokeExact(Libc.state());
            if (result < 0) {
                throw Libc.failure("setsid");
            }
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** @param signal 0 only asks whether the process is there: {@code ESRCH} when not */
    public static void kill(long pid, int signal) throws IOException {
        try {
            int result = (int) KILL.invokeExact(Libc.state(), Math.toIntExact(pid), signal);
            if (result < 0) {
                throw Libc.failure("kill " + pid + " with signal " + signal);
            }
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** Binds the calling platform thread to one CPU. Fails where that one is offline or forbidden. */
    public static void pinThread(int cpu) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(SCHED_MASK_BYTES, Long.BYTES);
            long word = (cpu / Long.SIZE) * (long) Long.BYTES;
            mask.set(ValueLayout.JAVA_LONG, word, 1L << (cpu % Long.SIZE));
            int result = (int) SCHED_SETAFFINITY.invokeExact(Libc.state(), 0, (long) SCHED_MASK_BYTES, mask);
            if (result < 0) {
                throw Libc.failure("sched_setaffinity to CPU " + cpu);
            }
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** One more than the highest number that a CPU of this host can ever have. */
    public static int possibleCpus() throws IOException {
        String ranges =
                Files.readString(Path.of("/sys/devices/system/cpu/possible")).strip();
        String last = ranges.substring(Math.max(ranges.lastIndexOf(','), ranges.lastIndexOf('-')) + 1);
        return Integer.parseInt(last) + 1;
    }
}
