package org.scoutfs.format;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.DeviceExtent;

/**
 * The beginning of an epoch: what the volume is, and where this epoch's log is found. Written once, when the epoch's first
 * checkpoint is durable. The valid slot with the largest epoch counts. docs/format.md, "Super slot".
 *
 * @param formatVersion read first: nothing else is believed of a slot with another version
 * @param uuid for programs that know volumes by UUIDs
 * @param metaBlocks blocks of the metadata device, or of the only device
 * @param dataBlocks blocks of the data device; 0 without one
 * @param rid the server's incarnation
 * @param anchor the first extent of anchor blocks of this epoch
 * @param lockGroupSize inode numbers per lock
 * @param quorumVersion changes with the list of quorum slots
 * @param clusterName as an administrator calls the cluster; empty for none
 */
public record SuperSlot(
        int formatVersion,
        long volumeId,
        ProcessIdentity.Id uuid,
        long createdWallNanos,
        long metaBlocks,
        long dataBlocks,
        int lockGroupSize,
        long epoch,
        long rid,
        ProcessIdentity process,
        DeviceExtent anchor,
        long quorumVersion,
        List<QuorumSlot> quorumSlots,
        String clusterName) {
    public static final int QUORUM_SLOTS_MAX = 15;
    public static final int CLUSTER_NAME_BYTES_MAX = 64;

    private static final int ADDRESS_BYTES = 64;

    public SuperSlot {
        quorumSlots = List.copyOf(quorumSlots);
    }

    /** A mount that may vote. */
    public record QuorumSlot(int number, String address, int port) {}

    public void encode(MemorySegment block) {
        ByteWriter out = new ByteWriter();
        out.u64(VolumeLayout.MAGIC).u32(formatVersion).u32(lockGroupSize);
        out.u64(uuid.high()).u64(uuid.low()).u64(createdWallNanos).u64(metaBlocks).u64(dataBlocks);
        out.u64(epoch).u64(rid).extent(anchor);
        process.encode(out);
        out.u64(quorumVersion).u32(quorumSlots.size());
        for (QuorumSlot slot : quorumSlots) {
            out.u32(slot.number).u32(slot.port).text(slot.address, ADDRESS_BYTES);
        }
        out.text(clusterName, CLUSTER_NAME_BYTES_MAX);
        new BlockTrailer(volumeId, VolumeLayout.slotBlkno(epoch), epoch, BlockKind.SUPER_SLOT)
                .seal(block, out.toArray());
    }

    /**
     * The format version of a block that is sealed as a super slot; it has the same place in every version.
     */
    public static int formatVersion(MemorySegment block) throws CorruptionException {
        ByteReader in = BlockTrailer.payload(block, "super slot");
        in.u64("the magic number", VolumeLayout.MAGIC, VolumeLayout.MAGIC);
        return in.u32();
    }

    /** Decodes a slot of this program's format version. The volume id is what the slot says. */
    public static SuperSlot decode(MemorySegment block, long blkno) throws CorruptionException {
        BlockTrailer trailer = BlockTrailer.open(block, blkno, BlockKind.SUPER_SLOT);
        ByteReader in = BlockTrailer.payload(block, "super slot at block " + blkno);
        in.u64("the magic number", VolumeLayout.MAGIC, VolumeLayout.MAGIC);
        int formatVersion =
                in.u32("the format version", VolumeLayout.FORMAT_VERSION, VolumeLayout.FORMAT_VERSION);
        int lockGroupSize = in.u32("the lock group size", 1, 1 << 20);
        ProcessIdentity.Id uuid = new ProcessIdentity.Id(in.u64(), in.u64());
        long createdWallNanos = in.u64();
        long metaBlocks =
                in.u64("blocks of the device", VolumeLayout.FIRST_EXTENT_BLKNO, VolumeLayout.DATA_DEVICE_BLKNO);
        long dataBlocks = in.u64("blocks of the data device", 0, VolumeLayout.DATA_DEVICE_BLKNO);
        long epoch = in.u64("the trailer's epoch", trailer.epoch(), trailer.epoch());
        in.check(VolumeLayout.slotBlkno(epoch) == blkno, "an epoch that belongs here", epoch);
        long rid = in.u64();
        DeviceExtent anchor = in.extent();
        in.check(anchor.blkno() >= VolumeLayout.FIRST_EXTENT_BLKNO && anchor.end() <= metaBlocks,
                "an anchor within the device", anchor);
        ProcessIdentity process = ProcessIdentity.decode(in);
        long quorumVersion = in.u64();
        int count = in.u32("a count of quorum slots", 0, QUORUM_SLOTS_MAX);
        List<QuorumSlot> slots = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int number = in.u32("a slot number", 0, QUORUM_SLOTS_MAX - 1);
            int port = in.u32("a port", 1, 65535);
            slots.add(new QuorumSlot(number, in.text(ADDRESS_BYTES), port));
        }
        String clusterName = in.text(CLUSTER_NAME_BYTES_MAX);
        in.zeroes();
        return new SuperSlot(formatVersion, trailer.volumeId(), uuid, createdWallNanos, metaBlocks, dataBlocks,
                lockGroupSize, epoch, rid, process, anchor, quorumVersion, slots, clusterName);
    }

    /** The same volume with other voters, or of another cluster: a new quorum, whatever is the same in it. */
    public SuperSlot withQuorum(List<QuorumSlot> slots, String name) {
        return new SuperSlot(formatVersion, volumeId, uuid, createdWallNanos, metaBlocks, dataBlocks, lockGroupSize, epoch,
                rid, process, anchor, quorumVersion + 1, slots, name);
    }

    /** The same quorum with more slots: those that are there stay, and their voters go on as they are. */
    public SuperSlot withMoreSlots(List<QuorumSlot> all) {
        if (!all.containsAll(quorumSlots)) {
            throw new IllegalArgumentException("of the slots " + quorumSlots + " only these would stay: " + all);
        }
        return new SuperSlot(formatVersion, volumeId, uuid, createdWallNanos, metaBlocks, dataBlocks, lockGroupSize, epoch,
                rid, process, anchor, quorumVersion, all, clusterName);
    }
}
