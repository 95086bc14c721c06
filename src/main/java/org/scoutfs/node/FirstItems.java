package org.scoutfs.node;

import java.io.IOException;
import org.scoutfs.base.Clock;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.item.FileType;
import org.scoutfs.item.IndexKeys;
import org.scoutfs.item.InodeItem;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.CutPoints;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentSpace;
import org.scoutfs.lsm.SegmentWriter;
import org.scoutfs.lsm.ValueKind;
import org.scoutfs.volume.Mkfs;

/** What a new volume begins with: the root directory, and its place in the index of changes. */
final class FirstItems implements Mkfs.FirstSegment {
    private static final long ROOT_INO = 1;
    /** The transaction of mkfs. */
    private static final long FIRST_SEQ = 1;
    private static final int FIRST_POSITION = 2;
    private static final long POOL_BYTES = 32 << 20;
    private static final int NANOS_PER_SECOND = 1_000_000_000;

    private final Clock clock;

    FirstItems(Clock clock) {
        this.clock = clock;
    }

    @Override
    public SegmentInfo write(BlockDevice device, long volumeId, long segmentId, DeviceExtent space) throws IOException {
        byte[][][] items = {
            {IndexKeys.metaSeq(FIRST_SEQ, ROOT_INO), IndexKeys.value()},
            {InodeItem.key(ROOT_INO), root().encode()}
        };
        try (BufferPool pool = new BufferPool(POOL_BYTES);
                SegmentWriter writer = new SegmentWriter(
                        device,
                        pool,
                        new OneRun(segmentId, space),
                        SegmentOptions.of(volumeId),
                        CutPoints.NONE);
                Cursor cursor = new Items(items)) {
            writer.addAll(cursor);
            return writer.finish().getFirst();
        }
    }

    private InodeItem root() {
        InodeItem root = new InodeItem();
        root.mode = FileType.DIRECTORY << 12 | 0755;
        root.nlink = 2;
        root.metaSeq = FIRST_SEQ;
        root.nextPosition = FIRST_POSITION;
        root.nextXattrId = 1;
        long seconds = Math.floorDiv(clock.wallNanos(), NANOS_PER_SECOND);
        int nanos = Math.floorMod(clock.wallNanos(), NANOS_PER_SECOND);
        root.atime = root.mtime = root.ctime = root.crtime = seconds;
        root.atimeNanos = root.mtimeNanos = root.ctimeNanos = root.crtimeNanos = nanos;
        return root;
    }

    /** The blocks that mkfs chose. */
    private record OneRun(long segmentId, DeviceExtent space) implements SegmentSpace {
        @Override
        public long nextSegmentId() {
            return segmentId;
        }

        @Override
        public int longestRun() {
            return (int) space.blockCount();
        }

        @Override
        public DeviceExtent take(int blockCount) {
            return new DeviceExtent(space.blkno(), blockCount);
        }
    }

    /** Two items in order. */
    private static final class Items implements Cursor {
        private final byte[][][] items;
        private int at = -1;

        Items(byte[][][] items) {
            this.items = items;
        }

        @Override
        public boolean next() {
            return ++at < items.length;
        }

        @Override
        public byte[] key() {
            return items[at][0];
        }

        @Override
        public ValueKind kind() {
            return ValueKind.PUT;
        }

        @Override
        public byte[] value() {
            return items[at][1];
        }

        @Override
        public void close() {}
    }
}
