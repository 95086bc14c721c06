package org.scoutfs.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Rng;
import org.scoutfs.format.ByteReader;
import org.scoutfs.format.ByteWriter;
import org.scoutfs.net.Message;
import org.scoutfs.net.MessageCodec;
import org.scoutfs.testkit.RandomMessages;

/** Messages between nodes: what was decoded can be encoded, and means the same again. */
public final class MessageFuzz implements FuzzTarget {
    @Override
    public List<byte[]> seeds() {
        RandomMessages random = new RandomMessages(Rng.seeded(1));
        List<byte[]> seeds = new ArrayList<>();
        for (Class<? extends Message> kind : RandomMessages.kinds()) {
            seeds.add(encoded(random.next(kind)));
        }
        return seeds;
    }

    private static byte[] encoded(Message message) {
        ByteWriter out = new ByteWriter();
        MessageCodec.encode(message, out);
        return out.toArray();
    }

    @Override
    public void decode(byte[] bytes) {
        try {
            byte[] once = encoded(MessageCodec.decode(new ByteReader(bytes, "fuzz")));
            byte[] twice = encoded(MessageCodec.decode(new ByteReader(once, "fuzz")));
            if (!Arrays.equals(once, twice)) {
                throw new AssertionError("what was decoded encodes to something else");
            }
        } catch (CorruptionException refused) {
            // what it promises for bad bytes
        }
    }
}
