package org.scoutfs.volume;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.format.AnchorBlock;
import org.scoutfs.format.BlockKind;
import org.scoutfs.format.BlockTrailer;
import org.scoutfs.format.ClaimBlock;
import org.scoutfs.format.DataLabel;
import org.scoutfs.format.HeartbeatBlock;
import org.scoutfs.format.LogLinkBlock;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.format.StreamBlock;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.TakeoverBlock;
import org.scoutfs.format.VolumeLayout;
import org.scoutfs.format.VoterBlock;
import org.scoutfs.fuzz.FuzzTarget;
import org.scoutfs.testkit.FakeHost;

/**
 * The fixed blocks of a volume and the blocks of its log: any payload, under a right checksum or a wrong one, is a value or a {@link
 * CorruptionException}. The first byte says which block; its highest bit, whether it is sealed.
 */
public final class BlocksFuzz implements FuzzTarget {
    private static final long VOLUME = 0x1234;
    private static final long EPOCH = 300;
    private static final long BLKNO = 2003;
    private static final int SLOT = 2;

    private interface Decoder {
        Object decode(MemorySegment block) throws CorruptionException;
    }

    private record Kind(BlockTrailer trailer, int size, Decoder decoder) {}

    private static final Kind[] KINDS = {
        kind(ClaimBlock.BLKNO, BlockKind.CLAIM, ClaimBlock.SEALED_SIZE, b -> ClaimBlock.decode(b, VOLUME)),
        kind(HeartbeatBlock.BLKNO, BlockKind.HEARTBEAT, HeartbeatBlock.SEALED_SIZE, b -> HeartbeatBlock.decode(b, VOLUME)),
        kind(VolumeLayout.takeoverBlkno(EPOCH), BlockKind.TAKEOVER, 4096,
                b -> TakeoverBlock.decode(b, VOLUME, VolumeLayout.takeoverBlkno(EPOCH))),
        kind(VolumeLayout.slotBlkno(EPOCH), BlockKind.SUPER_SLOT, 4096,
                b -> SuperSlot.decode(b, VolumeLayout.slotBlkno(EPOCH))),
        kind(VolumeLayout.DATA_LABEL_BLKNO, BlockKind.DATA_LABEL, 4096, DataLabel::decode),
        kind(BLKNO, BlockKind.ANCHOR, 4096, b -> AnchorBlock.decode(b, VOLUME, BLKNO, EPOCH)),
        kind(BLKNO, BlockKind.LOG_LINK, 4096, b -> LogLinkBlock.decode(b, VOLUME, BLKNO, EPOCH)),
        kind(BLKNO, BlockKind.LOG, 4096, b -> StreamBlock.decode(b, VOLUME, BLKNO, EPOCH, BlockKind.LOG)),
        kind(VolumeLayout.voterBlkno(SLOT), BlockKind.VOTER, 4096, b -> VoterBlock.decode(b, VOLUME, SLOT)),
    };

    private static Kind kind(long blkno, BlockKind kind, int size, Decoder decoder) {
        return new Kind(new BlockTrailer(VOLUME, blkno, EPOCH, kind), size, decoder);
    }

    @Override
    public List<byte[]> seeds() {
        ProcessIdentity process = FakeHost.of(3).self();
        List<org.scoutfs.device.DeviceExtent> extents = List.of(new org.scoutfs.device.DeviceExtent(2000, 5));
        MemorySegment[] blocks = new MemorySegment[KINDS.length];
        Arrays.setAll(blocks, i -> MemorySegment.ofArray(new byte[4096]));
        new ClaimBlock(VOLUME, EPOCH, 99, process, true, 5).encode(blocks[0]);
        new HeartbeatBlock(VOLUME, EPOCH, 99, 12).encode(blocks[1]);
        new TakeoverBlock(VOLUME, EPOCH, 99, process, extents).encode(blocks[2]);
        new SuperSlot(2, VOLUME, new ProcessIdentity.Id(1, 2), 3, 5000, 100, 1024, EPOCH, 99, process,
                extents.getFirst(), 1, List.of(new SuperSlot.QuorumSlot(2, "10.0.0.1", 2000)), "alpha").encode(blocks[3]);
        new DataLabel(2, VOLUME, new ProcessIdentity.Id(1, 2), 777).encode(blocks[4]);
        new AnchorBlock(3, extents, 9000, extents.getFirst(), 17, extents.getFirst()).encode(blocks[5], VOLUME, BLKNO, EPOCH);
        new LogLinkBlock(18, extents.getFirst()).encode(blocks[6], VOLUME, BLKNO, EPOCH);
        StreamBlock.part(5, 0, new byte[100]).encode(blocks[7], VOLUME, BLKNO, EPOCH, BlockKind.LOG);
        new VoterBlock(VOLUME, SLOT, EPOCH, 1, 4).encode(blocks[8]);
        List<byte[]> seeds = new java.util.ArrayList<>();
        for (int i = 0; i < blocks.length; i++) {
            byte[] bytes = (byte[]) blocks[i].heapBase().orElseThrow();
            byte[] seed = new byte[1 + Math.min(300, KINDS[i].size - BlockTrailer.SIZE)];
            seed[0] = (byte) i;
            System.arraycopy(bytes, 0, seed, 1, seed.length - 1);
            seeds.add(seed);
        }
        return seeds;
    }

    @Override
    public void decode(byte[] input) {
        if (input.length == 0) {
            return;
        }
        Kind kind = KINDS[(input[0] & 0x7f) % KINDS.length];
        boolean isSealed = (input[0] & 0x80) == 0;
        byte[] payload = Arrays.copyOfRange(input, 1, Math.min(input.length, 1 + kind.size - (isSealed ? BlockTrailer.SIZE : 0)));
        MemorySegment block = MemorySegment.ofArray(new byte[4096]);
        if (isSealed) {
            kind.trailer.seal(block.asSlice(0, kind.size), payload);
        } else {
            MemorySegment.copy(MemorySegment.ofArray(payload), 0, block, 0, payload.length);
        }
        try {
            Object value = kind.decoder.decode(block);
            if (value.toString().isEmpty()) { // print shows it
                throw new AssertionError("a value without a text");
            }
        } catch (CorruptionException refused) {
            // what it promises for bad bytes
        }
    }
}
