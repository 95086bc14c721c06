package org.scoutfs.node;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.net.NodeAddress;

/**
 * When mounts that would vote become voters: as soon as there are enough for three voters, then for five. An even number is not made: with two,
 * either one that fails stops all. docs/decisions/0020-voters-join.md.
 */
final class VoterGrowth {
    private static final int SOME = 3;
    private static final int ENOUGH = 5;

    private VoterGrowth() {}

    /**
     * @param volunteers where mounts would vote; who asked first is first
     * @return all slots with the new ones, in the order of their numbers; the same ones when none is to come
     */
    static List<QuorumSlot> grown(List<QuorumSlot> slots, List<NodeAddress> volunteers) {
        List<NodeAddress> fresh = volunteers.stream().filter(one -> slotOf(slots, one) == null).distinct().toList();
        int target = slots.size() < SOME ? SOME : ENOUGH;
        int missing = target - slots.size();
        if (slots.isEmpty() || missing <= 0 || fresh.size() < missing) {
            return slots;
        }
        List<QuorumSlot> all = new ArrayList<>(slots);
        for (NodeAddress one : fresh.subList(0, missing)) {
            all.add(new QuorumSlot(freeNumber(all), one.host(), one.port()));
        }
        all.sort(Comparator.comparingInt(QuorumSlot::number));
        return List.copyOf(all);
    }

    /** The slot that votes from there, or null. */
    static @Nullable QuorumSlot slotOf(List<QuorumSlot> slots, NodeAddress at) {
        return slots.stream()
                .filter(slot -> slot.address().equals(at.host()) && slot.port() == at.port())
                .findFirst()
                .orElse(null);
    }

    private static int freeNumber(List<QuorumSlot> slots) {
        for (int number = 0; number < SuperSlot.QUORUM_SLOTS_MAX; number++) {
            int wanted = number;
            if (slots.stream().noneMatch(slot -> slot.number() == wanted)) {
                return number;
            }
        }
        throw new IllegalStateException("no free number beside " + slots);
    }
}
