package org.scoutfs.net;

import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.format.VolumeLayout;

/**
 * What each side of a connection says of itself before anything else. docs/protocol.md, "Hello".
 *
 * @param protocolVersion of the messages
 * @param formatVersion of the volume's structures
 * @param volumeId which volume this is about
 * @param rid the incarnation that speaks; 0 where none does, such as a command that only asks
 * @param quorumSlot the slot that it votes with; {@link #NO_SLOT} for none
 * @param nodeName for messages and listings
 * @param process with which the same host can tell whether it still runs
 */
public record Hello(
        int protocolVersion,
        int formatVersion,
        long volumeId,
        long rid,
        int quorumSlot,
        String nodeName,
        ProcessIdentity process) {
    /** The version of everything in docs/protocol.md. A peer with another one is refused. */
    public static final int PROTOCOL_VERSION = 2;

    public static final int NO_SLOT = -1;

    /** Bytes in the longest node name; longer ones are cut. */
    public static final int NODE_NAME_BYTES_MAX = 64;

    /** Of this program's versions. */
    public static Hello of(long volumeId, long rid, int quorumSlot, String nodeName, ProcessIdentity process) {
        return new Hello(
                PROTOCOL_VERSION, VolumeLayout.FORMAT_VERSION, volumeId, rid, quorumSlot, nodeName, process);
    }

    /** For messages: who it is. */
    public String who() {
        return nodeName + " (r." + String.format("%06x", rid >>> 40) + ")";
    }
}
