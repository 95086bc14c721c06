package org.scoutfs.volume;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.ClaimBlock;
import org.scoutfs.format.HeartbeatBlock;
import org.scoutfs.format.ProcessIdentity;

/**
 * The right to serve a volume, as the device says it.
 *
 * <pre>
 *   observe ──► released, or its process is gone ──► take ──► confirm, again and again ──► release
 *      └──────► anything else: watch ──► stood still ──┘
 *                     └──► moved: busy
 * </pre>
 * <ol>
 *   <li>A server writes its name and makes it durable before it reads what the last server left; it reads the name again
 *       after its own records are durable and before it tells anybody. Of two servers that do so, at most one tells: if the
 *       older one still found its own name, the newer one's reading came later and found the records.
 *   <li>The claim block is written to take it and to release it, and never in between: a late write by a server that was
 *       overtaken would otherwise hide the new name. That is why the heartbeat has a block of its own.
 *   <li>A claim that cannot be read counts as somebody's.
 * </ol>
 * <p>What it does not promise: two servers that observe the same free claim and write their names with a delay that is longer
 * than the whole take-over of the other. Only a quorum excludes that.
 *
 * <p>Not thread-safe: the server's thread owns it.
 */
public final class Claim implements AutoCloseable {
    /** How long a claim is watched before it is taken. */
    public static final long WATCH_NANOS = 10_000_000_000L;

    /** How often a server shows that it is alive: several times while it may be watched. */
    public static final long HEARTBEAT_NANOS = 2_500_000_000L;

    private static final long LOOK_NANOS = 500_000_000L;

    private final BlockDevice device;
    private final long volumeId;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
    private long epoch;
    private long rid;
    private ProcessIdentity process = ProcessIdentity.NONE;
    private long wallNanos;
    private long heartbeats;

    public Claim(BlockDevice device, long volumeId) {
        this.device = device;
        this.volumeId = volumeId;
    }

    /** What the device says. {@code block} is null when it cannot be read, which {@code damage} explains. */
    public record Observation(@Nullable ClaimBlock block, String damage, byte[] claimBytes, byte[] heartbeatBytes) {
        boolean movedSince(Observation other) {
            return !Arrays.equals(claimBytes, other.claimBytes) || !Arrays.equals(heartbeatBytes, other.heartbeatBytes);
        }

        /** Whether that server will certainly never write again. */
        boolean isFree(Host host) {
            return block != null && (block.isReleased() || host.isGone(block.process()));
        }
    }

    public Observation observe() throws IOException {
        device.read(ClaimBlock.BLKNO, memory);
        byte[] claimBytes = memory.toArray(ValueLayout.JAVA_BYTE);
        ClaimBlock block = null;
        String damage = "";
        try {
            block = ClaimBlock.decode(memory, volumeId);
        } catch (CorruptionException e) {
            damage = String.valueOf(e.getMessage());
        }
        device.read(HeartbeatBlock.BLKNO, memory);
        return new Observation(block, damage, claimBytes, memory.toArray(ValueLayout.JAVA_BYTE));
    }

    /**
     * Returns once nobody serves the volume, as far as one can tell; at once when that is certain.
     *
     * @return what was seen last
     * @throws VolumeBusyException when the holder shows that it is alive
     */
    public Observation awaitFree(Host host, Clock clock, Waiter waiter) throws IOException, InterruptedException {
        Observation first = observe();
        if (first.isFree(host)) {
            return first;
        }
        long end = clock.monotonicNanos() + WATCH_NANOS;
        while (true) {
            long left = end - clock.monotonicNanos();
            if (left <= 0) {
                return first;
            }
            waiter.pause(Math.min(left, LOOK_NANOS));
            Observation now = observe();
            if (now.isFree(host)) {
                return now;
            }
            if (now.movedSince(first)) {
                throw new VolumeBusyException(device.name() + " is in use by " + describe(now));
            }
        }
    }

    private static String describe(Observation seen) {
        return seen.block == null ? "somebody whose claim is unreadable: " + seen.damage : seen.block.process() + "";
    }

    /**
     * Writes the claim and confirms it.
     *
     * @param takenEpoch larger than every epoch that the device shows
     */
    public void take(long takenEpoch, long takenRid, ProcessIdentity takenProcess, long takenWallNanos)
            throws IOException {
        epoch = takenEpoch;
        rid = takenRid;
        process = takenProcess;
        wallNanos = takenWallNanos;
        write(false);
        confirm();
    }

    /** Throws unless the device still says that this server is the one. */
    public void confirm() throws IOException {
        device.read(ClaimBlock.BLKNO, memory);
        ClaimBlock found;
        try {
            found = ClaimBlock.decode(memory, volumeId);
        } catch (CorruptionException e) {
            throw new ClaimLostException("the claim of " + device.name() + " is gone: " + e.getMessage());
        }
        if (!found.isBy(epoch, rid) || found.isReleased()) {
            throw new ClaimLostException(device.name() + " was claimed in epoch " + found.epoch() + " by "
                    + found.process() + "; this server's epoch " + epoch + " is over");
        }
    }

    /** Shows that this server is alive. Not flushed: who watches reads the device, not what would survive a crash. */
    public void heartbeat() throws IOException {
        new HeartbeatBlock(volumeId, epoch, rid, ++heartbeats).encode(memory);
        device.write(HeartbeatBlock.BLKNO, memory);
    }

    /** Lets go: this server writes nothing more. Called after everything else is durable, and only while the claim is its own. */
    public void release() throws IOException {
        confirm();
        write(true);
    }

    private void write(boolean isReleased) throws IOException {
        new ClaimBlock(volumeId, epoch, rid, process, isReleased, wallNanos).encode(memory);
        device.write(ClaimBlock.BLKNO, memory);
        device.flush();
    }

    /** Frees memory; does not release the claim. */
    @Override
    public void close() {
        arena.close();
    }
}
