package org.scoutfs.fs;

import java.lang.foreign.MemorySegment;
import org.scoutfs.base.FsException;

/**
 * The process that waits for the answer of an ioctl: its memory and its privileges. Implemented by {@code fuse}. Good only
 * until the answer is given, and never used while a lock of {@code fs} or a transaction is held: reading the caller's memory
 * can make the kernel send requests to this very mount.
 */
public interface CallerMemory {
    /** Fills {@code into} from the caller's address. {@code EFAULT} where that is not its memory, or it is gone. */
    void read(long address, MemorySegment into) throws FsException;

    /** Stores all of {@code from} at the caller's address. {@code EFAULT} as above; part of it may have been stored. */
    void write(long address, MemorySegment from) throws FsException;

    /** Whether the calling thread has a capability effective, such as 21 for CAP_SYS_ADMIN or 2 for CAP_DAC_READ_SEARCH. */
    boolean hasCapability(int number);

    /** Whether the calling thread has a supplementary group; one that cannot be looked at has none. */
    default boolean isInGroup(int gid) {
        return false;
    }
}
