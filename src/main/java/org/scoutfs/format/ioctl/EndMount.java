package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 0x82, ours: the caller's word that an incarnation whose space is in quarantine writes nothing any more. {@code ENOENT} where the
 * server knows no such incarnation, {@code EBUSY} where it is not in quarantine. Needs CAP_SYS_ADMIN.
 */
public record EndMount(long rid) {
    public static final int SIZE = 8;

    public static EndMount decode(MemorySegment in) {
        return new EndMount(Bytes.of(in, SIZE).getLong(0));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(0, rid);
        return bytes.array();
    }
}
