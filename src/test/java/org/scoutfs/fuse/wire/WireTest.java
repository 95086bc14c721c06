package org.scoutfs.fuse.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.fs.Attributes;
import org.scoutfs.fs.Attributes.Timestamp;

/** Bytes made by hand after {@code <linux/fuse.h>}, on a little-endian machine. */
class WireTest {
    private static final Attributes ATTRIBUTES = new Attributes(
            0x0102030405060708L,
            5000,
            16,
            new Timestamp(1, 2),
            new Timestamp(-1, 4),
            new Timestamp(5, 6),
            new Timestamp(7, 8),
            0100644,
            3,
            1000,
            1001,
            0x0801);

    private static MemorySegment hex(String text) {
        return MemorySegment.ofArray(HexFormat.of().parseHex(text.replace(" ", "")));
    }

    private static String hex(byte[] bytes, int from, int size) {
        return HexFormat.of().formatHex(bytes, from, from + size);
    }

    @Test
    void nodeIdsAreInodeNumbersWithSwappedHalves() {
        assertThat(Wire.nodeId(1)).isEqualTo(1);
        assertThat(Wire.ino(1)).isEqualTo(1);
        assertThat(Wire.nodeId(1024)).isEqualTo(1024L << 32);
        assertThat(Wire.nodeId(0x0000000500000007L)).isEqualTo(0x0000000700000005L);
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            long ino = random.nextLong();
            assertThat(Wire.ino(Wire.nodeId(ino))).isEqualTo(ino);
        }
    }

    @Test
    void argumentsAreReadInOrder() throws FsException {
        Arguments arguments = new Arguments();
        arguments.reset(hex("ff 61 62 00 63 00 01000000 0200000000000000 78797a"), 1, 20);
        assertThat(arguments.name()).asString(StandardCharsets.US_ASCII).isEqualTo("ab");
        assertThat(arguments.string()).asString(StandardCharsets.US_ASCII).isEqualTo("c");
        assertThat(arguments.u32()).isEqualTo(1);
        assertThat(arguments.u64()).isEqualTo(2);
        assertThat(arguments.remaining()).isEqualTo(3);
        assertThat(arguments.bytes(3)).asString(StandardCharsets.US_ASCII).isEqualTo("xyz");
    }

    @Test
    void malformedArgumentsAreAnErrorAndNothingElse() throws FsException {
        Arguments arguments = new Arguments();
        arguments.reset(hex("61 62 63"), 0, 3);
        assertFails(Errno.EIO, arguments::name); // no NUL
        assertFails(Errno.EIO, arguments::u32);
        assertFails(Errno.EIO, arguments::u64);
        assertFails(Errno.EIO, () -> arguments.bytes(4));
        assertFails(Errno.EIO, () -> arguments.bytes(-1));
        assertFails(Errno.EIO, () -> arguments.view(1L << 40));
        arguments.reset(hex("00"), 0, 1);
        assertFails(Errno.EIO, arguments::name); // empty
        arguments.reset(MemorySegment.ofArray(("n".repeat(256) + "\0").getBytes(StandardCharsets.US_ASCII)), 0, 257);
        assertFails(Errno.ENAMETOOLONG, arguments::name);
        assertFails(Errno.EIO, () -> arguments.reset(hex("00"), 0, 2));
        assertFails(Errno.EIO, () -> arguments.reset(hex("00"), 2, 0));
        assertFails(Errno.EIO, () -> arguments.reset(hex("00"), 0, -5));
    }

    /** A call that is refused. */
    private interface Refused {
        Object call() throws FsException;
    }

    /** As {@link Refused}, without a result. */
    private interface RefusedAction {
        void call() throws FsException;
    }

    private static void assertFails(Errno errno, Refused call) {
        assertThatThrownBy(call::call).isEqualTo(FsException.of(errno));
    }

    private static void assertFails(Errno errno, RefusedAction call) {
        assertThatThrownBy(call::call).isEqualTo(FsException.of(errno));
    }

    @Test
    void attributesInTheirPlaces() {
        byte[] bytes = new byte[104];
        int size = Replies.attributes(
                MemorySegment.ofArray(bytes), 0, ATTRIBUTES, new Timeouts(0, 1_500_000_000L, 0));
        assertThat(size).isEqualTo(104);
        assertThat(hex(bytes, 0, 16)).isEqualTo("0100000000000000" + "0065cd1d00000000");
        assertThat(hex(bytes, 16, 24)).isEqualTo("0807060504030201" + "8813000000000000" + "1000000000000000");
        assertThat(hex(bytes, 40, 24)).isEqualTo("0100000000000000" + "ffffffffffffffff" + "0500000000000000");
        assertThat(hex(bytes, 64, 12)).isEqualTo("02000000" + "04000000" + "06000000");
        assertThat(hex(bytes, 76, 28))
                .isEqualTo("a4810000" + "03000000" + "e8030000" + "e9030000" + "01080000" + "00100000" + "00000000");
    }

    @Test
    void entriesInTheirPlaces() {
        byte[] bytes = new byte[128];
        int size = Replies.entry(
                MemorySegment.ofArray(bytes), 0, ATTRIBUTES, Timeouts.UNLIMITED, 2_000_000_001L);
        assertThat(size).isEqualTo(128);
        assertThat(hex(bytes, 0, 16)).isEqualTo("0403020108070605" + "0000000000000000");
        assertThat(hex(bytes, 16, 24)).isEqualTo("ffffff7f00000000" + "0200000000000000" + "00000000" + "01000000");
        assertThat(hex(bytes, 40, 8)).isEqualTo("0807060504030201");
        assertThat(Replies.noEntry(MemorySegment.ofArray(bytes), 0, 1_000_000_000L)).isEqualTo(128);
        assertThat(hex(bytes, 0, 128)).isEqualTo("00".repeat(16) + "01" + "00".repeat(111));
    }

    @Test
    void statxHasTheBirthTimeAndTheDevice() {
        byte[] bytes = new byte[288];
        assertThat(Replies.statx(MemorySegment.ofArray(bytes), 0, ATTRIBUTES, Timeouts.FOR_EVER))
                .isEqualTo(288);
        assertThat(hex(bytes, 32, 8)).isEqualTo("ff0f0000" + "00100000");
        assertThat(hex(bytes, 32 + 80, 16)).isEqualTo("0700000000000000" + "08000000" + "00000000");
        assertThat(hex(bytes, 32 + 128, 8)).isEqualTo("08000000" + "01000000");
    }

    @Test
    void directoryRecordsArePadded() {
        byte[] bytes = new byte[64];
        java.util.Arrays.fill(bytes, (byte) 0x55);
        Replies.dirent(MemorySegment.ofArray(bytes), 0, new byte[] {'a', 'b', 'c'}, 9, 8, 77);
        assertThat(Replies.direntSize(3)).isEqualTo(32);
        assertThat(Replies.direntSize(8)).isEqualTo(32);
        assertThat(Replies.direntSize(9)).isEqualTo(40);
        assertThat(hex(bytes, 0, 40))
                .isEqualTo("0900000000000000" + "4d00000000000000" + "03000000" + "08000000" + "6162630000000000"
                        + "5555555555555555");
    }

    @Test
    void theHandshakeHasBothWordsOfFlags() {
        MemorySegment offer = hex("07000000 2d000000 00000200 fbffff73 fd070000" + "00".repeat(44));
        Init.Offer decoded = Init.decode(offer, 0, 64);
        assertThat(decoded.major()).isEqualTo(7);
        assertThat(decoded.minor()).isEqualTo(45);
        assertThat(decoded.flags()).isEqualTo(0x7fd73fffffbL);
        assertThat(decoded.flags() & Init.OVER_IO_URING).isNotZero();
        // An old kernel sends 16 bytes; what follows them is not its business.
        assertThat(Init.decode(offer, 0, 16).flags()).isEqualTo(0x73fffffbL);
        byte[] answer = new byte[64];
        int size = Init.encode(
                MemorySegment.ofArray(answer),
                0,
                new Init.Answer(Init.OVER_IO_URING | Init.INIT_EXT, 4096, 65535, 49151, 1 << 20, 256));
        assertThat(size).isEqualTo(64);
        assertThat(hex(answer, 0, 36))
                .isEqualTo("07000000" + "2d000000" + "00100000" + "00000040" + "ffff" + "ffbf" + "00001000" + "01000000"
                        + "0001" + "0000" + "00020000");
    }

    @Test
    void notificationsAreWholeMessages() {
        byte[] bytes = new byte[Notifications.SIZE_MAX];
        int size = Notifications.invalidateInode(MemorySegment.ofArray(bytes), 5, -1, 0);
        assertThat(hex(bytes, 0, size))
                .isEqualTo("28000000" + "02000000" + "0000000000000000" + "0000000005000000" + "ffffffffffffffff"
                        + "0000000000000000");
        size = Notifications.invalidateEntry(MemorySegment.ofArray(bytes), 1, new byte[] {'x', 'y'});
        assertThat(hex(bytes, 0, size))
                .isEqualTo("23000000" + "03000000" + "0000000000000000" + "0100000000000000" + "02000000" + "00000000"
                        + "787900");
    }

    @Test
    void everyRequestHasANameAndASize() {
        for (int opcode = 1; opcode < Opcode.COUNT; opcode++) {
            if (Opcode.isKnown(opcode)) {
                assertThat(Opcode.name(opcode)).matches("[a-z0-9_]+");
                assertThat(Opcode.fixedSize(opcode)).isBetween(0, RingHeader.FIXED_SIZE_MAX);
            }
        }
        assertThat(Opcode.isKnown(-1)).isFalse();
        assertThat(Opcode.isKnown(4096)).isFalse();
        assertThat(Opcode.fixedSize(4096)).isZero();
    }
}
