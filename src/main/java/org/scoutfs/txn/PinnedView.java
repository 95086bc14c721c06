package org.scoutfs.txn;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.MergedReader;

/** See {@link Transactions#published}. */
final class PinnedView implements Transactions.PublishedView {
    private final NodeView.Pinned pinned;
    private final MergedReader reader;

    PinnedView(NodeView.Pinned pinned) {
        this.pinned = pinned;
        this.reader = new MergedReader(pinned.source());
    }

    @Override
    public long number() {
        return pinned.version().number();
    }

    @Override
    public long stableSeq() {
        return pinned.version().stableSeq();
    }

    @Override
    public byte @Nullable [] get(byte[] key) throws IOException {
        return reader.get(key);
    }

    @Override
    public Cursor scan(byte[] first, byte[] last) throws IOException {
        return reader.scan(first, last);
    }

    @Override
    public @Nullable Item last(byte[] first, byte[] last) throws IOException {
        return reader.last(first, last);
    }

    @Override
    public void close() {
        pinned.close();
    }
}
