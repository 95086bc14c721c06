package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Number 17: the directory entries that name an inode, from (dirIno, dirPos) on. ioctl(2) returns how many it stored; the one that
 * has no further after it is marked {@link Entry#isLast}. {@code EINVAL} when not even one fits.
 */
public record ReferringEntries(long ino, long dirIno, long dirPos, long entriesPointer, long entriesBytes) {
    public static final int SIZE = 40;

    private static final int INO = 0; //           u64
    private static final int DIR_INO = 8; //       u64
    private static final int DIR_POS = 16; //      u64
    private static final int ENTRIES_PTR = 24; //  u64
    private static final int ENTRIES_BYTES = 32; // u64

    public static ReferringEntries decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new ReferringEntries(
                bytes.getLong(INO),
                bytes.getLong(DIR_INO),
                bytes.getLong(DIR_POS),
                bytes.getLong(ENTRIES_PTR),
                bytes.getLong(ENTRIES_BYTES));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(INO, ino);
        bytes.putLong(DIR_INO, dirIno);
        bytes.putLong(DIR_POS, dirPos);
        bytes.putLong(ENTRIES_PTR, entriesPointer);
        bytes.putLong(ENTRIES_BYTES, entriesBytes);
        return bytes.array();
    }

    /**
     * One entry. Their sizes vary; {@link #size} leads from one to the next.
     *
     * @param type as in {@code d_type}
     * @param name 1 to 255 bytes, without the NUL that is stored after it
     */
    public record Entry(long dirIno, long dirPos, long ino, int type, byte[] name, boolean isLast) {
        private static final int DIR_INO = 0; //      u64
        private static final int DIR_POS = 8; //      u64
        private static final int INO = 16; //         u64
        private static final int ENTRY_BYTES = 24; // u16
        private static final int FLAGS = 26; //       u8, bit 0: the last one
        private static final int D_TYPE = 27; //      u8
        private static final int NAME_LEN = 28; //    u8
        private static final int NAME = 29; //        with a NUL
        private static final int ALIGNMENT = 16;
        private static final int LAST = 1;

        /** Bytes up to the next entry. */
        public int size() {
            return (NAME + name.length + 1 + ALIGNMENT - 1) & -ALIGNMENT;
        }

        /** The largest {@link #size} there is. */
        public static final int SIZE_MAX = (NAME + 255 + 1 + ALIGNMENT - 1) & -ALIGNMENT;

        public byte[] encode() {
            ByteBuffer bytes = Bytes.zeroed(size());
            bytes.putLong(DIR_INO, dirIno);
            bytes.putLong(DIR_POS, dirPos);
            bytes.putLong(INO, ino);
            bytes.putShort(ENTRY_BYTES, (short) size());
            bytes.put(FLAGS, (byte) (isLast ? LAST : 0));
            bytes.put(D_TYPE, (byte) type);
            bytes.put(NAME_LEN, (byte) name.length);
            bytes.put(NAME, name);
            return bytes.array();
        }

        /** The entry at a byte offset, or null when the bytes there are none. */
        public static @Nullable Entry decode(MemorySegment entries, long offset) {
            if (offset < 0 || entries.byteSize() - offset < NAME + 1) {
                return null;
            }
            MemorySegment entry = entries.asSlice(offset);
            ByteBuffer bytes = Bytes.of(entry, NAME);
            byte[] name = new byte[bytes.get(NAME_LEN) & 0xff];
            if (entry.byteSize() < NAME + name.length) {
                return null;
            }
            Bytes.of(entry.asSlice(NAME), name.length).get(name);
            return new Entry(
                    bytes.getLong(DIR_INO),
                    bytes.getLong(DIR_POS),
                    bytes.getLong(INO),
                    bytes.get(D_TYPE) & 0xff,
                    name,
                    (bytes.get(FLAGS) & LAST) != 0);
        }
    }
}
