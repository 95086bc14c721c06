package org.scoutfs.sys;

import java.io.IOException;
import org.scoutfs.base.Errno;

/** A system call failed; says which, on what, and why. */
public final class SystemCallException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int number;

    /**
     * @param call the call and what it was for, such as {@code "pread 4096 at 0 of /dev/vdb"}
     * @param number the positive error number
     */
    public SystemCallException(String call, int number) {
        super(call + ": " + Errno.textOf(number));
        this.number = number;
    }

    /** {@link Errno#EIO} for a number that this program does not know. */
    public Errno errno() {
        return Errno.of(number);
    }

    /** The positive error number. */
    public int number() {
        return number;
    }
}
