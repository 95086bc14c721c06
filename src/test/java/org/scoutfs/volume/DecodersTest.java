package org.scoutfs.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Rng;
import org.scoutfs.device.DeviceExtent;
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
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.SeededTest;

/** Every structure is read back as it was written; and changed bytes, also under a right checksum, are a value or refused. */
class DecodersTest {
    private static final long VOLUME = 0x1234;
    private static final ProcessIdentity PROCESS = FakeHost.of(3).self();
    private static final List<DeviceExtent> EXTENTS = List.of(new DeviceExtent(2000, 5), new DeviceExtent(3000, 1));

    private interface Decoder {
        Object decode(MemorySegment block) throws CorruptionException;
    }

    /** One structure: its value, its bytes, and how they are read. */
    private record Sample(Object value, MemorySegment block, int sealedSize, BlockTrailer trailer, Decoder decoder) {}

    private static List<Sample> samples() {
        List<Sample> samples = new ArrayList<>();
        ClaimBlock claim = new ClaimBlock(VOLUME, 7, 99, PROCESS, true, 5);
        MemorySegment block = block();
        claim.encode(block);
        samples.add(new Sample(claim, block, ClaimBlock.SEALED_SIZE,
                new BlockTrailer(VOLUME, ClaimBlock.BLKNO, 7, BlockKind.CLAIM), b -> ClaimBlock.decode(b, VOLUME)));
        HeartbeatBlock heartbeat = new HeartbeatBlock(VOLUME, 7, 99, 12);
        block = block();
        heartbeat.encode(block);
        samples.add(new Sample(heartbeat, block, HeartbeatBlock.SEALED_SIZE,
                new BlockTrailer(VOLUME, HeartbeatBlock.BLKNO, 7, BlockKind.HEARTBEAT),
                b -> HeartbeatBlock.decode(b, VOLUME)));
        TakeoverBlock takeover = new TakeoverBlock(VOLUME, 300, 99, PROCESS, EXTENTS);
        block = block();
        takeover.encode(block);
        long takeoverBlkno = VolumeLayout.takeoverBlkno(300);
        samples.add(new Sample(takeover, block, 4096, new BlockTrailer(VOLUME, takeoverBlkno, 300, BlockKind.TAKEOVER),
                b -> TakeoverBlock.decode(b, VOLUME, takeoverBlkno)));
        SuperSlot slot = new SuperSlot(2, VOLUME, new ProcessIdentity.Id(1, 2), 3, 5000, 100, 1024, 300, 99, PROCESS,
                new DeviceExtent(2000, 16), 1, List.of(new SuperSlot.QuorumSlot(2, "10.0.0.1", 2000)), "alpha");
        block = block();
        slot.encode(block);
        long slotBlkno = VolumeLayout.slotBlkno(300);
        samples.add(new Sample(slot, block, 4096, new BlockTrailer(VOLUME, slotBlkno, 300, BlockKind.SUPER_SLOT),
                b -> SuperSlot.decode(b, slotBlkno)));
        DataLabel label = new DataLabel(2, VOLUME, new ProcessIdentity.Id(1, 2), 777);
        block = block();
        label.encode(block);
        samples.add(new Sample(label, block, 4096,
                new BlockTrailer(VOLUME, VolumeLayout.DATA_LABEL_BLKNO, 1, BlockKind.DATA_LABEL), DataLabel::decode));
        AnchorBlock anchor = new AnchorBlock(3, EXTENTS, 9000, new DeviceExtent(4000, 32), 17, new DeviceExtent(4100, 16));
        block = block();
        anchor.encode(block, VOLUME, 2003, 300);
        samples.add(new Sample(anchor, block, 4096, new BlockTrailer(VOLUME, 2003, 300, BlockKind.ANCHOR),
                b -> AnchorBlock.decode(b, VOLUME, 2003, 300)));
        LogLinkBlock link = new LogLinkBlock(18, new DeviceExtent(4000, 32));
        block = block();
        link.encode(block, VOLUME, 2004, 300);
        samples.add(new Sample(link, block, 4096, new BlockTrailer(VOLUME, 2004, 300, BlockKind.LOG_LINK),
                b -> LogLinkBlock.decode(b, VOLUME, 2004, 300)));
        return samples;
    }

    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[4096]);
    }

    @Test
    void eachIsReadBackAsItWasWritten() throws Exception {
        for (Sample sample : samples()) {
            assertThat(sample.decoder.decode(sample.block)).isEqualTo(sample.value);
        }
        byte[] stream = new byte[10_000];
        stream[9_999] = 7;
        for (int i = 0; i < StreamBlock.blockCount(stream.length); i++) {
            MemorySegment block = block();
            StreamBlock part = StreamBlock.part(5, i, stream);
            part.encode(block, VOLUME, 2000 + i, 9, BlockKind.LOG);
            StreamBlock read = StreamBlock.decode(block, VOLUME, 2000 + i, 9, BlockKind.LOG);
            assertThat(read.bytes()).isEqualTo(part.bytes());
            assertThat(read.count()).isEqualTo(3);
        }
    }

    @Test
    void everyFlippedBitIsSeen() {
        for (Sample sample : samples()) {
            byte[] bytes = (byte[]) sample.block.heapBase().orElseThrow();
            for (int bit = 0; bit < sample.sealedSize * 8; bit += 61) {
                byte[] flipped = bytes.clone();
                flipped[bit / 8] ^= (byte) (1 << bit % 8);
                assertThatThrownBy(() -> sample.decoder.decode(MemorySegment.ofArray(flipped)))
                        .as("%s, bit %d", sample.value, bit)
                        .isInstanceOf(CorruptionException.class);
            }
        }
    }

    @SeededTest(runs = 20)
    void changedBytesUnderARightChecksumAreAValueOrRefused(long seed) {
        Rng rng = Rng.seeded(seed);
        int refused = 0;
        for (Sample sample : samples()) {
            byte[] bytes = (byte[]) sample.block.heapBase().orElseThrow();
            for (int i = 0; i < 300; i++) {
                byte[] payload = java.util.Arrays.copyOf(bytes, sample.sealedSize - BlockTrailer.SIZE);
                for (int changes = 1 + rng.nextInt(3); changes > 0; changes--) {
                    payload[rng.nextInt(Math.min(payload.length, 250))] = (byte) rng.nextInt(256);
                }
                MemorySegment changed = block();
                sample.trailer.seal(changed.asSlice(0, sample.sealedSize), payload);
                try {
                    assertThat(sample.decoder.decode(changed)).isNotNull();
                } catch (CorruptionException e) {
                    refused++;
                }
            }
        }
        assertThat(refused).isPositive();
    }

    private static List<StateEdit> edits() {
        SegmentInfo segment = new SegmentInfo(5, 2000, 3, 40, 2, new byte[] {1, 2}, new byte[] {3});
        return List.of(
                new StateEdit.EpochBegan(4, 9, PROCESS),
                new StateEdit.Joined(10, PROCESS, true),
                new StateEdit.Ended(10),
                new StateEdit.Evicted(11),
                new StateEdit.Granted(10, EXTENTS),
                new StateEdit.Consumed(10, EXTENTS),
                new StateEdit.Returned(10, EXTENTS),
                new StateEdit.Freed(EXTENTS),
                new StateEdit.SeqOpened(10, 77),
                new StateEdit.SeqClosed(10, 77),
                new StateEdit.NumbersTaken(2048, 65),
                new StateEdit.InodesCounted(-3),
                new StateEdit.RequestDone(10, 4),
                new StateEdit.VersionMade(
                        new VersionEdit(8, 70, List.of(new VersionEdit.Added(2, segment)), List.of(1L, 2L))),
                new StateEdit.Reclaimed(List.of(1L)),
                new StateEdit.DevicesGrew(new Geometry(5000, 0), new Geometry(6000, 0)),
                new StateEdit.Counters(1, 2, 3, 4, 5, 6, 7, 8),
                new StateEdit.SizesAre(new Geometry(5000, 7000)),
                new StateEdit.FreeIs(EXTENTS),
                new StateEdit.LevelIs(3, List.of(segment)),
                new StateEdit.RemovedIs(9, segment),
                new StateEdit.IncarnationIs(10, PROCESS, 3, true, false, true, 44, List.of(5L, 6L)),
                new StateEdit.GrantIs(10, EXTENTS));
    }

    @Test
    void everyEditIsReadBackAsItWasWritten() throws Exception {
        byte[] bytes = StateEditCodec.encode(edits());
        List<StateEdit> read = StateEditCodec.decode(bytes, "test");
        assertThat(read).isEqualTo(edits());
        assertThat(StateEditCodec.encode(read)).isEqualTo(bytes);
        assertThat(edits().stream().map(Object::getClass).distinct())
                .hasSize(StateEdit.class.getPermittedSubclasses().length);
    }

    @SeededTest(runs = 20)
    void changedEditsAreOthersOrRefusedAndNeverBreakTheState(long seed) {
        Rng rng = Rng.seeded(seed);
        byte[] bytes = StateEditCodec.encode(edits());
        int refused = 0;
        for (int i = 0; i < 1000; i++) {
            byte[] changed = java.util.Arrays.copyOf(bytes, rng.nextInt(4) == 0 ? rng.nextInt(bytes.length) : bytes.length);
            for (int changes = rng.nextInt(4); changes > 0 && changed.length > 0; changes--) {
                changed[rng.nextInt(changed.length)] = (byte) rng.nextInt(256);
            }
            try {
                VolumeState state = VolumeState.empty(new Geometry(5000, 0));
                state.applyAll(StateEditCodec.decode(changed, "test"));
            } catch (CorruptionException e) {
                refused++;
            }
        }
        assertThat(refused).isPositive();
    }
}
