package org.scoutfs.fs;

/**
 * What {@code stat} shows. Times are nanoseconds since 1970; {@code mode} has the type bits; {@code blocks} counts 512 bytes;
 * {@code rdev} is in the kernel's 32-bit encoding.
 */
public record Attributes(
        long ino,
        long size,
        long blocks,
        Timestamp atime,
        Timestamp mtime,
        Timestamp ctime,
        Timestamp crtime,
        int mode,
        int nlink,
        int uid,
        int gid,
        int rdev) {
    /** Seconds since 1970, signed, and nanoseconds in [0, 10^9). */
    public record Timestamp(long seconds, int nanos) {
        public static Timestamp ofNanos(long wallNanos) {
            return new Timestamp(Math.floorDiv(wallNanos, 1_000_000_000L), (int) Math.floorMod(wallNanos, 1_000_000_000L));
        }
    }
}
