package org.scoutfs.volume;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.scoutfs.base.Clock;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.ClaimBlock;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.TakeoverBlock;
import org.scoutfs.format.VolumeLayout;

/**
 * The beginning of an epoch: from an observed claim to a log that may be appended to. The steps, each durable before the next:
 *
 * <ol>
 *   <li>the claim, in an epoch above all that the device shows, and read back;
 *   <li>the last epoch's state is read; incarnations that are gone end, others are evicted, so their grants stay out of use;
 *   <li>the take-over block names the free extents that will be written, and the claim is confirmed: who claims later reads the
 *       block, who claimed before is seen by the confirmation;
 *   <li>checkpoint, anchor and log are written to them, and the claim is confirmed;
 *   <li>the super slot is written, and the claim is confirmed: the epoch serves. Only now are the blocks of the last epoch's
 *       log let go: a crash before the slot still needs them.
 * </ol>
 */
public final class Epoch {
    private final SuperSlot slot;
    private final VolumeState state;
    private final StateLog log;

    private Epoch(SuperSlot slot, VolumeState state, StateLog log) {
        this.slot = slot;
        this.state = state;
        this.log = log;
    }

    public SuperSlot slot() {
        return slot;
    }

    public VolumeState state() {
        return state;
    }

    public StateLog log() {
        return log;
    }

    /**
     * Who begins it.
     *
     * @param rid the server's incarnation
     * @param leadership asked once the claim is durable: who is not the leader any more stops
     * @param predecessorsAreGone an administrator's word that nobody who mounted this volume before can still write
     * @param mountsStay in a cluster: mounts of the last epoch that are not known to be gone may declare themselves to this server
     */
    public record Starter(
            long rid, Host host, Leadership leadership, boolean predecessorsAreGone, boolean mountsStay) {
        public Starter(long rid, Host host, Leadership leadership, boolean predecessorsAreGone) {
            this(rid, host, leadership, predecessorsAreGone, false);
        }
    }

    /** Whether this server is still the one that was elected for an epoch. */
    public interface Leadership {
        boolean isLeader(long epoch) throws IOException;

        /** For a server that nobody elects. */
        static Leadership alone() {
            return epoch -> true;
        }
    }

    /** The largest epoch that anything on the device shows. */
    public static long newestEpoch(Volume volume, Claim.Observation claim) throws IOException {
        ClaimBlock block = claim.block();
        long newest = Math.max(volume.slot().epoch(), block == null ? 0 : block.epoch());
        for (TakeoverBlock takeover : volume.takeovers()) {
            newest = Math.max(newest, takeover.epoch());
        }
        return newest;
    }

    /**
     * @param before what {@link Claim#awaitFree} returned
     * @param epoch above {@link #newestEpoch}
     * @throws VolumeBusyException when another server has begun this epoch, or a later one, at the same time
     */
    public static Epoch begin(Volume opened, Claim claim, Claim.Observation before, long epoch, Starter starter, Clock clock)
            throws IOException {
        return begin(opened, claim, before, epoch, starter, clock, UnaryOperator.identity());
    }

    /** As {@link #begin(Volume, Claim, Claim.Observation, long, Starter, Clock)}, with another quorum in the super slot. */
    public static Epoch begin(
            Volume opened,
            Claim claim,
            Claim.Observation before,
            long epoch,
            Starter starter,
            Clock clock,
            UnaryOperator<SuperSlot> change)
            throws IOException {
        ProcessIdentity self = starter.host.self();
        claim.take(epoch, starter.rid, self, clock.wallNanos());
        if (!starter.leadership.isLeader(epoch)) {
            throw new ClaimLostException("another mount was elected after epoch " + epoch);
        }
        Volume volume = opened.reopened();
        if (volume.slot().epoch() >= epoch) {
            throw new VolumeBusyException(opened.device().name() + " was taken over by " + volume.slot().process());
        }
        if (volume.slot().quorumVersion() != opened.slot().quorumVersion()) {
            throw new VolumeBusyException("the quorum of " + opened.device().name() + " was changed: version "
                    + volume.slot().quorumVersion() + ", expected " + opened.slot().quorumVersion());
        }
        VolumeState state = volume.recover();
        if (!starter.predecessorsAreGone && epoch - oldestQuarantine(state, epoch) >= VolumeLayout.RING_BLOCKS) {
            throw new VolumeBusyException(volume.device().name() + ": a server of epoch " + oldestQuarantine(state, epoch)
                    + " is not known to be gone, and its super slot is to be used again; where it certainly is, mount with"
                    + " -o predecessors=gone");
        }
        succeed(volume, state, before, epoch, starter);
        state.apply(new StateEdit.EpochBegan(epoch, starter.rid, self));
        List<DeviceExtent> own = chooseLogSpace(volume, state);
        state.apply(new StateEdit.Granted(starter.rid, own));
        announce(volume, new TakeoverBlock(volume.volumeId(), epoch, starter.rid, self, own));
        claim.confirm();
        StateLog log = StateLog.begin(volume.device(), volume.volumeId(), epoch, volume.geometry(), own,
                StateEditCodec.encode(state.snapshot()));
        claim.confirm();
        SuperSlot slot = change.apply(
                slotAfter(volume.slot(), state.geometry(), epoch, starter.rid, self, log.firstAnchors()));
        writeSlot(volume.device(), slot);
        claim.heartbeat();
        volume.device().flush();
        claim.confirm();
        endLastServer(volume.slot().rid(), state, log);
        return new Epoch(slot, state, log);
    }

    private static long oldestQuarantine(VolumeState state, long epoch) {
        return state.incarnations().stream()
                .filter(Incarnation::isEvicted)
                .mapToLong(Incarnation::epoch)
                .min()
                .orElse(epoch);
    }

    /** What becomes of those that were there before. */
    private static void succeed(
            Volume volume, VolumeState state, Claim.Observation before, long epoch, Starter starter) throws IOException {
        ClaimBlock claim = before.block();
        long releasedRid = claim != null && claim.isReleased() ? claim.rid() : 0;
        for (Incarnation one : List.copyOf(state.incarnations())) {
            boolean isGone = starter.predecessorsAreGone
                    || one.isServer() && one.rid() == releasedRid
                    || starter.host.isGone(one.process());
            if (isGone && one.rid() == volume.slot().rid()) {
                // What it was granted is the log that this state was read from: needed until the new slot is there.
                continue;
            }
            if (isGone) {
                state.apply(new StateEdit.Ended(one.rid()));
            } else if (!one.isEvicted() && !(starter.mountsStay && !one.isServer())) {
                state.apply(new StateEdit.Evicted(one.rid()));
            }
        }
        for (TakeoverBlock takeover : volume.takeovers()) {
            boolean isUnfinished = takeover.epoch() > volume.slot().epoch() && takeover.epoch() < epoch;
            boolean isGone = starter.predecessorsAreGone || starter.host.isGone(takeover.process());
            if (isUnfinished && !isGone && state.incarnation(takeover.rid()) == null) {
                quarantine(state, takeover);
            }
        }
    }

    /** The last epoch's log is not needed any more. */
    private static void endLastServer(long rid, VolumeState state, StateLog log) throws IOException {
        Incarnation last = state.incarnation(rid);
        if (last != null && !last.isEvicted()) {
            StateEdit ended = new StateEdit.Ended(rid);
            state.apply(ended);
            log.append(List.of(ended));
        }
    }

    /** A server that died, or was overtaken, before its slot: it may still write to what it had named. */
    private static void quarantine(VolumeState state, TakeoverBlock takeover) throws CorruptionException {
        state.apply(new StateEdit.Joined(takeover.rid(), takeover.process(), false));
        List<DeviceExtent> stillFree = new ArrayList<>();
        for (DeviceExtent named : takeover.extents()) {
            for (DeviceExtent free : state.freeMeta().toList()) {
                if (free.overlaps(named)) {
                    long start = Math.max(free.blkno(), named.blkno());
                    stillFree.add(new DeviceExtent(start, Math.min(free.end(), named.end()) - start));
                }
            }
        }
        state.apply(new StateEdit.Granted(takeover.rid(), stillFree));
        state.apply(new StateEdit.Evicted(takeover.rid()));
    }

    private static List<DeviceExtent> chooseLogSpace(Volume volume, VolumeState state) throws IOException {
        // The grant itself makes the checkpoint a little longer.
        long checkpointBytes = StateEditCodec.encode(state.snapshot()).length + 8192L;
        long wanted = StateLog.wantedBlocks(volume.geometry(), checkpointBytes);
        List<DeviceExtent> chosen = state.freeMeta().choose(wanted, TakeoverBlock.EXTENTS_MAX, 2);
        long found = chosen.stream().mapToLong(DeviceExtent::blockCount).sum();
        if (found < StateLog.neededBlocks(checkpointBytes)) {
            throw new IOException(volume.device().name() + " has no space for a state log: "
                    + StateLog.neededBlocks(checkpointBytes) + " blocks are needed, " + found + " are free");
        }
        return chosen;
    }

    private static void announce(Volume volume, TakeoverBlock takeover) throws IOException {
        MetaBlocks.write(volume.device(), VolumeLayout.takeoverBlkno(takeover.epoch()), takeover::encode);
        volume.device().flush();
    }

    static SuperSlot slotAfter(
            SuperSlot last, Geometry geometry, long epoch, long rid, ProcessIdentity process, DeviceExtent anchor) {
        return new SuperSlot(last.formatVersion(), last.volumeId(), last.uuid(), last.createdWallNanos(),
                geometry.metaBlocks(), geometry.dataBlocks(), last.lockGroupSize(), epoch, rid, process, anchor,
                last.quorumVersion(), last.quorumSlots(), last.clusterName());
    }

    static void writeSlot(BlockDevice device, SuperSlot slot) throws IOException {
        MetaBlocks.write(device, VolumeLayout.slotBlkno(slot.epoch()), slot::encode);
        device.flush();
    }
}
