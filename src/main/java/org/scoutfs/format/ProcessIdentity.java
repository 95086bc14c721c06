package org.scoutfs.format;

import org.scoutfs.base.CorruptionException;

/**
 * Which process of which host: enough to tell, on that host, whether it still runs. docs/format.md, "Process identity".
 *
 * @param machine the host's {@code /etc/machine-id}; the same before and after a boot
 * @param boot the kernel's {@code boot_id}; new at each boot
 * @param pidNamespace the inode number of its {@code /proc/self/ns/pid}: elsewhere its {@code pid} means nothing
 * @param pid the process number
 * @param startTicks when the process started, as field 22 of {@code /proc/PID/stat}: tells it from a later one of that number
 * @param hostName for messages only
 */
public record ProcessIdentity(
        Id machine, Id boot, long pidNamespace, long pid, long startTicks, String hostName) {
    /** Nobody: what mkfs leaves behind, and what is known of a peer that said nothing about itself. */
    public static final ProcessIdentity NONE = new ProcessIdentity(Id.ZERO, Id.ZERO, 0, 0, 0, "");

    static final int HOST_NAME_BYTES = 64;

    /** 128 bits. */
    public record Id(long high, long low) {
        public static final Id ZERO = new Id(0, 0);

        @Override
        public String toString() {
            return String.format("%016x%016x", high, low);
        }
    }

    public void encode(ByteWriter out) {
        out.u64(machine.high).u64(machine.low).u64(boot.high).u64(boot.low);
        out.u64(pidNamespace).u64(pid).u64(startTicks).text(hostName, HOST_NAME_BYTES);
    }

    public static ProcessIdentity decode(ByteReader in) throws CorruptionException {
        Id machine = new Id(in.u64(), in.u64());
        Id boot = new Id(in.u64(), in.u64());
        long pidNamespace = in.u64();
        long pid = in.u64("a process number", 0, Integer.MAX_VALUE);
        return new ProcessIdentity(machine, boot, pidNamespace, pid, in.u64(), in.text(HOST_NAME_BYTES));
    }

    @Override
    public String toString() {
        return "process " + pid + " of host " + (hostName.isEmpty() ? "unknown" : hostName) + " (boot " + boot + ")";
    }
}
