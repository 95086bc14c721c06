package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 1: the inodes of an index from {@code first} to {@code last}, both included. ioctl(2) returns how many {@link Entry} it
 * stored; 0 means that there are no more.
 *
 * @param entriesPointer where the caller wants the entries
 * @param entryCount room there, in entries
 * @param index {@link #META_SEQ} or {@link #DATA_SEQ}; anything else is {@code EINVAL}
 */
public record WalkInodes(Position first, Position last, long entriesPointer, int entryCount, int index) {
    public static final int SIZE = 72;
    public static final int META_SEQ = 0;
    public static final int DATA_SEQ = 1;

    private static final int FIRST = 0; //          24
    private static final int LAST = 24; //          24
    private static final int ENTRIES_PTR = 48; //   u64
    private static final int NR_ENTRIES = 56; //    u32
    private static final int INDEX = 60; //         u8, 11 bytes of padding after it

    /** Room in entries; more than the kernel's {@code int} can return is cut to that. */
    public int capacity() {
        return entryCount < 0 ? Integer.MAX_VALUE : entryCount;
    }

    public static WalkInodes decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new WalkInodes(
                Position.decode(bytes, FIRST),
                Position.decode(bytes, LAST),
                bytes.getLong(ENTRIES_PTR),
                bytes.getInt(NR_ENTRIES),
                bytes.get(INDEX) & 0xff);
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        first.encode(bytes, FIRST);
        last.encode(bytes, LAST);
        bytes.putLong(ENTRIES_PTR, entriesPointer);
        bytes.putInt(NR_ENTRIES, entryCount);
        bytes.put(INDEX, (byte) index);
        return bytes.array();
    }

    /** A place in an index. The order is (major, minor, ino), all unsigned; minor is 0 in every entry. */
    public record Position(long major, int minor, long ino) {
        public static final Position FIRST = new Position(0, 0, 0);
        public static final Position LAST = new Position(-1, -1, -1);

        private static final int MAJOR = 0; // u64
        private static final int INO = 8; //   u64
        private static final int MINOR = 16; // u32, 4 bytes of padding after it

        static Position decode(ByteBuffer bytes, int at) {
            return new Position(bytes.getLong(at + MAJOR), bytes.getInt(at + MINOR), bytes.getLong(at + INO));
        }

        void encode(ByteBuffer bytes, int at) {
            bytes.putLong(at + MAJOR, major);
            bytes.putLong(at + INO, ino);
            bytes.putInt(at + MINOR, minor);
        }

        /** The place right after this one; the very last place has none and stays. */
        public Position next() {
            if (ino != -1) {
                return new Position(major, minor, ino + 1);
            }
            if (minor != -1) {
                return new Position(major, minor + 1, 0);
            }
            return major == -1 ? this : new Position(major + 1, 0, 0);
        }
    }

    /** One inode in the index: {@code seq} is its meta_seq or data_seq. */
    public record Entry(long seq, long ino) {
        public static final int SIZE = 24;

        private static final int MAJOR = 0; // u64
        private static final int INO = 8; //   u64; minor and padding after it are zero

        /** Writes entry number {@code index} of an array. */
        public void encode(MemorySegment entries, long index) {
            ByteBuffer bytes = Bytes.of(entries.asSlice(index * SIZE), SIZE);
            bytes.putLong(MAJOR, seq);
            bytes.putLong(INO, ino);
            bytes.putLong(16, 0);
        }

        public static Entry decode(MemorySegment entries, long index) {
            ByteBuffer bytes = Bytes.of(entries.asSlice(index * SIZE), SIZE);
            return new Entry(bytes.getLong(MAJOR), bytes.getLong(INO));
        }
    }
}
