package org.scoutfs.fs;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;

/** The private ioctls of the file system: numbers and layouts of the original, in {@code format.ioctl}. */
public interface Ioctls {
    /**
     * @param handle of the open file or directory
     * @param command the ioctl number; an unknown one is {@code ENOTTY}
     * @param argument the third argument of ioctl(2), usually an address in the caller's memory
     * @param in what the kernel copied in for commands with the write bit; borrowed
     * @param outSize how much the kernel can copy out, for commands with the read bit
     */
    Reply call(
            Request request,
            long ino,
            long handle,
            boolean isDirectory,
            int command,
            long argument,
            MemorySegment in,
            int outSize,
            CallerMemory caller)
            throws FsException, MustWait, IOException;

    /** @param result what ioctl(2) returns; at least 0
     *  @param out at most {@code outSize} bytes */
    record Reply(int result, byte[] out) {}
}
