package org.scoutfs.check;

import static org.scoutfs.check.Pairing.number;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.check.Problem.Kind;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;

/**
 * The checksum items, walked beside the extents of the files: both are in the order of inode and block, so one look at each is
 * enough. An item that no written block asked for is reported when the walk has passed it.
 */
final class Checksums implements AutoCloseable {
    private final Cursor cursor;
    private final Findings findings;
    private byte @Nullable [] key;
    private byte[] value = {};
    private int count;
    private boolean isUsed;
    private boolean isBroken;

    Checksums(ItemReader items, Findings findings) throws IOException {
        this.findings = findings;
        this.cursor = items.scan(
                Keys.of(Keys.Zone.CHECKSUM, 0, 0, 0, 0, 0), Keys.of(Keys.Zone.CHECKSUM, -1, 255, -1, -1, 255));
        next();
    }

    /**
     * Asks for the checksum of a block of a file; calls come in ascending order.
     *
     * @return the CRC32C, or null when there is none, which was reported
     */
    @Nullable Integer find(long ino, long block) {
        long group = ChecksumItem.groupOf(block);
        while (key != null && compare(ino, group) < 0) {
            finishItem();
            next();
        }
        int index = (int) (block - group);
        if (key == null || compare(ino, group) > 0 || index >= count) {
            if (!isBroken) {
                findings.add(Kind.CHECKSUM_MISSING, "inode " + number(ino), "block " + block + " has no checksum");
            }
            return null;
        }
        isUsed = true;
        return ChecksumItem.at(value, index);
    }

    /** All blocks were asked for. */
    void end() {
        while (key != null) {
            finishItem();
            next();
        }
    }

    /** Where the current item is, from a place: negative for before it. */
    private int compare(long ino, long group) {
        byte[] at = key;
        if (at == null) {
            return 1;
        }
        int byIno = Long.compareUnsigned(Keys.first(at), ino);
        return byIno != 0 ? byIno : Long.compareUnsigned(Keys.second(at), group);
    }

    private void finishItem() {
        byte[] done = key;
        if (!isUsed && done != null) {
            findings.add(
                    Kind.CHECKSUM_EXTRA,
                    "inode " + number(Keys.first(done)),
                    "checksums of blocks from " + Keys.second(done) + " on, of which none is written");
        }
    }

    private void next() {
        isUsed = false;
        key = null;
        try {
            while (cursor.next()) {
                try {
                    count = ChecksumItem.count(cursor.key(), cursor.value());
                    key = cursor.key();
                    value = cursor.value();
                    return;
                } catch (CorruptionException damaged) {
                    findings.add(
                            Kind.ITEM, "item " + Keys.toString(cursor.key()), String.valueOf(damaged.getMessage()));
                }
            }
        } catch (IOException damaged) {
            // Every block behind this would seem to have no checksum: one report is enough.
            isBroken = true;
            findings.add(Kind.SEGMENT, "checksum items", String.valueOf(damaged.getMessage()));
        }
    }

    @Override
    public void close() {
        cursor.close();
    }
}
