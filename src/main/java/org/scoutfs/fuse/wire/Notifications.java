package org.scoutfs.fuse.wire;

import java.lang.foreign.MemorySegment;

/** What we tell the kernel without being asked. Each method writes a whole message and returns its size. */
public final class Notifications {
    private static final int INVALIDATE_INODE = 2;
    private static final int INVALIDATE_ENTRY = 3;
    private static final int BODY = Headers.OUT_SIZE;

    /** Room for any of them with a name of {@link Wire#NAME_SIZE_MAX}. */
    public static final int SIZE_MAX = BODY + 16 + Wire.NAME_SIZE_MAX + 1;

    private Notifications() {}

    /** @param offset negative: attributes and ACLs only
     *  @param length 0 or less: to the end */
    public static int invalidateInode(MemorySegment to, long ino, long offset, long length) {
        to.set(Wire.U64, BODY, Wire.nodeId(ino));
        to.set(Wire.U64, BODY + 8, offset);
        to.set(Wire.U64, BODY + 16, length);
        return header(to, INVALIDATE_INODE, BODY + 24);
    }

    public static int invalidateEntry(MemorySegment to, long parentIno, byte[] name) {
        to.set(Wire.U64, BODY, Wire.nodeId(parentIno));
        to.set(Wire.U32, BODY + 8, name.length);
        to.set(Wire.U32, BODY + 12, 0);
        MemorySegment.copy(name, 0, to, Wire.U8, BODY + 16, name.length);
        to.set(Wire.U8, BODY + 16 + name.length, (byte) 0);
        return header(to, INVALIDATE_ENTRY, BODY + 16 + name.length + 1);
    }

    private static int header(MemorySegment to, int code, int size) {
        to.set(Wire.U32, Headers.OUT_LENGTH, size);
        to.set(Wire.U32, Headers.OUT_ERROR, code);
        to.set(Wire.U64, Headers.OUT_UNIQUE, 0L);
        return size;
    }
}
