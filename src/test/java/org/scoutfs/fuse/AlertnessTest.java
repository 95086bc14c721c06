package org.scoutfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scoutfs.fuse.wire.Opcode;
import org.scoutfs.sys.CpuLatency;

/** A plain file in place of the device: each limit that is written comes behind the one before. */
class AlertnessTest {
    private static final int LIMIT = 7;
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private Path device;

    @BeforeEach
    void createDevice() throws IOException {
        device = Files.createFile(folder.resolve("device"));
    }

    @Test
    void cpusStayAwakeFromABurstToTheNextRest() throws IOException {
        RequestCounts counts = new RequestCounts();
        AtomicLongArray thread = counts.newThread();
        try (Alertness alertness = new Alertness(new CpuLatency(device, LIMIT), counts, "test")) {
            counts.tell(alertness);
            request(counts, thread, 7);
            assertThat(written()).containsExactly(CpuLatency.ANY); // and no thread has been woken that could write more
            request(counts, thread, 1);
            await().atMost(LONG).until(() -> written().equals(List.of(CpuLatency.ANY, LIMIT, CpuLatency.ANY)));
            // After a rest it takes as many again. The rest begins a moment after the release is written.
            await().atMost(LONG).until(() -> {
                request(counts, thread, 1);
                return written().size() > 3;
            });
            assertThat(written().get(3)).isEqualTo(LIMIT);
        }
    }

    @Test
    void closesInTheMiddleOfABurst() throws IOException, InterruptedException {
        RequestCounts counts = new RequestCounts();
        AtomicLongArray thread = counts.newThread();
        Alertness alertness = new Alertness(new CpuLatency(device, LIMIT), counts, "test");
        counts.tell(alertness);
        request(counts, thread, 8);
        alertness.close();
        alertness.awaitEnd();
        assertThat(written().getLast()).isEqualTo(CpuLatency.ANY);
    }

    private static void request(RequestCounts counts, AtomicLongArray thread, int number) {
        for (int i = 0; i < number; i++) {
            counts.count(thread, Opcode.GETATTR);
        }
    }

    private List<Integer> written() throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(device)).order(ByteOrder.nativeOrder());
        List<Integer> limits = new ArrayList<>();
        while (bytes.remaining() >= Integer.BYTES) {
            limits.add(bytes.getInt());
        }
        return limits;
    }
}
