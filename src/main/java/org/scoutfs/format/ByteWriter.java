package org.scoutfs.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.scoutfs.device.DeviceExtent;

/** Appends little-endian numbers and counted lists to a growing array. The other side is {@link ByteReader}. */
public final class ByteWriter {
    private static final VarHandle U64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle U32 = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** The bytes of a character after its first, in UTF-8. */
    private static final int CONTINUATION = 0x80;

    private static final int CONTINUATION_MASK = 0xc0;

    private byte[] bytes;
    private int size;

    public ByteWriter() {
        this(256);
    }

    public ByteWriter(int expectedBytes) {
        bytes = new byte[expectedBytes];
    }

    public int size() {
        return size;
    }

    public byte[] toArray() {
        return Arrays.copyOf(bytes, size);
    }

    public ByteWriter u8(int value) {
        grow(1);
        bytes[size++] = (byte) value;
        return this;
    }

    public ByteWriter u32(int value) {
        grow(Integer.BYTES);
        U32.set(bytes, size, value);
        size += Integer.BYTES;
        return this;
    }

    public ByteWriter u64(long value) {
        grow(Long.BYTES);
        U64.set(bytes, size, value);
        size += Long.BYTES;
        return this;
    }

    public ByteWriter raw(byte[] value) {
        grow(value.length);
        System.arraycopy(value, 0, bytes, size, value.length);
        size += value.length;
        return this;
    }

    /** A u32 length and the bytes. */
    public ByteWriter counted(byte[] value) {
        return u32(value.length).raw(value);
    }

    /** A u32 length and the UTF-8 bytes, cut to {@code maxBytes}. */
    public ByteWriter text(String value, int maxBytes) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        return counted(utf8.length <= maxBytes ? utf8 : Arrays.copyOf(utf8, lastBoundary(utf8, maxBytes)));
    }

    /** The largest number of whole characters' bytes that is not above {@code bytes}. */
    private static int lastBoundary(byte[] utf8, int bytes) {
        int boundary = bytes;
        while ((utf8[boundary] & CONTINUATION_MASK) == CONTINUATION) {
            boundary--;
        }
        return boundary;
    }

    /** A u32 count and the extents. */
    public ByteWriter extents(List<DeviceExtent> extents) {
        u32(extents.size());
        for (DeviceExtent extent : extents) {
            extent(extent);
        }
        return this;
    }

    public ByteWriter extent(DeviceExtent extent) {
        return u64(extent.blkno()).u64(extent.blockCount());
    }

    private void grow(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, bytes.length * 2));
        }
    }
}
