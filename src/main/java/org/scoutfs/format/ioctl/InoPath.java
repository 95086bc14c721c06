package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 2: one path by which an inode can be reached, from the first directory entry at or after (dirIno, dirPos).
 *
 * @param resultPointer where the caller wants the {@link Result}
 * @param resultBytes room there; {@code ENAMETOOLONG} when it is too small
 */
public record InoPath(long ino, long dirIno, long dirPos, long resultPointer, int resultBytes) {
    public static final int SIZE = 40;

    private static final int INO = 0; //           u64
    private static final int DIR_INO = 8; //       u64
    private static final int DIR_POS = 16; //      u64
    private static final int RESULT_PTR = 24; //   u64
    private static final int RESULT_BYTES = 32; // u16, 6 bytes of padding after it

    public static InoPath decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new InoPath(
                bytes.getLong(INO),
                bytes.getLong(DIR_INO),
                bytes.getLong(DIR_POS),
                bytes.getLong(RESULT_PTR),
                bytes.getShort(RESULT_BYTES) & 0xffff);
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(INO, ino);
        bytes.putLong(DIR_INO, dirIno);
        bytes.putLong(DIR_POS, dirPos);
        bytes.putLong(RESULT_PTR, resultPointer);
        bytes.putShort(RESULT_BYTES, (short) resultBytes);
        return bytes.array();
    }

    /**
     * The answer.
     *
     * @param dirIno directory of the path's last component
     * @param dirPos that entry's position
     * @param path components joined with slashes, without a slash in front and without the NUL that is stored after it
     */
    public record Result(long dirIno, long dirPos, byte[] path) {
        public static final int HEADER_SIZE = 24;

        private static final int DIR_INO = 0; //     u64
        private static final int DIR_POS = 8; //     u64
        private static final int PATH_BYTES = 16; // u16 with the NUL, 6 bytes of padding after it

        /** Bytes of the encoded result. */
        public int size() {
            return HEADER_SIZE + path.length + 1;
        }

        public byte[] encode() {
            ByteBuffer bytes = Bytes.zeroed(size());
            bytes.putLong(DIR_INO, dirIno);
            bytes.putLong(DIR_POS, dirPos);
            bytes.putShort(PATH_BYTES, (short) (path.length + 1));
            bytes.put(HEADER_SIZE, path);
            return bytes.array();
        }

        public static Result decode(MemorySegment result) {
            ByteBuffer bytes = Bytes.of(result, HEADER_SIZE);
            int pathBytes = bytes.getShort(PATH_BYTES) & 0xffff;
            byte[] path = new byte[Math.max(0, pathBytes - 1)];
            Bytes.of(result.asSlice(HEADER_SIZE), path.length).get(path);
            return new Result(bytes.getLong(DIR_INO), bytes.getLong(DIR_POS), path);
        }

        @Override
        public String toString() {
            return "path " + Bytes.text(path) + " by directory " + dirIno + " position " + dirPos;
        }
    }
}
