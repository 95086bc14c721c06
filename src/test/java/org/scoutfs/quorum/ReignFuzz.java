package org.scoutfs.quorum;

import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.fuzz.FuzzTarget;
import org.scoutfs.net.NodeAddress;

/** A reign from Raft's log: what was decoded can be encoded, and means the same again. */
public final class ReignFuzz implements FuzzTarget {
    @Override
    public List<byte[]> seeds() {
        return List.of(
                ReignCodec.encode(null),
                ReignCodec.encode(new Reign(5, 2, 77, new NodeAddress("10.0.0.1", 2000), "node", 12)),
                ReignCodec.encode(new Reign(6, 14, -1, new NodeAddress("::1", 65535), "", -1)));
    }

    @Override
    public void decode(byte[] bytes) {
        try {
            byte[] once = ReignCodec.encode(ReignCodec.decode(bytes));
            byte[] twice = ReignCodec.encode(ReignCodec.decode(once));
            if (!Arrays.equals(once, twice)) {
                throw new AssertionError("what was decoded encodes to something else");
            }
        } catch (CorruptionException refused) {
            // what it promises for bad bytes
        }
    }
}
