package org.scoutfs.lsm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Rng;

class VersionCodecTest {
    private final Rng rng = Rng.seeded(20261122);

    @Test
    void whatIsEncodedIsDecoded() throws CorruptionException {
        Version version = version();
        ByteBuffer bytes = ByteBuffer.allocate(VersionCodec.sizeOf(version));
        VersionCodec.encode(version, bytes);
        assertThat(bytes.hasRemaining()).isFalse();
        Version decoded = VersionCodec.decodeVersion(bytes.flip());
        assertThat(decoded.number()).isEqualTo(version.number());
        assertThat(decoded.stableSeq()).isEqualTo(version.stableSeq());
        for (int level = 0; level < Version.LEVEL_COUNT; level++) {
            assertThat(decoded.level(level)).usingRecursiveComparison().isEqualTo(version.level(level));
        }

        VersionEdit edit = edit();
        bytes = ByteBuffer.allocate(VersionCodec.sizeOf(edit));
        VersionCodec.encode(edit, bytes);
        assertThat(bytes.hasRemaining()).isFalse();
        assertThat(VersionCodec.decodeEdit(bytes.flip())).usingRecursiveComparison().isEqualTo(edit);
    }

    @Test
    void everyCutIsRefused() {
        byte[] whole = encodedVersion();
        for (int size = 0; size < whole.length; size++) {
            int cut = size;
            org.assertj.core.api.Assertions.assertThatThrownBy(
                            () -> VersionCodec.decodeVersion(ByteBuffer.wrap(Arrays.copyOf(whole, cut))))
                    .isInstanceOf(CorruptionException.class);
        }
    }

    /** Mutated bytes give a value or a CorruptionException: nothing else, and soon. */
    @Test
    void mutatedBytesAreAValueOrRefused() {
        ByteBuffer editBytes = ByteBuffer.allocate(VersionCodec.sizeOf(edit()));
        VersionCodec.encode(edit(), editBytes);
        int refused = 0;
        for (byte[] golden : List.of(encodedVersion(), editBytes.array())) {
            for (int round = 0; round < 20_000; round++) {
                byte[] bytes = golden.clone();
                for (int i = rng.nextInt(4); i >= 0; i--) {
                    int at = rng.nextInt(bytes.length);
                    bytes[at] = rng.nextInt(2) == 0 ? (byte) rng.nextLong() : (byte) (bytes[at] ^ 1 << rng.nextInt(8));
                }
                try {
                    if (golden == editBytes.array()) {
                        VersionCodec.decodeEdit(ByteBuffer.wrap(bytes));
                    } else {
                        VersionCodec.decodeVersion(ByteBuffer.wrap(bytes));
                    }
                } catch (CorruptionException expected) {
                    refused++;
                }
            }
        }
        assertThat(refused).as("mutations that were noticed").isGreaterThan(1000);
    }

    private byte[] encodedVersion() {
        ByteBuffer bytes = ByteBuffer.allocate(VersionCodec.sizeOf(version()));
        VersionCodec.encode(version(), bytes);
        return bytes.array();
    }

    private VersionEdit edit() {
        return new VersionEdit(
                77,
                1234,
                List.of(new VersionEdit.Added(0, segment(5, 1)), new VersionEdit.Added(3, segment(6, 9))),
                List.of(1L, -2L));
    }

    private Version version() {
        List<List<SegmentInfo>> levels = new ArrayList<>();
        for (int level = 0; level < 4; level++) {
            List<SegmentInfo> segments = new ArrayList<>();
            for (int i = 0; i < level * 2; i++) {
                segments.add(segment(100L * level + i, 10 * i));
            }
            levels.add(segments);
        }
        return Version.of(42, 4711, levels);
    }

    private static SegmentInfo segment(long id, int first) {
        byte[] firstKey = new byte[27];
        firstKey[0] = (byte) first;
        byte[] lastKey = new byte[27];
        lastKey[0] = (byte) (first + 5);
        return new SegmentInfo(id, id * 1000, 12, 99, 3, firstKey, lastKey);
    }
}
