package org.scoutfs.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.item.DirentItem;

/** The entries of one name hash: what decodes encodes to the same bytes; everything else is refused. */
public final class DirentItemFuzz implements FuzzTarget {
    @Override
    public List<byte[]> seeds() {
        byte[] one = new DirentItem(2, 1024, 8, "report.txt".getBytes(StandardCharsets.UTF_8)).encode();
        byte[] two = new DirentItem(3, 1025, 4, "d".getBytes(StandardCharsets.UTF_8)).encodeAfter(one);
        return List.of(one, two);
    }

    @Override
    public void decode(byte[] bytes) {
        try {
            byte[] again = null;
            for (DirentItem entry : DirentItem.decodeAll(bytes)) {
                again = entry.encodeAfter(again);
            }
            if (again != null && !Arrays.equals(again, bytes)) {
                throw new AssertionError("other bytes");
            }
        } catch (CorruptionException refused) {
            // what it promises for bad bytes
        }
    }
}
