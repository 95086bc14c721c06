package org.scoutfs.base;

/**
 * The expected answer of an operation that is an error, such as {@code ENOENT}. It has no stack trace and is never
 * logged: it is an answer, not an accident. {@code fuse} maps it to the kernel's reply in one place.
 */
public final class FsException extends Exception {
    private static final long serialVersionUID = 1L;

    private static final FsException[] CACHED = new FsException[Errno.values().length];

    static {
        for (Errno errno : Errno.values()) {
            CACHED[errno.ordinal()] = new FsException(errno);
        }
    }

    private final Errno errno;

    private FsException(Errno errno) {
        super(errno.name(), null, false, false);
        this.errno = errno;
    }

    /** The exception for this number. One object per number: it carries nothing else. */
    public static FsException of(Errno errno) {
        return CACHED[errno.ordinal()];
    }

    /** The error to answer with. */
    public Errno errno() {
        return errno;
    }
}
