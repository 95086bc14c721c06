package org.scoutfs.volume;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.AnchorBlock;
import org.scoutfs.format.BlockKind;
import org.scoutfs.format.LogLinkBlock;
import org.scoutfs.format.StreamBlock;

/**
 * One epoch's log: batches of edits behind a checkpoint, in blocks that were granted to the server.
 *
 * <pre>
 *   super slot ─► anchor 1 │ anchor 2 │ ...          the last valid one counts
 *                              │    │
 *                 checkpoint ◄─┘    └─► batch 7 │ batch 8 │ link ─► batch 9 │ ...
 * </pre>
 * <ol>
 *   <li>A batch is written after the one before it is durable. So an unreadable batch with a later one behind it is damage, and
 *       with none is one that power failed on.
 *   <li>Log and checkpoint blocks come from {@code pool}, blocks of the server's grants that hold nothing needed. What an older
 *       checkpoint and its log had goes back there when the newer anchor is durable.
 *   <li>The last block of an extent is kept for the link to the next one.
 *   <li>After a failed write or flush nothing more is written: every call throws.
 * </ol>
 * <p>Not thread-safe: the server's thread owns it.
 */
public final class StateLog {
    /** Anchors per extent, where the pool has such extents. */
    static final int ANCHOR_BLOCKS = 16;

    private final BlockDevice device;
    private final long volumeId;
    private final long epoch;
    private final int checkpointEveryBlocks;
    private final FreeSpace pool = new FreeSpace();

    private DeviceExtent anchors;
    private long nextAnchorBlkno;
    private long anchorNumber;
    private List<DeviceExtent> checkpoint = List.of();
    private final List<DeviceExtent> logExtents = new ArrayList<>();
    private long position;
    private long nextBatch = 1;
    private long blocksSinceCheckpoint;
    private boolean isBroken;

    private StateLog(BlockDevice device, long volumeId, long epoch, int checkpointEveryBlocks, DeviceExtent anchors) {
        this.device = device;
        this.volumeId = volumeId;
        this.epoch = epoch;
        this.checkpointEveryBlocks = checkpointEveryBlocks;
        this.anchors = anchors;
        this.nextAnchorBlkno = anchors.blkno();
    }

    /** Blocks of log after which a checkpoint is due, for a device of this size. */
    static int checkpointEveryBlocks(Geometry geometry) {
        return Math.clamp(geometry.metaBlocks() / 512, 64, 1024);
    }

    /** Blocks that a log wants to have for itself when a checkpoint takes {@code checkpointBytes}. */
    static long wantedBlocks(Geometry geometry, long checkpointBytes) {
        return ANCHOR_BLOCKS + 3L * StreamBlock.blockCount(checkpointBytes) + 2L * checkpointEveryBlocks(geometry) + 16;
    }

    /** The least that a log can begin in. */
    static long neededBlocks(long checkpointBytes) {
        return 2 + StreamBlock.blockCount(checkpointBytes) + 8;
    }

    /**
     * Begins the log of an epoch: the first checkpoint, its anchor, an empty log. Durable when it returns.
     *
     * @param granted blocks for it, which the checkpoint says are granted to the server
     */
    static StateLog begin(
            BlockDevice device, long volumeId, long epoch, Geometry geometry, List<DeviceExtent> granted, byte[] checkpoint)
            throws IOException {
        FreeSpace pool = new FreeSpace();
        granted.forEach(pool::add);
        DeviceExtent anchors = takeOne(pool, ANCHOR_BLOCKS);
        if (anchors == null) {
            throw new IOException("no space for the log");
        }
        StateLog log = new StateLog(device, volumeId, epoch, checkpointEveryBlocks(geometry), anchors);
        pool.forEach(log.pool::add);
        log.checkpoint(checkpoint);
        return log;
    }

    /** Where the super slot finds this log. */
    DeviceExtent firstAnchors() {
        Invariants.check(anchorNumber == 1, "asked after the epoch's beginning");
        return anchors;
    }

    /** Blocks of the pool that are missing for a batch of this many bytes, with room to spare. 0 when it fits. */
    public long missingBlocksForBatch(long byteCount) {
        long blocks = StreamBlock.blockCount(byteCount);
        return Math.max(0, blocks + blocks / 8 + 8 - pool.blockCount() - currentRoom());
    }

    /** As {@link #missingBlocksForBatch}, for the next checkpoint. */
    public long missingBlocksForCheckpoint(long byteCount) {
        return Math.max(0, StreamBlock.blockCount(byteCount) + ANCHOR_BLOCKS + 32 - pool.blockCount());
    }

    /** More blocks, which were granted to this server by a batch that is durable. */
    public void addSpace(List<DeviceExtent> granted) {
        granted.forEach(pool::add);
    }

    /** Blocks of the pool that hold nothing. */
    public long freeBlocks() {
        return pool.blockCount();
    }

    /** Whether enough log has gathered that reading a new checkpoint instead would be quicker. */
    public boolean isCheckpointDue() {
        return blocksSinceCheckpoint >= Math.max(checkpointEveryBlocks, checkpointBlocks());
    }

    private long checkpointBlocks() {
        return checkpoint.stream().mapToLong(DeviceExtent::blockCount).sum();
    }

    /** Writes one batch and makes it durable: all of it or, after a crash, none. */
    public void append(List<StateEdit> edits) throws IOException {
        append(StateEditCodec.encode(edits));
    }

    /** As {@link #append(List)}, of edits that are encoded already. */
    public void append(byte[] bytes) throws IOException {
        useOnce();
        Placement placement = place(StreamBlock.blockCount(bytes.length));
        MetaBlocks.writeStream(device, new MetaBlocks.Stream(volumeId, epoch, BlockKind.LOG, nextBatch), bytes,
                placement.blocks);
        for (Link link : placement.links) {
            LogLinkBlock block = new LogLinkBlock(nextBatch, link.next);
            MetaBlocks.write(device, link.blkno, memory -> block.encode(memory, volumeId, link.blkno, epoch));
        }
        device.flush();
        nextBatch++;
        blocksSinceCheckpoint += placement.blocks.size();
        isBroken = false;
    }

    private record Link(long blkno, DeviceExtent next) {}

    private record Placement(List<Long> blocks, List<Link> links) {}

    private Placement place(int count) throws IOException {
        Placement placement = new Placement(new ArrayList<>(count), new ArrayList<>());
        while (placement.blocks.size() < count) {
            if (currentRoom() == 0) {
                DeviceExtent next = takeOne(pool, Math.max(16, checkpointEveryBlocks / 4));
                if (next == null) {
                    throw new IOException("the state log has no space left for a batch of " + count + " blocks");
                }
                placement.links.add(new Link(position, next));
                logExtents.add(next);
                position = next.blkno();
            } else {
                placement.blocks.add(position++);
            }
        }
        return placement;
    }

    /** Blocks that the current extent can still take. */
    private long currentRoom() {
        return logExtents.isEmpty() ? 0 : logExtents.getLast().end() - 1 - position;
    }

    /** Writes a checkpoint of these edits and starts a new log behind it. Durable when it returns. */
    public void checkpoint(byte[] snapshot) throws IOException {
        useOnce();
        List<DeviceExtent> extents = pool.choose(StreamBlock.blockCount(snapshot.length), AnchorBlock.EXTENTS_MAX, 1);
        long found = extents.stream().mapToLong(DeviceExtent::blockCount).sum();
        if (found < StreamBlock.blockCount(snapshot.length)) {
            throw new IOException("the state log has no space for a checkpoint of " + snapshot.length + " bytes");
        }
        extents.forEach(pool::remove);
        boolean isLastOfExtent = nextAnchorBlkno == anchors.end() - 1;
        DeviceExtent nextAnchors = isLastOfExtent ? takeOne(pool, ANCHOR_BLOCKS) : null;
        DeviceExtent log = takeOne(pool, Math.max(16, checkpointEveryBlocks / 4));
        if (log == null || isLastOfExtent && nextAnchors == null) {
            throw new IOException("the state log has no space behind a checkpoint");
        }
        writeCheckpoint(snapshot, extents);
        AnchorBlock anchor =
                new AnchorBlock(anchorNumber + 1, extents, snapshot.length, log, nextBatch, nextAnchors);
        MetaBlocks.write(device, nextAnchorBlkno, memory -> anchor.encode(memory, volumeId, nextAnchorBlkno, epoch));
        device.flush();
        begun(anchor);
        isBroken = false;
    }

    private void writeCheckpoint(byte[] snapshot, List<DeviceExtent> extents) throws IOException {
        List<Long> blknos = new ArrayList<>();
        for (DeviceExtent extent : extents) {
            for (long blkno = extent.blkno(); blkno < extent.end(); blkno++) {
                blknos.add(blkno);
            }
        }
        MetaBlocks.writeStream(device,
                new MetaBlocks.Stream(volumeId, epoch, BlockKind.CHECKPOINT, anchorNumber + 1), snapshot, blknos);
        device.flush();
    }

    /** The anchor is durable: what came before it is not needed any more. */
    private void begun(AnchorBlock anchor) {
        checkpoint.forEach(pool::add);
        logExtents.forEach(pool::add);
        logExtents.clear();
        checkpoint = anchor.checkpoint();
        logExtents.add(anchor.log());
        position = anchor.log().blkno();
        blocksSinceCheckpoint = 0;
        anchorNumber = anchor.number();
        nextAnchorBlkno++;
        if (anchor.nextAnchors() != null) {
            anchors = anchor.nextAnchors();
            nextAnchorBlkno = anchors.blkno();
        }
    }

    /** An extent of at most {@code blocks}, as large as there is one; at least 2. */
    private static @Nullable DeviceExtent takeOne(FreeSpace pool, int blocks) {
        List<DeviceExtent> chosen = pool.choose(blocks, 1, 2);
        if (chosen.isEmpty()) {
            return null;
        }
        pool.remove(chosen.getFirst());
        return chosen.getFirst();
    }

    /** Set while a write is under way, and left so when it throws. */
    private void useOnce() throws IOException {
        if (isBroken) {
            throw new IOException("the state log of " + device.name() + " failed before");
        }
        isBroken = true;
    }
}
