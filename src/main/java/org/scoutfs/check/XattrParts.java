package org.scoutfs.check;

import org.scoutfs.base.CorruptionException;
import org.scoutfs.item.Keys;
import org.scoutfs.item.XattrItem;

/** The parts of one extended attribute, as they come by: whether all are there, each of its length. */
final class XattrParts {
    private long hash;
    private long id;
    private int nextPart;
    private int partCount;
    private long bytes;
    private long expectedBytes;

    void reset() {
        nextPart = 0;
        partCount = 0;
        bytes = 0;
        expectedBytes = 0;
    }

    void begin(byte[] key, byte[] firstPart) throws CorruptionException {
        hash = Keys.second(key);
        id = XattrItem.id(key);
        int nameLength = XattrItem.name(key, firstPart).length;
        int valueLength = XattrItem.valueLength(key, firstPart);
        partCount = XattrItem.partCount(nameLength, valueLength);
        expectedBytes = 4L + nameLength + valueLength;
        bytes = firstPart.length;
        nextPart = 1;
    }

    /** @return false when it does not follow what came before */
    boolean add(byte[] key, byte[] part) {
        boolean follows =
                Keys.second(key) == hash && XattrItem.id(key) == id && XattrItem.part(key) == nextPart && nextPart < partCount;
        if (follows) {
            nextPart++;
            bytes += part.length;
        }
        return follows;
    }

    boolean isComplete() {
        return nextPart == partCount && bytes == expectedBytes;
    }

    @Override
    public String toString() {
        return nextPart + " parts of " + partCount + ", " + bytes + " bytes of " + expectedBytes;
    }
}
