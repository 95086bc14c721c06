package org.scoutfs.volume;

import java.io.IOException;
import java.util.List;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Rng;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.SuperSlot.QuorumSlot;

/**
 * Gives a volume that nobody has mounted other voters: an epoch that begins with the new super slot and ends at once, under the claim that
 * keeps a lone mount alone. A voter of the old configuration finds another version in the slot, and its group of voters has another name.
 */
public final class QuorumChange {
    private QuorumChange() {}

    /**
     * @param mountsAreGone the administrator's word that nobody who is recorded as a mount can still be alive; without it, they refuse the change
     * @return the new super slot
     * @throws VolumeBusyException when the volume is served, or a mount is recorded that is not known to be gone
     */
    public static SuperSlot run(
            Volume volume, List<QuorumSlot> slots, String clusterName, boolean mountsAreGone, Host host, Clock clock, Waiter waiter)
            throws IOException, InterruptedException {
        try (Claim claim = new Claim(volume.device(), volume.volumeId())) {
            Claim.Observation before = claim.awaitFree(host, clock, waiter);
            Volume newest = volume.reopened();
            if (!mountsAreGone) {
                refuseMounts(newest, host);
            }
            Epoch.Starter starter = new Epoch.Starter(newRid(), host, Epoch.Leadership.alone(), false);
            Epoch epoch = Epoch.begin(newest, claim, before, Epoch.newestEpoch(newest, before) + 1, starter, clock,
                    slot -> slot.withQuorum(slots, clusterName));
            newest.device().flush();
            claim.release();
            return epoch.slot();
        }
    }

    private static void refuseMounts(Volume volume, Host host) throws IOException {
        for (Incarnation one : volume.recover().incarnations()) {
            if (!one.isServer() && !one.isEvicted() && !host.isGone(one.process())) {
                throw new VolumeBusyException(volume.device().name() + " is mounted by " + one.process()
                        + ", or was when its server ended: mount and unmount it once, so that it is recovered");
            }
        }
    }

    private static long newRid() {
        long rid = Rng.secure().nextLong();
        return rid == 0 ? 1 : rid;
    }
}
