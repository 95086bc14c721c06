package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Number 23: the inodes from one place of the sorted index to another, both included. ioctl(2) returns how many {@link Entry} it stored; 0
 * means that there are no more. The request code says that the structure only comes back, so that it has to be read from the caller.
 */
public record XattrIndex(long flags, Entry first, Entry last, long entriesPointer, long entryCount) {
    public static final int SIZE = 72;

    private static final int FLAGS = 0; //       u64
    private static final int FIRST = 8; //       24
    private static final int LAST = 32; //       24
    private static final int ENTRIES_PTR = 56; // u64
    private static final int ENTRIES_NR = 64; // u64

    public static XattrIndex decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new XattrIndex(
                bytes.getLong(FLAGS),
                Entry.decode(bytes, FIRST),
                Entry.decode(bytes, LAST),
                bytes.getLong(ENTRIES_PTR),
                bytes.getLong(ENTRIES_NR));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(FLAGS, flags);
        first.encode(bytes, FIRST);
        last.encode(bytes, LAST);
        bytes.putLong(ENTRIES_PTR, entriesPointer);
        bytes.putLong(ENTRIES_NR, entryCount);
        return bytes.array();
    }

    /** An inode at its place. The order is (major, minor, ino), unsigned. */
    public record Entry(int major, long minor, long ino) implements Comparable<Entry> {
        public static final Entry FIRST = new Entry(0, 0, 0);
        public static final Entry LAST = new Entry(255, -1, -1);
        public static final int SIZE = 24;

        private static final int MINOR = 0; //  u64
        private static final int INO = 8; //    u64
        private static final int MAJOR = 16; // u8, 7 bytes of padding after it

        private static Entry decode(ByteBuffer bytes, int at) {
            return new Entry(bytes.get(at + MAJOR) & 0xff, bytes.getLong(at + MINOR), bytes.getLong(at + INO));
        }

        private void encode(ByteBuffer bytes, int at) {
            bytes.putLong(at + MINOR, minor);
            bytes.putLong(at + INO, ino);
            bytes.putLong(at + MAJOR, major);
        }

        /** Writes entry number {@code index} of an array. */
        public void encode(MemorySegment entries, long index) {
            encode(Bytes.of(entries.asSlice(index * SIZE), SIZE), 0);
        }

        public static Entry decode(MemorySegment entries, long index) {
            return decode(Bytes.of(entries.asSlice(index * SIZE), SIZE), 0);
        }

        /** The place right after this one; null after the very last one. */
        public @Nullable Entry next() {
            if (ino != -1) {
                return new Entry(major, minor, ino + 1);
            }
            if (minor != -1) {
                return new Entry(major, minor + 1, 0);
            }
            return major == LAST.major ? null : new Entry(major + 1, 0, 0);
        }

        @Override
        public int compareTo(Entry other) {
            int byMajor = Integer.compare(major, other.major);
            int byMinor = byMajor != 0 ? byMajor : Long.compareUnsigned(minor, other.minor);
            return byMinor != 0 ? byMinor : Long.compareUnsigned(ino, other.ino);
        }
    }
}
