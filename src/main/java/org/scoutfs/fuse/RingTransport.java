package org.scoutfs.fuse;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.scoutfs.sys.FuseDevice;
import org.scoutfs.sys.Processes;

/**
 * Requests over io_uring: one {@link RingQueue} for each CPU that this host can ever have. Until all of them have entries the
 * kernel lets nothing through. Forgets and interrupts still come by {@code /dev/fuse}, so a {@link DeviceTransport} runs beside this.
 */
final class RingTransport implements Transport {
    /** Entries for requests that do not wait: as many as one CPU can have in the air while the thread works on one. */
    private static final int SPARE_MAX = 32;

    private static final int SPARE_MIN = 8;
    private static final int SPARE_SUM = 512;

    private final List<RingQueue> queues = new ArrayList<>();
    private final List<Kicker> kickers = new ArrayList<>();
    private final DeviceTransport beside;

    /** @param beside tells when the connection has ended */
    RingTransport(
            FuseDevice device,
            DeviceTransport beside,
            Path mountPoint,
            Dispatcher dispatcher,
            RequestCounts counts)
            throws IOException {
        this.beside = beside;
        int cpus = Processes.possibleCpus();
        int spare = Math.clamp(SPARE_SUM / cpus, SPARE_MIN, SPARE_MAX);
        try {
            for (int cpu = 0; cpu < cpus; cpu++) {
                Kicker kicker = new Kicker(cpu, mountPoint);
                kickers.add(kicker);
                queues.add(new RingQueue(
                        cpu, device.number(), spare, dispatcher, counts, kicker, mountPoint.toString()));
            }
        } catch (IOException failure) {
            close();
            throw failure;
        }
    }

    @Override
    public void start() throws IOException {
        List<CompletableFuture<Void>> started = new ArrayList<>();
        for (RingQueue queue : queues) {
            started.add(queue.start());
        }
        try {
            CompletableFuture.allOf(started.toArray(CompletableFuture[]::new)).get();
        } catch (ExecutionException failure) {
            throw new IOException("FUSE over io_uring: " + failure.getMessage(), failure);
        } catch (InterruptedException shutdown) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", shutdown);
        }
    }

    @Override
    public void awaitEnd() throws InterruptedException {
        beside.awaitEnd();
        for (RingQueue queue : queues) {
            queue.stop();
        }
        for (Kicker kicker : kickers) {
            kicker.stop();
        }
        for (RingQueue queue : queues) {
            queue.awaitEnd();
        }
    }

    @Override
    public void close() {
        for (RingQueue queue : queues) {
            queue.close();
        }
    }
}
