package org.scoutfs.net;

import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.format.ByteReader;
import org.scoutfs.format.ByteWriter;
import org.scoutfs.format.ProcessIdentity;

/**
 * The two messages that every version of the protocol understands: the hello and the refusal. docs/protocol.md, "Hello".
 *
 * <p>Magic, protocol version and format version come first and stay where they are for ever, so that a refusal can name both
 * sides' versions; what follows is only read of a peer with our own protocol version.
 */
final class HelloCodec {
    /** "scoutfsN" as little-endian bytes: programs that talk to the wrong port are told apart from damage. */
    static final long MAGIC = 0x4e73_6674_756f_6373L;

    private static final int SLOTS_MAX = 15;

    /**
     * @param hello null where the versions differ: then only these are known
     * @param nonce from which the numbers of frames to this side go up
     */
    record Heard(int protocolVersion, int formatVersion, long nonce, @Nullable Hello hello) {}

    private HelloCodec() {}

    static void encode(Hello hello, long nonce, ByteWriter out) {
        out.u64(MAGIC).u32(hello.protocolVersion()).u32(hello.formatVersion()).u64(nonce);
        out.u64(hello.volumeId()).u64(hello.rid()).u8(hello.quorumSlot() + 1);
        out.text(hello.nodeName(), Hello.NODE_NAME_BYTES_MAX);
        hello.process().encode(out);
    }

    static Heard decode(ByteReader in) throws CorruptionException {
        long magic = in.u64();
        in.check(magic == MAGIC, "the magic number " + Long.toHexString(MAGIC), Long.toHexString(magic));
        int protocolVersion = in.u32();
        int formatVersion = in.u32();
        long nonce = in.u64();
        if (protocolVersion != Hello.PROTOCOL_VERSION) {
            return new Heard(protocolVersion, formatVersion, nonce, null);
        }
        long volumeId = in.u64();
        long rid = in.u64();
        int slot = in.u8();
        in.check(slot <= SLOTS_MAX, "a quorum slot or none", slot - 1);
        String nodeName = in.text(Hello.NODE_NAME_BYTES_MAX);
        ProcessIdentity process = ProcessIdentity.decode(in);
        in.end();
        return new Heard(protocolVersion, formatVersion, nonce,
                new Hello(protocolVersion, formatVersion, volumeId, rid, slot - 1, nodeName, process));
    }
}
