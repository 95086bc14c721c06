package org.scoutfs.fuzz;

import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.Keys;

/** A key and a value: what decodes as an extent, or as checksums, encodes to the same bytes; everything else is refused. */
public final class ExtentItemFuzz implements FuzzTarget {
    @Override
    public List<byte[]> seeds() {
        return List.of(
                joined(ExtentItem.written(8, 4, 100).key(1024), ExtentItem.written(8, 4, 100).value()),
                joined(ExtentItem.unwritten(8, 4, 100, 7).key(1024), ExtentItem.unwritten(8, 4, 100, 7).value()),
                joined(ExtentItem.offline(0, 4).key(1024), ExtentItem.offline(0, 4).value()),
                joined(ChecksumItem.key(1024, 64), ChecksumItem.value(new int[] {1, 2}, 2)));
    }

    private static byte[] joined(byte[] key, byte[] value) {
        byte[] joined = Arrays.copyOf(key, key.length + value.length);
        System.arraycopy(value, 0, joined, key.length, value.length);
        return joined;
    }

    @Override
    public void decode(byte[] bytes) {
        if (bytes.length < Keys.SIZE) {
            return;
        }
        byte[] key = Arrays.copyOf(bytes, Keys.SIZE);
        byte[] value = Arrays.copyOfRange(bytes, Keys.SIZE, bytes.length);
        try {
            ExtentItem item = ExtentItem.decode(key, value);
            if (!Arrays.equals(item.value(), value) || Keys.second(item.key(0)) != Keys.second(key)) {
                throw new AssertionError("other bytes: " + item);
            }
        } catch (CorruptionException e) {
            // Refused, as promised.
        }
        try {
            int[] checksums = ChecksumItem.decode(key, value);
            if (!Arrays.equals(ChecksumItem.value(checksums, value.length / 4), value)) {
                throw new AssertionError("other checksums");
            }
        } catch (CorruptionException e) {
            // Refused, as promised.
        }
    }
}
