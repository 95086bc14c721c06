package org.scoutfs.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.DeviceExtent;

/**
 * Reads what {@link ByteWriter} wrote, and trusts nothing: no length is believed that the bytes do not have, so damage costs
 * neither memory nor time.
 */
public final class ByteReader {
    private static final VarHandle U64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle U32 = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private final String where;
    private int offset;

    /** @param where how errors name these bytes */
    public ByteReader(byte[] bytes, String where) {
        this.bytes = bytes;
        this.where = where;
    }

    public int offset() {
        return offset;
    }

    public int remaining() {
        return bytes.length - offset;
    }

    public int u8() throws CorruptionException {
        need(1);
        return bytes[offset++] & 0xff;
    }

    public int u32() throws CorruptionException {
        need(Integer.BYTES);
        int value = (int) U32.get(bytes, offset);
        offset += Integer.BYTES;
        return value;
    }

    public long u64() throws CorruptionException {
        need(Long.BYTES);
        long value = (long) U64.get(bytes, offset);
        offset += Long.BYTES;
        return value;
    }

    /** A number that must be in {@code [min, max]}. */
    public int u32(String what, int min, int max) throws CorruptionException {
        int value = u32();
        check(value >= min && value <= max, what + " in [" + min + ", " + max + "]", Integer.toUnsignedString(value));
        return value;
    }

    /** A number that must be in {@code [min, max]}, both not negative. */
    public long u64(String what, long min, long max) throws CorruptionException {
        long value = u64();
        check(value >= min && value <= max, what + " in [" + min + ", " + max + "]", Long.toUnsignedString(value));
        return value;
    }

    public byte[] raw(int count) throws CorruptionException {
        need(count);
        byte[] value = Arrays.copyOfRange(bytes, offset, offset + count);
        offset += count;
        return value;
    }

    public byte[] counted(int maxBytes) throws CorruptionException {
        return raw(u32("a length", 0, maxBytes));
    }

    public String text(int maxBytes) throws CorruptionException {
        byte[] utf8 = counted(maxBytes);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException notText) {
            throw corrupt("a text in UTF-8", HexFormat.of().formatHex(utf8));
        }
    }

    /** A u32 count of elements that take at least {@code minBytesEach}. */
    public int count(int minBytesEach) throws CorruptionException {
        return u32("a count", 0, remaining() < Integer.BYTES ? 0 : (remaining() - Integer.BYTES) / minBytesEach);
    }

    public List<DeviceExtent> extents() throws CorruptionException {
        int count = count(2 * Long.BYTES);
        List<DeviceExtent> extents = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            extents.add(extent());
        }
        return extents;
    }

    public DeviceExtent extent() throws CorruptionException {
        long blkno = u64("a block number", 0, Long.MAX_VALUE / 2);
        return new DeviceExtent(blkno, u64("a block count", 1, Long.MAX_VALUE / 2));
    }

    /** The rest must be zeroes. */
    public void zeroes() throws CorruptionException {
        for (int i = offset; i < bytes.length; i++) {
            check(bytes[i] == 0, "zero at byte " + i, Integer.toHexString(bytes[i] & 0xff));
        }
        offset = bytes.length;
    }

    /** Nothing may be left. */
    public void end() throws CorruptionException {
        check(remaining() == 0, "the end at byte " + offset, remaining() + " more bytes");
    }

    public void check(boolean holds, String expected, Object actual) throws CorruptionException {
        if (!holds) {
            throw CorruptionException.of(where, expected, String.valueOf(actual));
        }
    }

    public CorruptionException corrupt(String expected, String actual) {
        return CorruptionException.of(where, expected, actual);
    }

    private void need(int count) throws CorruptionException {
        if (count < 0 || count > remaining()) {
            throw CorruptionException.of(where, count + " bytes at byte " + offset, remaining() + " bytes");
        }
    }
}
