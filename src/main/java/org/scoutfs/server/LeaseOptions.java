package org.scoutfs.server;

/**
 * How long promises about time hold. All counted on a clock that goes on while the host sleeps.
 *
 * @param leaseNanos how long a node may use what it holds after it asked for its lease; 0 where mounts are alone, and nobody's
 *     right ends by time
 * @param authorityNanos how long after the beginning of a quorum round this server may renew leases and grant locks
 * @param marginNanos what clocks of two hosts may differ by within a lease
 */
public record LeaseOptions(long leaseNanos, long authorityNanos, long marginNanos) {
    /** One mount: it cannot be cut off from itself. */
    public static final LeaseOptions ALONE = new LeaseOptions(0, Long.MAX_VALUE / 4, 0);

    /**
     * A server's authority lasts for a fifth of a lease, and clocks may run apart by a twentieth: so a new server goes on after one
     * and a quarter at the latest.
     */
    public static LeaseOptions of(long leaseNanos) {
        return new LeaseOptions(leaseNanos, leaseNanos / 5, leaseNanos / 20);
    }

    public boolean isAlone() {
        return leaseNanos == 0;
    }

    /** How long after a node's last request for its lease it certainly uses nothing any more. */
    long untilSilentNanos() {
        return leaseNanos + marginNanos;
    }

    /** How long a new server waits for nodes to declare themselves: a renewal of its predecessor may be as late as that. */
    long declarationNanos() {
        return authorityNanos + leaseNanos + marginNanos;
    }
}
