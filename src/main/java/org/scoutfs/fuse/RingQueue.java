package org.scoutfs.fuse;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import org.scoutfs.base.Errno;
import org.scoutfs.fuse.wire.Headers;
import org.scoutfs.fuse.wire.Opcode;
import org.scoutfs.fuse.wire.RingHeader;
import org.scoutfs.fuse.wire.Wire;
import org.scoutfs.sys.EventFd;
import org.scoutfs.sys.IoUring;
import org.scoutfs.sys.NativeMemory;
import org.scoutfs.sys.Processes;

/**
 * The requests of one CPU: a ring, and a thread bound to that CPU which alone uses it. The caller's request wakes the thread
 * where the caller runs, and the answer wakes the caller there: no other CPU is involved.
 *
 * <p><b>Entries.</b> The kernel puts each request into an entry that we lent to it, and has it back with the answer. A request
 * that waits keeps its entry, so entries are added as requests begin to wait:
 * <ol>
 *   <li>At least {@code spare} entries do not belong to waiting requests. Adding some costs no memory until they are used.
 *   <li>When all entries are out at once, the kernel queues further requests, and looks at its queue only when we answer
 *       something; new entries do not make it look. So if all of them were out, and then nothing is answered, the
 *       {@link Kicker} makes a request of our own from this CPU: answering it moves the queue on. This repeats until an
 *       answer has found the queue empty.
 * </ol>
 *
 * <p>Other threads hand exchanges back through {@code returned}, and ring {@code bell} to be heard.
 */
final class RingQueue {
    private static final Logger LOG = System.getLogger("org.scoutfs.fuse");

    private static final int SUBMISSIONS = 128;
    private static final int COMPLETIONS = 4096;
    private static final int ENTRIES_MAX = 1 << 16;
    private static final long BELL = -1;

    // Constant after construction.
    private final int cpu;
    private final int fuse;
    private final int spare;
    private final Dispatcher dispatcher;
    private final RequestCounts counts;
    private final Kicker kicker;
    private final String volume;
    private final Arena arena = Arena.ofShared();
    private final EventFd bell;
    private final CompletableFuture<Void> started = new CompletableFuture<>();
    private final Thread thread;

    // Shared.
    private final ConcurrentLinkedQueue<RingExchange> returned = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean isBellRung = new AtomicBoolean();
    private volatile boolean isStopping;

    // Of the thread.
    private final List<RingExchange> entries = new ArrayList<>();
    /** Entries with a request that waits, or that another thread works on. */
    private int takenCount;
    /** Entries that the kernel has for its next requests, and those that it gets with the next call. */
    private int lentCount;

    private int preparedCount;
    /** One call into the kernel, and then the completions that there are. */
    private int round;
    /** Entries answered in this round and in the one before that have not come back with another request. */
    private int answeredCount;

    private int answeredBeforeCount;
    private boolean mayBeQueued;
    private boolean hasEnded;

    /**
     * @param fuse descriptor of the connection
     * @param spare entries that are to be free of waiting requests
     */
    RingQueue(
            int cpu, int fuse, int spare, Dispatcher dispatcher, RequestCounts counts, Kicker kicker, String volume)
            throws IOException {
        this.cpu = cpu;
        this.fuse = fuse;
        this.spare = spare;
        this.dispatcher = dispatcher;
        this.counts = counts;
        this.kicker = kicker;
        this.volume = volume;
        this.bell = new EventFd();
        this.thread = Thread.ofPlatform()
                .name("fuse-ring-" + cpu + " " + volume)
                .daemon(true)
                .unstarted(this::run);
    }

    /** Starts the thread; completes when the kernel has its entries. */
    CompletableFuture<Void> start() {
        thread.start();
        return started;
    }

    /** The connection has ended; the thread may not have heard of it when all its entries wait. */
    void stop() {
        isStopping = true;
        bell.ring();
    }

    void awaitEnd() throws InterruptedException {
        thread.join();
    }

    /** After the thread's end. */
    void close() {
        bell.close();
        arena.close();
    }

    // ---- the thread

    private void run() {
        pin();
        try (IoUring ring = new IoUring(SUBMISSIONS, COMPLETIONS)) {
            AtomicLongArray counters = counts.newThread();
            MemorySegment bellBuffer = arena.allocate(ValueLayout.JAVA_LONG);
            ring.prepareRead(bell.number(), bellBuffer, BELL);
            addEntries(ring, spare);
            ring.enter(0);
            checkRegistered(ring);
            started.complete(null);
            while (!hasEnded && !isStopping) {
                runReturned(ring);
                moveOn(ring);
                round++;
                lentCount += preparedCount;
                preparedCount = 0;
                ring.enter(1);
                reap(ring, counters, bellBuffer);
            }
        } catch (IOException failure) {
            if (!started.completeExceptionally(failure)) {
                LOG.log(Level.ERROR, "queue of CPU " + cpu + " of " + volume, failure);
            }
        } catch (RuntimeException | Error bug) {
            LOG.log(Level.ERROR, "queue of CPU " + cpu + " of " + volume + ": our bug", bug);
            boolean unused = started.completeExceptionally(bug);
            throw bug;
        }
    }

    private void pin() {
        try {
            Processes.pinThread(cpu);
        } catch (IOException offline) {
            LOG.log(Level.DEBUG, "queue of CPU " + cpu + " runs elsewhere: " + offline.getMessage());
        }
    }

    private void addEntries(IoUring ring, int count) throws IOException {
        MemorySegment memory = NativeMemory.map(count * RingExchange.SIZE, arena);
        for (int i = 0; i < count; i++) {
            RingExchange entry =
                    new RingExchange(memory.asSlice(i * RingExchange.SIZE, RingExchange.SIZE), entries.size());
            entries.add(entry);
            ring.prepareFuse(fuse, RingHeader.REGISTER, cpu, 0, entry.iovecs(), entry.index);
        }
        preparedCount += count;
    }

    /** A refused entry has completed already, all others wait for requests. */
    private static void checkRegistered(IoUring ring) throws IOException {
        if (ring.next() && ring.userData() != BELL && ring.result() < 0) {
            throw new IOException(
                    "the kernel refuses an entry of FUSE over io_uring: " + Errno.textOf(-ring.result()));
        }
    }

    private void reap(IoUring ring, AtomicLongArray counters, MemorySegment bellBuffer) throws IOException {
        answeredBeforeCount = answeredCount;
        answeredCount = 0;
        while (ring.next()) {
            long userData = ring.userData();
            int result = ring.result();
            ring.consume();
            if (userData == BELL) {
                isBellRung.set(false);
                ring.prepareRead(bell.number(), bellBuffer, BELL);
                runReturned(ring);
            } else if (result == 0) {
                serve(ring, entries.get((int) userData), counters);
            } else {
                lost(entries.get((int) userData), result, ring);
            }
        }
        if (answeredBeforeCount > 0) {
            // Such an entry found the queue empty, and has been there for the kernel since.
            mayBeQueued = false;
        }
    }

    private void serve(IoUring ring, RingExchange entry, AtomicLongArray counters) throws IOException {
        // In the same round when there were so many submissions that some went to the kernel early.
        if (entry.answeredInRound == round) {
            answeredCount--;
        } else if (entry.answeredInRound == round - 1) {
            answeredBeforeCount--;
        }
        lentCount--;
        if (lentCount <= 0) {
            mayBeQueued = true;
        }
        entry.receive();
        counts.count(counters, entry.opcode());
        finish(ring, entry, dispatcher.run(entry));
    }

    private void finish(IoUring ring, RingExchange entry, Outcome outcome) throws IOException {
        switch (outcome) {
            case ANSWERED, SILENT -> answer(ring, entry);
            case TAKEN -> {
                takenCount++;
                int missing = spare - (entries.size() - takenCount);
                if (missing > 0 && entries.size() < ENTRIES_MAX) {
                    // More at a time the more there are, so that the number of mappings stays small.
                    addEntries(ring, Math.min(Math.max(missing, entries.size() / 2), ENTRIES_MAX - entries.size()));
                }
            }
        }
    }

    private void answer(IoUring ring, RingExchange entry) throws IOException {
        entry.writeHeader();
        entry.answeredInRound = round;
        answeredCount++;
        preparedCount++;
        ring.prepareFuse(fuse, RingHeader.COMMIT_AND_FETCH, cpu, entry.commitId, 0, entry.index);
    }

    private void runReturned(IoUring ring) throws IOException {
        RingExchange entry;
        while ((entry = returned.poll()) != null) {
            takenCount--;
            if (entry.isAnswered) {
                answer(ring, entry);
            } else {
                finish(ring, entry, dispatcher.run(entry));
            }
        }
    }

    /** The second promise: nothing is left in the kernel's queue while there are entries for it. */
    private void moveOn(IoUring ring) throws IOException {
        if (mayBeQueued && answeredCount == 0) {
            // The new entries first: a kick that finds none would only be queued with the others.
            ring.enter(0);
            kicker.kick();
        }
    }

    private void lost(RingExchange entry, int result, IoUring ring) throws IOException {
        switch (Errno.of(-result)) {
            case ENOTCONN, ECONNABORTED, ENODEV -> hasEnded = true;
            case EAGAIN, EINTR -> ring.prepareFuse(fuse, RingHeader.REGISTER, cpu, 0, entry.iovecs(), entry.index);
            // The request was given up in the meantime; its entry stays with the kernel.
            default ->
                LOG.log(
                        Level.WARNING,
                        "entry " + entry.index + " of the queue of CPU " + cpu + " is lost: " + Errno.textOf(-result));
        }
    }

    // ---- from other threads

    private void giveBack(RingExchange entry) {
        returned.add(entry);
        if (Thread.currentThread() != thread && isBellRung.compareAndSet(false, true)) {
            bell.ring();
        }
    }

    /** An entry: a page of headers, then the payload, which begins at a page. */
    private final class RingExchange extends Exchange {
        private static final int PAGE = 4096;
        private static final int IOVECS = 512;
        private static final int PAYLOAD = PAGE;
        private static final int PAYLOAD_SIZE = FuseMount.WRITE_BYTES_MAX;
        static final long SIZE = PAYLOAD + (long) PAYLOAD_SIZE;

        private final int index;
        private long commitId;
        private int argumentsSize;
        private boolean isAnswered;
        private int answeredInRound = -2;

        RingExchange(MemorySegment memory, int index) {
            super(memory, RingHeader.HEADER, RingHeader.FIXED, PAYLOAD, PAYLOAD_SIZE);
            this.index = index;
        }

        /** Address of the description of the two buffers; the kernel reads it when the entry is registered. */
        long iovecs() {
            memory.set(Wire.U64, IOVECS, memory.address());
            memory.set(Wire.U64, IOVECS + 8, RingHeader.SIZE);
            memory.set(Wire.U64, IOVECS + 16, memory.address() + PAYLOAD);
            memory.set(Wire.U64, IOVECS + 24, PAYLOAD_SIZE);
            return memory.address() + IOVECS;
        }

        void receive() {
            begin();
            isAnswered = false;
            commitId = memory.get(Wire.U64, RingHeader.COMMIT_ID);
            argumentsSize = memory.get(Wire.U32, RingHeader.PAYLOAD_SIZE);
        }

        @Override
        long fixedPartReceived() {
            // The kernel copies the whole structure; only the length of the whole request is there to compare with.
            return Math.max(0, lengthInHeader() - Headers.IN_SIZE - argumentsSize);
        }

        @Override
        long argumentsOffset() {
            return PAYLOAD;
        }

        @Override
        long argumentsSize() {
            return argumentsSize;
        }

        void writeHeader() {
            memory.set(Wire.U32, RingHeader.HEADER + Headers.OUT_LENGTH, Headers.OUT_SIZE + replySize());
            memory.set(Wire.U32, RingHeader.HEADER + Headers.OUT_ERROR, error());
            memory.set(Wire.U64, RingHeader.HEADER + Headers.OUT_UNIQUE, unique());
            memory.set(Wire.U32, RingHeader.PAYLOAD_SIZE, replySize());
        }

        @Override
        void requeue() {
            giveBack(this);
        }

        @Override
        void answerFromElsewhere() {
            isAnswered = true;
            giveBack(this);
        }

        @Override
        public String toString() {
            return Opcode.name(opcode()) + " in entry " + index;
        }
    }
}
