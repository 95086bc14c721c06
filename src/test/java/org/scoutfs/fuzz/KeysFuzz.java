package org.scoutfs.fuzz;

import java.util.Arrays;
import java.util.List;
import org.scoutfs.item.Keys;

/** Any 27 bytes are a key, and making it again from its numbers gives the same bytes. */
public final class KeysFuzz implements FuzzTarget {
    @Override
    public List<byte[]> seeds() {
        return List.of(Keys.of(Keys.Zone.FS, 1024, Keys.Type.DIRENT, 0x1234_5678_9abc_def0L, 5, 0));
    }

    @Override
    public void decode(byte[] bytes) {
        if (bytes.length != Keys.SIZE) {
            if (!Keys.toString(bytes).startsWith("key of ")) {
                throw new AssertionError("a wrong length reads as a key");
            }
            return;
        }
        byte[] again = Keys.of(
                Keys.zone(bytes), Keys.first(bytes), Keys.type(bytes), Keys.second(bytes), Keys.third(bytes), Keys.fourth(bytes));
        if (!Arrays.equals(again, bytes)) {
            throw new AssertionError("another key: " + Keys.toString(bytes));
        }
    }
}
