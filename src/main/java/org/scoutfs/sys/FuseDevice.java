package org.scoutfs.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A descriptor of {@code /dev/fuse}: one message per call, in and out.
 *
 * <p>{@link #read} and {@link #write} answer with a count or a negative error number, because on this device errors are part
 * of the protocol and come by the thousand.
 */
public final class FuseDevice implements AutoCloseable {
    private static final String PATH = "/dev/fuse";
    private static final long FUSE_DEV_IOC_CLONE = 0x8004e500L;

    private static final MethodHandle READ =
            Libc.function("read", Libc.LONG, Libc.INT, Libc.POINTER, Libc.LONG);
    private static final MethodHandle WRITE =
            Libc.function("write", Libc.LONG, Libc.INT, Libc.POINTER, Libc.LONG);

    private final Descriptor descriptor;
    private final int number;

    private FuseDevice(Descriptor descriptor) {
        this.descriptor = descriptor;
        this.number = descriptor.number();
    }

    /** A new one, to be named in the options of {@code mount(2)}. */
    public static FuseDevice open() throws IOException {
        return new FuseDevice(Descriptor.open(PATH, Descriptor.O_RDWR));
    }

    /** Another way into the same connection: a request is answered on the one that it was read from. */
    public FuseDevice cloneDevice() throws IOException {
        Descriptor copy = Descriptor.open(PATH, Descriptor.O_RDWR);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment original = arena.allocate(ValueLayout.JAVA_INT);
            original.set(ValueLayout.JAVA_INT, 0, number);
            int unused = copy.ioctl(FUSE_DEV_IOC_CLONE, original);
            return new FuseDevice(copy);
        } catch (IOException failure) {
            copy.close();
            throw failure;
        }
    }

    public int number() {
        return number;
    }

    /** Memory that a thread's calls note errno in: one per thread, from an arena that outlives the calls. */
    public static MemorySegment allocateState(Arena arena) {
        return Libc.allocateState(arena);
    }

    /**
     * Waits for a request.
     *
     * @return its length, or a negative error number
     */
    public long read(MemorySegment state, MemorySegment into, long size) {
        try {
            long count = (long) READ.invokeExact(state, number, into, size);
            return count >= 0 ? count : -Libc.errno(state);
        } catch (Throwable thrown) {
            throw Libc.bug(thrown);
        }
    }

    /**
     * Sends a reply or a notification, whole or not at all.
     *
     * @return {@code size}, or a negative error number
     */
    public long write(MemorySegment state, MemorySegment from, long size) {
        try {
            long count = (long) WRITE.invokeExact(state, number, from, size);
            return count >= 0 ? count : -Libc.errno(state);
        } catch (Throwable thrown) {
            throw Libc.bug(thrown);
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
