package org.scoutfs.check;

import static org.scoutfs.check.Pairing.number;

import java.io.IOException;
import org.scoutfs.check.Problem.Kind;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.InodeItem;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.volume.VolumeState;

/**
 * Everything that items say, against each other, against the server's state, and against the device. One pass over the items where
 * all is well and the bit maps of all blocks fit in memory; more only as needed.
 */
final class ContentsCheck {
    private final ItemReader items;
    private final long itemCount;
    private final VolumeState state;
    private final BlockDevice device;
    private final BufferPool pool;
    private final VolumeCheck.Options options;
    private final Findings findings;
    private final VolumeCheck.Progress progress;

    private long maxIno;
    private long maxSeq;
    private long inodeCount;

    /** @param itemCount about how many there are, for the progress */
    ContentsCheck(
            ItemReader items,
            long itemCount,
            VolumeState state,
            BlockDevice device,
            BufferPool pool,
            VolumeCheck.Options options,
            Findings findings,
            VolumeCheck.Progress progress) {
        this.items = items;
        this.itemCount = itemCount;
        this.state = state;
        this.device = device;
        this.pool = pool;
        this.options = options;
        this.findings = findings;
        this.progress = progress;
    }

    void run() {
        SpaceCheck space = new SpaceCheck(state.geometry(), state, findings, options.windowBlocks());
        state.version().levels().forEach(level -> level.forEach(space::segment));
        Pairing pairing = new Pairing();
        space.nextWindows();
        try (Checksums checksums = new Checksums(items, findings)) {
            DataCheck data = new DataCheck(checksums, device, pool, findings, options.readsData());
            InodeCheck inodes = new InodeCheck(items, findings, new InodeCheck.Listener() {
                @Override
                public void fact(Fact fact) {
                    pairing.owner(fact);
                }

                @Override
                public void mirror(Fact fact) {
                    pairing.mirror(fact);
                }

                @Override
                public void sum(Fact fact, long times) {
                    pairing.owner(fact, times);
                }

                @Override
                public void mirrorSum(Fact fact, long times) {
                    pairing.mirror(fact, times);
                }

                @Override
                public void inode(long ino, InodeItem inode) {
                    count(ino, inode);
                }

                @Override
                public void extent(long ino, ExtentItem extent) throws IOException {
                    space.file(ino, extent);
                    boolean isOnDevice = extent.hasStorage()
                            && state.geometry().owns(new DeviceExtent(extent.blkno(), extent.blockCount()));
                    data.extent(ino, extent, isOnDevice);
                }
            });
            new ItemWalk(items, inodes, findings, count -> progress.at("items", count, itemCount)).run();
            checksums.end();
        } catch (IOException damaged) {
            findings.add(Kind.SEGMENT, "items", String.valueOf(damaged.getMessage()));
        }
        space.endWindows();
        // From here on what single items say was reported already.
        Findings silent = new Findings(problem -> {});
        while (space.nextWindows()) {
            passOverExtents(silent, space, "more blocks");
            space.endWindows();
        }
        if (space.beginNaming()) {
            passOverExtents(silent, space, "owners of blocks");
            space.endNaming();
        }
        if (pairing.isUneven()) {
            pairing.beginSecondPass();
            new ItemWalk(
                            items,
                            new InodeCheck(items, silent, new Facts(pairing)),
                            silent,
                            count -> progress.at("cross-check", count, itemCount))
                    .run();
            pairing.report(findings);
        }
        checkNumbers();
    }

    private void passOverExtents(Findings silent, SpaceCheck space, String step) {
        InodeCheck.Listener listener = new InodeCheck.Listener() {
            @Override
            public void fact(Fact fact) {}

            @Override
            public void mirror(Fact fact) {}

            @Override
            public void inode(long ino, InodeItem inode) {}

            @Override
            public void extent(long ino, ExtentItem extent) {
                space.file(ino, extent);
            }
        };
        new ItemWalk(items, new InodeCheck(items, silent, listener), silent, count -> progress.at(step, count, itemCount)).run();
    }

    /** The second pass of a pairing wants facts and nothing else. */
    private record Facts(Pairing pairing) implements InodeCheck.Listener {
        @Override
        public void fact(Fact fact) {
            pairing.owner(fact);
        }

        @Override
        public void mirror(Fact fact) {
            pairing.mirror(fact);
        }

        @Override
        public void sum(Fact fact, long times) {
            pairing.owner(fact, times);
        }

        @Override
        public void mirrorSum(Fact fact, long times) {
            pairing.mirror(fact, times);
        }

        @Override
        public void inode(long ino, InodeItem inode) {}

        @Override
        public void extent(long ino, ExtentItem extent) {}
    }

    private void count(long ino, InodeItem inode) {
        inodeCount++;
        maxIno = Math.max(maxIno, ino);
        maxSeq = Math.max(maxSeq, Math.max(inode.metaSeq, inode.dataSeq));
    }

    private void checkNumbers() {
        if (state.inodeCount() != inodeCount) {
            findings.add(Kind.NUMBERS, "volume", "counts " + state.inodeCount() + " inodes, and there are " + inodeCount);
        }
        if (maxIno >= state.nextIno()) {
            findings.add(
                    Kind.NUMBERS, "inode " + number(maxIno), "the volume has handed out numbers below " + number(state.nextIno()));
        }
        if (maxSeq >= state.nextSeq()) {
            findings.add(
                    Kind.NUMBERS,
                    "sequence number " + number(maxSeq),
                    "the volume has handed out numbers below " + number(state.nextSeq()));
        }
    }
}
