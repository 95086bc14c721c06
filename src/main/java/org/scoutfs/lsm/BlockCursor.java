package org.scoutfs.lsm;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;

/** The entries of one pinned block. */
final class BlockCursor extends EntryCursor {
    private final CachedBlock block;

    /** Owns the pin. */
    BlockCursor(SegmentReader reader, CachedBlock block) {
        super(reader);
        this.block = block;
        enter(block.bytes);
    }

    @Override
    public boolean next() throws CorruptionException {
        return nextInBlock();
    }

    /** The largest key in {@code [first, last]}, or null. */
    byte @Nullable [] lastKey(byte[] first, byte[] last) throws CorruptionException {
        enterBefore(block.bytes, last);
        byte[] found = null;
        while (nextInBlock() && Arrays.compareUnsigned(keyBytes, 0, keySize, last, 0, last.length) <= 0) {
            found = found != null && found.length == keySize ? found : new byte[keySize];
            System.arraycopy(keyBytes, 0, found, 0, keySize);
        }
        return found != null && Arrays.compareUnsigned(found, first) >= 0 ? found : null;
    }

    @Override
    public void close() {
        block.close();
    }
}
