package org.scoutfs.lsm;

import java.util.Iterator;
import java.util.Map;
import java.util.SortedMap;

/** The items of a map as a cursor. */
final class ListCursor implements Cursor {
    private final Iterator<Map.Entry<byte[], ItemValue>> items;
    private Map.Entry<byte[], ItemValue> current;

    ListCursor(SortedMap<byte[], ItemValue> items) {
        this.items = items.entrySet().iterator();
    }

    @Override
    public boolean next() {
        if (!items.hasNext()) {
            return false;
        }
        current = items.next();
        return true;
    }

    @Override
    public byte[] key() {
        return current.getKey();
    }

    @Override
    public ValueKind kind() {
        return current.getValue().kind();
    }

    @Override
    public byte[] value() {
        return current.getValue().bytes();
    }

    @Override
    public void close() {}
}
