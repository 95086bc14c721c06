package org.scoutfs.quorum;

/**
 * @param electionMillisMin a follower that hears nothing of its leader for so long, or up to {@code electionMillisMax}, stands for
 *     election; below two seconds, pauses of the Java machine make elections
 * @param electionMillisMax a leader that hears nothing of a majority for so long steps down
 * @param requestMillis how long one call to another voter may take
 */
public record RaftTimes(int electionMillisMin, int electionMillisMax, int requestMillis) {
    public static final RaftTimes DEFAULTS = new RaftTimes(2000, 3000, 3000);
}
