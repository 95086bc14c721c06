package org.scoutfs.check;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.scoutfs.base.Counters;
import org.scoutfs.check.Problem.Kind;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.lsm.Version;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.VolumeReader;
import org.scoutfs.volume.VolumeState;
import org.scoutfs.volume.Voters;

/**
 * Checks a whole volume, as of its last commit. The device is borrowed and only read; who calls sees to it that nobody writes to it.
 */
public final class VolumeCheck {
    private static final long POOL_BYTES = 64L << 20;
    private static final long CACHE_BYTES = 128L << 20;

    /**
     * @param readsData read the contents of files, too, and compare them with their checksums
     * @param windowBlocks blocks that are looked at together: an eighth of a byte of memory each
     */
    public record Options(boolean readsData, long windowBlocks) {
        public static final Options DEFAULTS = new Options(false, 1L << 31);

        public Options withData() {
            return new Options(true, windowBlocks);
        }
    }

    /** Is told how far the check is. */
    public interface Progress {
        Progress NONE = (step, done, total) -> {};

        /** @param step what is being done, in a few words */
        void at(String step, long done, long total);
    }

    private final BlockDevice device;
    private final Options options;
    private final Findings findings;
    private final Progress progress;

    private VolumeCheck(BlockDevice device, Options options, Findings findings, Progress progress) {
        this.device = device;
        this.options = options;
        this.findings = findings;
        this.progress = progress;
    }

    /** Checks a volume; all problems are in {@code findings}. What cannot be opened as a volume is one. */
    public static void run(BlockDevice device, Options options, Findings findings, Progress progress) {
        new VolumeCheck(device, options, findings, progress).run();
    }

    /** As {@link #run(BlockDevice, Options, Findings, Progress)}, for tests. */
    public static List<Problem> run(BlockDevice device) {
        Findings findings = new Findings(problem -> {});
        run(device, Options.DEFAULTS.withData(), findings, Progress.NONE);
        return findings.kept();
    }

    private void run() {
        Volume volume;
        VolumeState state;
        try {
            progress.at("volume", 0, 1);
            volume = Volume.open(device);
            state = new VolumeReader(volume).log().state();
            checkQuorum(volume);
        } catch (IOException damaged) {
            findings.add(Kind.STRUCTURE, device.name(), String.valueOf(damaged.getMessage()));
            return;
        }
        Version version = state.version();
        try (BufferPool pool = new BufferPool(POOL_BYTES);
                SegmentStore store = new SegmentStore(
                        device, pool, SegmentOptions.of(volume.volumeId()), CACHE_BYTES, new Counters())) {
            progress.at("segments", 0, version.segmentCount());
            new SegmentCheck(store, findings).run(version);
            new ContentsCheck(
                            store.reader(version), itemCount(version), state, device, pool, options, findings, progress)
                    .run();
        }
    }

    /** Slots that two would vote with, and what stops a slot's mounts. */
    private void checkQuorum(Volume volume) {
        Set<Integer> numbers = new HashSet<>();
        Set<String> addresses = new HashSet<>();
        for (SuperSlot.QuorumSlot slot : volume.slot().quorumSlots()) {
            if (!numbers.add(slot.number()) || !addresses.add(slot.address() + "," + slot.port())) {
                findings.add(Kind.STRUCTURE, "super slot", "two quorum slots are " + slot);
            }
            try {
                Object unused = new Voters(volume).read(slot.number());
            } catch (IOException damaged) {
                findings.add(Kind.STRUCTURE, "voter of quorum slot " + slot.number(), String.valueOf(damaged.getMessage()));
            }
        }
    }

    private static long itemCount(Version version) {
        long sum = 0;
        for (List<SegmentInfo> level : version.levels()) {
            for (SegmentInfo segment : level) {
                sum += segment.itemCount();
            }
        }
        return sum;
    }
}
