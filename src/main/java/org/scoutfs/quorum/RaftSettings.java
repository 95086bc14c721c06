package org.scoutfs.quorum;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.net.Tls;

/**
 * What a mount in a cluster knows of its quorum.
 *
 * @param quorumVersion of the configuration in the super slot
 * @param slots all voters
 * @param slot this mount's; -1 for a mount without a vote
 * @param directory of all voters on this host
 * @param rid this mount's incarnation
 * @param address where this mount would serve nodes
 * @param nodeName for messages
 * @param tls null for none
 */
public record RaftSettings(
        long volumeId,
        long quorumVersion,
        List<QuorumSlot> slots,
        int slot,
        Path directory,
        long rid,
        NodeAddress address,
        String nodeName,
        @Nullable Tls tls,
        RaftTimes times) {
    /** Where the voters of a host keep their directories unless {@code -o quorum_dir=} says otherwise. */
    public static final Path DEFAULT_DIRECTORY = Path.of("/var/lib/scoutfs/quorum");

    public RaftSettings {
        slots = List.copyOf(slots);
    }

    QuorumSlot own() {
        return slots.stream()
                .filter(one -> one.number() == slot)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the volume has no quorum slot " + slot + ", only "
                        + slots.stream().map(QuorumSlot::number).toList()));
    }

    /** Where this slot's voter keeps what it must not forget. */
    Path voterDirectory() {
        return directory.resolve(Long.toHexString(volumeId)).resolve("slot-" + slot);
    }
}
