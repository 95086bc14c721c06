package org.scoutfs.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * How this package reaches the C library: method handles that note {@code errno} right after the call, before the JVM can
 * change it.
 *
 * <p>Each handle takes, before the function's own arguments, the memory that errno is noted in: {@link #state} for calls that
 * happen now and then, or a piece that a hot loop allocated for itself with {@link #allocateState}.
 */
final class Libc {
    static final MemoryLayout INT = ValueLayout.JAVA_INT;
    static final MemoryLayout LONG = ValueLayout.JAVA_LONG;
    static final MemoryLayout POINTER = ValueLayout.ADDRESS;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE_LAYOUT = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE_LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    /*
     * An automatic arena is the fitting owner: the memory has to live exactly as long as its thread, and nobody tells us when
     * that ends.
     */
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE_LAYOUT));

    private Libc() {}

    static MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                symbol(name), FunctionDescriptor.of(result, arguments), Linker.Option.captureCallState("errno"));
    }

    /** @param fixed how many arguments stand before the dots in the function's declaration */
    static MethodHandle variadic(String name, int fixed, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                symbol(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    /** Where the calls of this thread note errno. */
    static MemorySegment state() {
        return STATE.get();
    }

    static MemorySegment allocateState(Arena arena) {
        return arena.allocate(STATE_LAYOUT);
    }

    /** The positive error number of the last failed call that noted it in {@code state}. */
    static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    /** The failure of this thread's last call, for {@code throw}. */
    static SystemCallException failure(String what) {
        return new SystemCallException(what, errno(state()));
    }

    /** Method handles may throw anything; what they do throw is ours or a bug. For {@code throw}. */
    static IOException unexpected(Throwable thrown) throws IOException {
        if (thrown instanceof IOException failure) {
            throw failure;
        }
        throw bug(thrown);
    }

    /** As {@link #unexpected}, where no {@code IOException} can come. */
    static IllegalStateException bug(Throwable thrown) {
        switch (thrown) {
            case RuntimeException bug -> throw bug;
            case Error error -> throw error;
            default -> throw new IllegalStateException(thrown);
        }
    }

    private static MemorySegment symbol(String name) {
        return LINKER.defaultLookup().findOrThrow(name);
    }
}
