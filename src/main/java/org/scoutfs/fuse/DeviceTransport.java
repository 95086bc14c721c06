package org.scoutfs.fuse;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLongArray;
import org.scoutfs.base.Errno;
import org.scoutfs.fuse.wire.Headers;
import org.scoutfs.fuse.wire.Opcode;
import org.scoutfs.fuse.wire.Wire;
import org.scoutfs.sys.FuseDevice;
import org.scoutfs.sys.NativeMemory;

/**
 * Requests by {@code read(2)} of {@code /dev/fuse} and answers by {@code write(2)}: what every kernel has.
 *
 * <p>Each reader blocks in a descriptor of its own, runs what it gets, and answers on the same descriptor. A request that had to
 * wait is run again by {@code reruns}, since a reader that blocks in the kernel cannot be given anything.
 */
final class DeviceTransport implements Transport {
    private static final Logger LOG = System.getLogger("org.scoutfs.fuse");

    private final Dispatcher dispatcher;
    private final RequestCounts counts;
    private final Executor reruns;
    private final String volume;
    private final Arena arena = Arena.ofShared();
    private final List<FuseDevice> devices = new ArrayList<>();
    private final List<FuseDevice> clones = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final ConcurrentLinkedDeque<DeviceExchange> idle = new ConcurrentLinkedDeque<>();

    /**
     * @param device answered INIT already; stays the caller's
     * @param readers how many block in the kernel
     * @param reruns threads for requests that waited
     */
    DeviceTransport(
            FuseDevice device,
            int readers,
            Dispatcher dispatcher,
            RequestCounts counts,
            Executor reruns,
            String volume)
            throws IOException {
        this.dispatcher = dispatcher;
        this.counts = counts;
        this.reruns = reruns;
        this.volume = volume;
        devices.add(device);
        try {
            for (int i = 1; i < readers; i++) {
                FuseDevice clone = device.cloneDevice();
                clones.add(clone);
                devices.add(clone);
            }
        } catch (IOException failure) {
            close();
            throw failure;
        }
    }

    @Override
    public void start() {
        for (int i = 0; i < devices.size(); i++) {
            FuseDevice device = devices.get(i);
            threads.add(Thread.ofPlatform()
                    .name("fuse-reader-" + i + " " + volume)
                    .daemon(true)
                    .start(() -> serve(device)));
        }
    }

    private void serve(FuseDevice device) {
        AtomicLongArray counters = counts.newThread();
        DeviceExchange exchange = take();
        while (true) {
            long size = device.read(exchange.state, exchange.readBuffer, exchange.readBuffer.byteSize());
            if (size < 0) {
                if (isEnd((int) -size)) {
                    return;
                }
                continue;
            }
            if (!exchange.receive(device, size)) {
                LOG.log(Level.ERROR, "a request of " + size + " bytes is shorter than its header");
                continue;
            }
            counts.count(counters, exchange.opcode());
            switch (dispatcher.run(exchange)) {
                case ANSWERED -> exchange.send();
                case SILENT -> {}
                case TAKEN -> exchange = take();
            }
        }
    }

    /** Whether this error of a read says that there will be no more requests. */
    private static boolean isEnd(int errno) {
        return switch (Errno.of(errno)) {
            // A signal, nothing there, or a request that was given up while it was copied.
            case EINTR, EAGAIN, ENOENT -> false;
            case ENODEV, ECONNABORTED -> true;
            default -> {
                LOG.log(Level.ERROR, "read of /dev/fuse: " + Errno.textOf(errno));
                yield true;
            }
        };
    }

    private DeviceExchange take() {
        DeviceExchange exchange = idle.pollFirst();
        return exchange == null ? new DeviceExchange(NativeMemory.map(DeviceExchange.SIZE, arena)) : exchange;
    }

    @Override
    public void awaitEnd() throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Override
    public void close() {
        for (FuseDevice clone : clones) {
            clone.close();
        }
        arena.close();
    }

    /** A request in a buffer that places the bytes of a WRITE at the beginning of a page. */
    private final class DeviceExchange extends Exchange {
        private static final int PAGE = 4096;
        /** The kernel wants room for the largest WRITE and its two headers, and more for its own sake. */
        private static final int REQUEST_SIZE = PAGE + FuseMount.WRITE_BYTES_MAX + 2 * PAGE;

        private static final int FIXED = PAGE - org.scoutfs.fuse.wire.Requests.WRITE_SIZE;
        private static final int HEAD = FIXED - Headers.IN_SIZE;
        private static final int REPLY = REQUEST_SIZE + PAGE;
        private static final int REPLY_HEAD = REPLY - Headers.OUT_SIZE;
        private static final int REPLY_CAPACITY = FuseMount.WRITE_BYTES_MAX + PAGE;
        static final long SIZE = (long) REPLY + REPLY_CAPACITY;

        final MemorySegment state = FuseDevice.allocateState(arena);
        final MemorySegment readBuffer;
        private final MemorySegment writeBuffer;
        private FuseDevice device = devices.getFirst();
        private long received;

        DeviceExchange(MemorySegment memory) {
            super(memory, HEAD, FIXED, REPLY, REPLY_CAPACITY);
            this.readBuffer = memory.asSlice(HEAD, REQUEST_SIZE - HEAD);
            this.writeBuffer = memory.asSlice(REPLY_HEAD);
        }

        /** @return whether what was read is a request at all */
        boolean receive(FuseDevice from, long size) {
            device = from;
            received = size;
            if (size < Headers.IN_SIZE) {
                return false;
            }
            begin();
            return lengthInHeader() == size;
        }

        @Override
        long fixedPartReceived() {
            return received - Headers.IN_SIZE;
        }

        @Override
        long argumentsOffset() {
            return FIXED + (long) Opcode.fixedSize(opcode());
        }

        @Override
        long argumentsSize() {
            return received - Headers.IN_SIZE - Opcode.fixedSize(opcode());
        }

        void send() {
            int size = Headers.OUT_SIZE + replySize();
            memory.set(Wire.U32, REPLY_HEAD + Headers.OUT_LENGTH, size);
            memory.set(Wire.U32, REPLY_HEAD + Headers.OUT_ERROR, error());
            memory.set(Wire.U64, REPLY_HEAD + Headers.OUT_UNIQUE, unique());
            long result = device.write(state, writeBuffer, size);
            if (result < 0) {
                refused((int) -result, size);
            }
        }

        private void refused(int errno, int size) {
            switch (Errno.of(errno)) {
                // The caller is gone, or the connection.
                case ENOENT, ENODEV, ECONNABORTED -> {}
                default ->
                    LOG.log(
                            Level.ERROR,
                            "the kernel refused a reply of " + size + " bytes to " + Opcode.name(opcode()) + ": "
                                    + Errno.textOf(errno));
            }
        }

        @Override
        void requeue() {
            try {
                reruns.execute(this::runAgain);
            } catch (RejectedExecutionException ended) {
                // The connection has ended, and with it the request.
            }
        }

        private void runAgain() {
            switch (dispatcher.run(this)) {
                case ANSWERED -> answerFromElsewhere();
                case SILENT -> idle.addFirst(this);
                case TAKEN -> {}
            }
        }

        @Override
        void answerFromElsewhere() {
            send();
            idle.addFirst(this);
        }
    }
}
