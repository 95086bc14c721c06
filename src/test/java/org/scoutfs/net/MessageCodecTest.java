package org.scoutfs.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Rng;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.ByteReader;
import org.scoutfs.format.ByteWriter;
import org.scoutfs.testkit.RandomMessages;
import org.scoutfs.testkit.SeededTest;

class MessageCodecTest {
    private static byte[] encoded(Message message) {
        ByteWriter out = new ByteWriter();
        MessageCodec.encode(message, out);
        return out.toArray();
    }

    private static Message decoded(byte[] bytes) throws CorruptionException {
        return MessageCodec.decode(new ByteReader(bytes, "test"));
    }

    @SeededTest(runs = 10)
    void everyMessageComesBack(long seed) throws CorruptionException {
        RandomMessages random = new RandomMessages(Rng.seeded(seed));
        for (Class<? extends Message> kind : RandomMessages.kinds()) {
            for (int i = 0; i < 20; i++) {
                Message sent = random.next(kind);
                Message got = decoded(encoded(sent));
                assertThat(got).isEqualTo(sent);
                // Segment infos are equal when the ids are: the bytes say the rest.
                assertThat(encoded(got)).isEqualTo(encoded(sent));
            }
        }
    }

    @Test
    void eachKindHasItsOwnTag() {
        RandomMessages random = new RandomMessages(Rng.seeded(1));
        Set<Byte> tags = new HashSet<>();
        for (Class<? extends Message> kind : RandomMessages.kinds()) {
            assertThat(tags.add(encoded(random.next(kind))[0])).as("tag of " + kind.getSimpleName()).isTrue();
        }
    }

    @SeededTest(runs = 2)
    void whatIsCutOrTooLongIsRefused(long seed) {
        RandomMessages random = new RandomMessages(Rng.seeded(seed));
        for (Class<? extends Message> kind : RandomMessages.kinds()) {
            byte[] whole = encoded(random.next(kind));
            for (int length = 0; length < whole.length; length++) {
                byte[] part = Arrays.copyOf(whole, length);
                assertThatThrownBy(() -> decoded(part)).as("%s cut to %d", kind, length)
                        .isInstanceOf(CorruptionException.class);
            }
            assertThatThrownBy(() -> decoded(Arrays.copyOf(whole, whole.length + 1)))
                    .isInstanceOf(CorruptionException.class);
        }
    }

    @SeededTest(runs = 5)
    void damagedBytesGiveAMessageOrARefusal(long seed) {
        Rng rng = Rng.seeded(seed);
        RandomMessages random = new RandomMessages(rng.split());
        int refused = 0;
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = encoded(random.next());
            for (int flips = 1 + rng.nextInt(4); flips > 0; flips--) {
                bytes[rng.nextInt(bytes.length)] = (byte) rng.nextLong();
            }
            try {
                byte[] once = encoded(decoded(bytes));
                assertThat(encoded(decoded(once))).isEqualTo(once);
            } catch (CorruptionException expected) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(10);
    }

    @Test
    void aCountThatTheBytesDoNotHaveIsRefusedWithoutMemory() {
        byte[] lies = new ByteWriter().u8(7).u64(1).u64(2).u32(Integer.MAX_VALUE).toArray();
        assertThatThrownBy(() -> decoded(lies))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("a count in [0, 0]");
    }

    @Test
    void anUnknownTagIsNamed() {
        assertThatThrownBy(() -> decoded(new byte[] {0})).hasMessageContaining("tag 0");
    }

    @Test
    void aLongReasonIsCutAtACharacter() throws CorruptionException {
        String reason = "\u00e9".repeat(600) + "x".repeat(100);
        Message.Refused got = (Message.Refused) decoded(encoded(new Message.Refused(1, "a" + reason)));
        assertThat(got.reason()).isEqualTo("a" + "\u00e9".repeat(511));
    }

    /** The bytes are a promise to other versions: a change here is a new protocol version. */
    @Test
    void theBytesAreAsDocumented() {
        assertThat(encoded(new Message.LockRevoke(new LockName(LockName.Kind.INODES, 0x0102), LockMode.READ, 7)))
                .isEqualTo(new byte[] {72, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0});
        assertThat(encoded(new Message.LockReleased(5, new LockName(LockName.Kind.RENAME, 0), null, 1)))
                .startsWith(9, 5, 0, 0, 0, 0, 0, 0, 0, 0);
        assertThat(encoded(new Message.ReturnSpace(1, 2, List.of(new DeviceExtent(3, 4))))).hasSize(1 + 16 + 4 + 16);
    }
}
