package org.scoutfs.lsm;

import java.io.IOException;

/** A cursor without what readers do not see: tombstones are left out, sums of deltas are values. */
final class VisibleCursor implements Cursor {
    private static final byte[] EMPTY = {};

    private final Cursor all;
    private byte[] value = EMPTY;

    VisibleCursor(Cursor all) {
        this.all = all;
    }

    @Override
    public boolean next() throws IOException {
        while (all.next()) {
            switch (all.kind()) {
                case PUT -> {
                    value = EMPTY;
                    return true;
                }
                case DELTA -> {
                    ItemValue settled = Deltas.settle(ItemValue.delta(all.value()));
                    if (settled.kind() == ValueKind.PUT) {
                        value = settled.bytes();
                        return true;
                    }
                }
                case TOMBSTONE -> {}
            }
        }
        return false;
    }

    @Override
    public byte[] key() {
        return all.key();
    }

    @Override
    public ValueKind kind() {
        return ValueKind.PUT;
    }

    @Override
    public byte[] value() {
        return value.length == 0 ? all.value() : value;
    }

    @Override
    public void close() {
        all.close();
    }
}
