package org.scoutfs.fuse.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;

/**
 * Reads what follows the fixed part of a request: names, each with a NUL, and bytes. Nothing outside of the given range is
 * touched: what is too short, or lacks its NUL, is {@code EIO}.
 *
 * <p>One per thread and reused: it is a cursor, not a value.
 */
public final class Arguments {
    private static final byte[] NOTHING = {};

    private MemorySegment memory = MemorySegment.NULL;
    private long position;
    private long end;

    /** Starts anew at {@code [offset, offset + size)} of {@code memory}. */
    public void reset(MemorySegment memory, long offset, long size) throws FsException {
        if (offset < 0 || size < 0 || size > memory.byteSize() - offset) {
            throw malformed();
        }
        this.memory = memory;
        this.position = offset;
        this.end = offset + size;
    }

    public long remaining() {
        return end - position;
    }

    /** A file's name: 1 to 255 bytes. */
    public byte[] name() throws FsException {
        byte[] name = string();
        if (name.length > Wire.NAME_SIZE_MAX) {
            throw FsException.of(Errno.ENAMETOOLONG);
        }
        if (name.length == 0) {
            throw malformed();
        }
        return name;
    }

    /** Bytes up to a NUL, which is skipped. */
    public byte[] string() throws FsException {
        long at = position;
        while (at < end && memory.get(Wire.U8, at) != 0) {
            at++;
        }
        if (at == end) {
            throw malformed();
        }
        byte[] bytes = copy(position, at - position);
        position = at + 1;
        return bytes;
    }

    /** The next {@code size} bytes, copied. */
    public byte[] bytes(long size) throws FsException {
        check(size);
        byte[] bytes = copy(position, size);
        position += size;
        return bytes;
    }

    /** The next {@code size} bytes in place. */
    public MemorySegment view(long size) throws FsException {
        check(size);
        MemorySegment view = memory.asSlice(position, size);
        position += size;
        return view;
    }

    /** The next 32-bit integer. */
    public int u32() throws FsException {
        check(Integer.BYTES);
        int value = memory.get(Wire.U32, position);
        position += Integer.BYTES;
        return value;
    }

    /** The next 64-bit integer. */
    public long u64() throws FsException {
        check(Long.BYTES);
        long value = memory.get(Wire.U64, position);
        position += Long.BYTES;
        return value;
    }

    private void check(long size) throws FsException {
        if (size < 0 || size > end - position) {
            throw malformed();
        }
    }

    private byte[] copy(long from, long size) {
        if (size == 0) {
            return NOTHING;
        }
        byte[] bytes = new byte[(int) size];
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, from, bytes, 0, bytes.length);
        return bytes;
    }

    static FsException malformed() {
        return FsException.of(Errno.EIO);
    }
}
