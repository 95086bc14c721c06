package org.scoutfs.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Anonymous memory straight from the kernel: page-aligned, zero, and not there until it is touched. An arena's own
 * {@code allocate} would write zeroes over it first, which costs ten microseconds for each page of a cache that may never
 * be filled.
 */
public final class NativeMemory {
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x2 | 0x20 | 0x4000;

    private static final MethodHandle MMAP = handle(
            "mmap",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG));
    private static final int MADV_HUGEPAGE = 14;

    private static final MethodHandle MADVISE = handle(
            "madvise",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    private static final MethodHandle MUNMAP = handle(
            "munmap",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    private NativeMemory() {}

    /** {@code size} bytes, rounded up to pages by the kernel, which go back to it when {@code arena} closes. */
    public static MemorySegment map(long size, Arena arena) {
        long address;
        try {
            address = (long)
                    MMAP.invokeExact(0L, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
        if (address == -1) {
            throw new OutOfMemoryError("mmap of " + size + " bytes");
        }
        return MemorySegment.ofAddress(address).reinterpret(size, arena, NativeMemory::unmap);
    }

    /** As {@link #map}, in large pages where the kernel has some: for memory that is filled in long stretches. */
    public static MemorySegment mapLarge(long size, Arena arena) {
        MemorySegment memory = map(size, arena);
        try {
            // Only advice: a kernel that does not take it gives small pages.
            int ignored = (int) MADVISE.invokeExact(memory.address(), size, MADV_HUGEPAGE);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
        return memory;
    }

    private static void unmap(MemorySegment memory) {
        try {
            int ignored = (int) MUNMAP.invokeExact(memory.address(), memory.byteSize());
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }
}
