package org.scoutfs.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.scoutfs.base.Errno;

/**
 * A submission queue and a completion queue shared with the kernel, as FUSE needs them: entries of 128 bytes.
 *
 * <p>Made, used and closed by one thread; the kernel checks that, and in return runs its part of each completion inside
 * {@link #enter}, on this thread and so on its CPU.
 *
 * <p>Submissions are prepared in place, and go to the kernel with the next {@link #enter}. Nothing is allocated after the start.
 */
public final class IoUring implements AutoCloseable {
    private static final long SYS_IO_URING_SETUP = 425;
    private static final long SYS_IO_URING_ENTER = 426;

    private static final int SETUP_CQSIZE = 1 << 3;
    private static final int SETUP_CLAMP = 1 << 4;
    private static final int SETUP_SUBMIT_ALL = 1 << 7;
    private static final int SETUP_COOP_TASKRUN = 1 << 8;
    private static final int SETUP_SQE128 = 1 << 10;
    private static final int SETUP_SINGLE_ISSUER = 1 << 12;
    private static final int SETUP_DEFER_TASKRUN = 1 << 13;
    private static final int SETUP_FLAGS = SETUP_CQSIZE
            | SETUP_CLAMP
            | SETUP_SUBMIT_ALL
            | SETUP_COOP_TASKRUN
            | SETUP_SQE128
            | SETUP_SINGLE_ISSUER
            | SETUP_DEFER_TASKRUN;
    private static final long ENTER_GETEVENTS = 1;

    // struct io_uring_params
    private static final int PARAMS_SIZE = 120;
    private static final int PARAMS_SQ_ENTRIES = 0;
    private static final int PARAMS_CQ_ENTRIES = 4;
    private static final int PARAMS_FLAGS = 8;
    private static final int SQ_OFFSETS = 40;
    private static final int CQ_OFFSETS = 80;

    private static final long MAP_SQ_RING = 0;
    private static final long MAP_CQ_RING = 0x8000000;
    private static final long MAP_SQES = 0x10000000;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x8001;

    private static final int SQE_SIZE = 128;
    private static final int SQE_OPCODE = 0;
    private static final int SQE_FD = 4;
    private static final int SQE_COMMAND = 8;
    private static final int SQE_ADDRESS = 16;
    private static final int SQE_LENGTH = 24;
    private static final int SQE_USER_DATA = 32;
    private static final int SQE_COMMAND_AREA = 48;

    private static final int CQE_SIZE = 16;
    private static final int CQE_RESULT = 8;

    private static final byte OPCODE_READ = 22;
    private static final byte OPCODE_COMMAND = 46;

    private static final MethodHandle SETUP =
            Libc.variadic("syscall", 1, Libc.LONG, Libc.LONG, Libc.LONG, Libc.POINTER);
    private static final MethodHandle ENTER = Libc.variadic(
            "syscall",
            1,
            Libc.LONG,
            Libc.LONG,
            Libc.LONG,
            Libc.LONG,
            Libc.LONG,
            Libc.LONG,
            Libc.LONG,
            Libc.LONG);
    private static final MethodHandle MMAP = Libc.function(
            "mmap", Libc.LONG, Libc.LONG, Libc.LONG, Libc.INT, Libc.INT, Libc.INT, Libc.LONG);
    private static final MethodHandle MUNMAP = Libc.function("munmap", Libc.INT, Libc.LONG, Libc.LONG);

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment state = Libc.allocateState(arena);
    private final Descriptor descriptor;
    private final int number;

    private final MemorySegment submissionRing;
    private final MemorySegment submissions;
    private final long submissionTailOffset;
    private final int submissionMask;
    private final int submissionCount;
    /** The next one of FUSE, before it is copied to its place. */
    private final long[] submission = new long[SQE_SIZE / Long.BYTES];

    /** Where the next submission goes; the kernel has taken all before {@code submittedTail}. */
    private int submissionTail;

    private int submittedTail;

    private final MemorySegment completionRing;
    private final long completionHeadOffset;
    private final long completionTailOffset;
    private final long completionsOffset;
    private final int completionMask;
    private int completionHead;
    private long currentCompletion;

    /**
     * @param submissionsWanted how many can be prepared between two calls of {@link #enter}
     * @param completionsWanted how many can be outstanding without extra work for the kernel
     */
    public IoUring(int submissionsWanted, int completionsWanted) throws IOException {
        Descriptor made = null;
        try {
            MemorySegment params = arena.allocate(PARAMS_SIZE, Long.BYTES);
            params.set(ValueLayout.JAVA_INT, PARAMS_FLAGS, SETUP_FLAGS);
            params.set(ValueLayout.JAVA_INT, PARAMS_CQ_ENTRIES, completionsWanted);
            made = setup(submissionsWanted, params);
            descriptor = made;
            number = made.number();

            submissionCount = params.get(ValueLayout.JAVA_INT, PARAMS_SQ_ENTRIES);
            int arrayOffset = params.get(ValueLayout.JAVA_INT, SQ_OFFSETS + 24);
            submissionRing = map(arrayOffset + (long) submissionCount * Integer.BYTES, MAP_SQ_RING);
            submissionTailOffset = params.get(ValueLayout.JAVA_INT, SQ_OFFSETS + 4);
            submissionMask = submissionRing.get(
                    ValueLayout.JAVA_INT, params.get(ValueLayout.JAVA_INT, SQ_OFFSETS + 8));
            submissions = map((long) submissionCount * SQE_SIZE, MAP_SQES);
            // Slots are used in turn, so that this indirection can stay as it is.
            for (int i = 0; i < submissionCount; i++) {
                submissionRing.set(ValueLayout.JAVA_INT, arrayOffset + (long) i * Integer.BYTES, i);
            }

            int completionCount = params.get(ValueLayout.JAVA_INT, PARAMS_CQ_ENTRIES);
            completionsOffset = params.get(ValueLayout.JAVA_INT, CQ_OFFSETS + 20);
            completionRing = map(completionsOffset + (long) completionCount * CQE_SIZE, MAP_CQ_RING);
            completionHeadOffset = params.get(ValueLayout.JAVA_INT, CQ_OFFSETS);
            completionTailOffset = params.get(ValueLayout.JAVA_INT, CQ_OFFSETS + 4);
            completionMask = completionRing.get(
                    ValueLayout.JAVA_INT, params.get(ValueLayout.JAVA_INT, CQ_OFFSETS + 8));
        } catch (IOException | RuntimeException failure) {
            if (made != null) {
                made.close();
            }
            arena.close();
            throw failure;
        }
    }

    /** Whether this kernel lets this process make one. */
    public static boolean isAvailable() {
        try (IoUring probe = new IoUring(1, 2)) {
            return probe.number >= 0;
        } catch (IOException refused) {
            return false;
        }
    }

    private Descriptor setup(int submissionsWanted, MemorySegment params) throws IOException {
        try {
            long result = (long) SETUP.invokeExact(state, SYS_IO_URING_SETUP, (long) submissionsWanted, params);
            if (result < 0) {
                throw new SystemCallException("io_uring_setup", Libc.errno(state));
            }
            return Descriptor.of((int) result, "io_uring");
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    private MemorySegment map(long size, long offset) throws IOException {
        long address;
        try {
            address = (long) MMAP.invokeExact(
                    state, 0L, size, PROT_READ_WRITE, MAP_SHARED_POPULATE, number, offset);
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
        if (address == -1) {
            throw new SystemCallException("mmap of " + size + " bytes of an io_uring", Libc.errno(state));
        }
        return MemorySegment.ofAddress(address).reinterpret(size, arena, IoUring::unmap);
    }

    private static void unmap(MemorySegment memory) {
        try {
            int unused = (int) MUNMAP.invokeExact(Libc.state(), memory.address(), memory.byteSize());
        } catch (Throwable thrown) {
            throw Libc.bug(thrown);
        }
    }

    // ---- submissions

    /**
     * A command of FUSE to the kernel.
     *
     * @param operation 1 registers an entry, 2 answers its request and waits for the next one
     * @param iovecs address of two iovecs, for the first of these; else 0
     */
    public void prepareFuse(int fuse, int operation, int queue, long commitId, long iovecs, long userData)
            throws IOException {
        long at = slot();
        // Put together in an array: one access to the shared memory, and not ten, on the way of every answer.
        long[] words = submission;
        words[SQE_OPCODE / Long.BYTES] = OPCODE_COMMAND | (long) fuse << Byte.SIZE * SQE_FD;
        words[SQE_COMMAND / Long.BYTES] = operation;
        words[SQE_ADDRESS / Long.BYTES] = iovecs;
        words[SQE_LENGTH / Long.BYTES] = iovecs == 0 ? 0 : 2;
        words[SQE_USER_DATA / Long.BYTES] = userData;
        words[SQE_COMMAND_AREA / Long.BYTES + 1] = commitId;
        words[SQE_COMMAND_AREA / Long.BYTES + 2] = queue & 0xffff;
        MemorySegment.copy(words, 0, submissions, ValueLayout.JAVA_LONG, at, words.length);
    }

    /** Reads a descriptor such as an {@link EventFd}, when there is something. */
    public void prepareRead(int descriptorToRead, MemorySegment into, long userData) throws IOException {
        long at = slot();
        submissions.asSlice(at, SQE_SIZE).fill((byte) 0);
        submissions.set(ValueLayout.JAVA_BYTE, at + SQE_OPCODE, OPCODE_READ);
        submissions.set(ValueLayout.JAVA_INT, at + SQE_FD, descriptorToRead);
        submissions.set(ValueLayout.JAVA_LONG, at + SQE_COMMAND, -1L); // from where it stands
        submissions.set(ValueLayout.JAVA_LONG, at + SQE_ADDRESS, into.address());
        submissions.set(ValueLayout.JAVA_INT, at + SQE_LENGTH, (int) into.byteSize());
        submissions.set(ValueLayout.JAVA_LONG, at + SQE_USER_DATA, userData);
    }

    private long slot() throws IOException {
        if (submissionTail - submittedTail == submissionCount) {
            enter(0);
        }
        return (long) (submissionTail++ & submissionMask) * SQE_SIZE;
    }

    /** Hands over what was prepared, and waits until there are {@code completions} of them to look at. */
    public void enter(int completions) throws IOException {
        INT.setRelease(submissionRing, submissionTailOffset, submissionTail);
        while (true) {
            long result = enterOnce(completions);
            if (result >= 0) {
                submittedTail += (int) result;
                if (submittedTail == submissionTail) {
                    return;
                }
            } else if (result != -Errno.EINTR.number()
                    && result != -Errno.EAGAIN.number()
                    && result != -Errno.EBUSY.number()) {
                throw new SystemCallException("io_uring_enter", (int) -result);
            } else if (submittedTail == submissionTail) {
                // The caller looks at what there is, and comes again.
                return;
            }
        }
    }

    private long enterOnce(int completions) {
        try {
            long result = (long) ENTER.invokeExact(
                    state,
                    SYS_IO_URING_ENTER,
                    (long) number,
                    (long) (submissionTail - submittedTail),
                    (long) completions,
                    ENTER_GETEVENTS,
                    0L,
                    0L);
            return result >= 0 ? result : -Libc.errno(state);
        } catch (Throwable thrown) {
            throw Libc.bug(thrown);
        }
    }

    // ---- completions

    /** Goes to the next completion, if there is one; it is valid until the next call. */
    public boolean next() {
        int tail = (int) INT.getAcquire(completionRing, completionTailOffset);
        if (completionHead == tail) {
            return false;
        }
        currentCompletion = completionsOffset + (long) (completionHead & completionMask) * CQE_SIZE;
        return true;
    }

    public long userData() {
        return completionRing.get(ValueLayout.JAVA_LONG, currentCompletion);
    }

    /** A count, or a negative error number. */
    public int result() {
        return completionRing.get(ValueLayout.JAVA_INT, currentCompletion + CQE_RESULT);
    }

    /** The current completion has been looked at. */
    public void consume() {
        completionHead++;
        INT.setRelease(completionRing, completionHeadOffset, completionHead);
    }

    @Override
    public void close() {
        descriptor.close();
        arena.close();
    }
}
