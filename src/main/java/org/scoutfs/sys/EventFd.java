package org.scoutfs.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** A bell that a thread in the kernel can hear: {@link #ring} from any thread, and whoever reads the descriptor wakes up. */
public final class EventFd implements AutoCloseable {
    private static final int EFD_CLOEXEC = 0x80000;

    private static final MethodHandle EVENTFD = Libc.function("eventfd", Libc.INT, Libc.INT, Libc.INT);
    private static final MethodHandle WRITE =
            Libc.function("write", Libc.LONG, Libc.INT, Libc.POINTER, Libc.LONG);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment one = arena.allocate(ValueLayout.JAVA_LONG);
    private final Descriptor descriptor;

    public EventFd() throws IOException {
        one.set(ValueLayout.JAVA_LONG, 0, 1L);
        try {
            int number = (int) EVENTFD.invokeExact(Libc.state(), 0, EFD_CLOEXEC);
            if (number < 0) {
                throw Libc.failure("eventfd");
            }
            descriptor = Descriptor.of(number, "eventfd");
        } catch (Throwable thrown) {
            arena.close();
            throw Libc.unexpected(thrown);
        }
    }

    public int number() {
        return descriptor.number();
    }

    /** Adds one to what the next read gets. */
    public void ring() {
        try {
            // It fails only when 2^64 - 2 of them wait to be heard.
            long unused = (long) WRITE.invokeExact(Libc.state(), descriptor.number(), one, (long) Long.BYTES);
        } catch (Throwable thrown) {
            throw Libc.bug(thrown);
        }
    }

    @Override
    public void close() {
        descriptor.close();
        arena.close();
    }
}
