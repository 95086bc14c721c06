package org.scoutfs.quorum;

import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.format.ByteReader;
import org.scoutfs.format.ByteWriter;
import org.scoutfs.net.NodeAddress;

/** A reign as bytes: in Raft's log, and in its answers. docs/protocol.md, "Raft". */
final class ReignCodec {
    private static final int VERSION = 1;
    private static final int TEXT_BYTES_MAX = 64;

    private ReignCodec() {}

    /** @param reign null for none */
    static byte[] encode(@Nullable Reign reign) {
        ByteWriter out = new ByteWriter();
        out.u8(VERSION).u8(reign == null ? 0 : 1);
        if (reign != null) {
            out.u64(reign.epoch()).u32(reign.slot()).u64(reign.rid());
            out.text(reign.address().host(), NodeAddress.HOST_BYTES_MAX).u32(reign.address().port());
            out.text(reign.nodeName(), TEXT_BYTES_MAX).u64(reign.sinceWallNanos());
        }
        return out.toArray();
    }

    /** What a mount asks with that would vote. */
    static byte[] encodeVolunteer(NodeAddress at) {
        ByteWriter out = new ByteWriter();
        out.u8(VERSION).text(at.host(), NodeAddress.HOST_BYTES_MAX).u32(at.port());
        return out.toArray();
    }

    static NodeAddress decodeVolunteer(byte[] bytes) throws CorruptionException {
        ByteReader in = new ByteReader(bytes, "volunteer");
        int version = in.u8();
        in.check(version == VERSION, "version " + VERSION, version);
        String host = in.text(NodeAddress.HOST_BYTES_MAX);
        int port = in.u32("a port", 1, 65535);
        in.end();
        try {
            return new NodeAddress(host, port);
        } catch (IllegalArgumentException e) {
            throw in.corrupt("an address", host);
        }
    }

    static @Nullable Reign decode(byte[] bytes) throws CorruptionException {
        ByteReader in = new ByteReader(bytes, "reign");
        int version = in.u8();
        in.check(version == VERSION, "version " + VERSION, version);
        int isThere = in.u8();
        in.check(isThere <= 1, "0 or 1", isThere);
        if (isThere == 0) {
            in.end();
            return null;
        }
        long epoch = in.u64("an epoch", 0, Long.MAX_VALUE);
        int slot = in.u32("a slot", 0, 14);
        long rid = in.u64();
        String host = in.text(NodeAddress.HOST_BYTES_MAX);
        int port = in.u32("a port", 0, 65535);
        String nodeName = in.text(TEXT_BYTES_MAX);
        long since = in.u64();
        in.end();
        try {
            return new Reign(epoch, slot, rid, new NodeAddress(host, port), nodeName, since);
        } catch (IllegalArgumentException e) {
            throw in.corrupt("an address", host);
        }
    }
}
