package org.scoutfs.item;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.scoutfs.base.CorruptionException;

/** What xattrs of one total add up to, or what one of them adds: both numbers wrap around. docs/format.md, "Total items". */
public record XattrTotal(long total, long count) {
    public static final XattrTotal NOTHING = new XattrTotal(0, 0);

    private static final int SIZE = 16;
    private static final int AT_TOTAL = 0; // u64
    private static final int AT_COUNT = 8; // u64

    public XattrTotal minus(XattrTotal other) {
        return new XattrTotal(total - other.total, count - other.count);
    }

    public byte[] encode() {
        return ByteBuffer.allocate(SIZE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(total)
                .putLong(count)
                .array();
    }

    public static XattrTotal decode(byte[] key, byte[] value) throws CorruptionException {
        if (value.length != SIZE) {
            throw CorruptionException.of("total item " + Keys.toString(key), SIZE + " bytes", value.length + " bytes");
        }
        ByteBuffer bytes = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        return new XattrTotal(bytes.getLong(AT_TOTAL), bytes.getLong(AT_COUNT));
    }
}
