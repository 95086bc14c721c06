package org.scoutfs.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Counters;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.base.MustWait;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.CommitParticipant;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.Transactions;

/**
 * File data in extents, with delayed allocation.
 *
 * <p>A write copies its bytes into buffers and frees what was there before; the new blocks get their places, extent items
 * and checksum items at the barrier, all at once, so that what was written together lies together. A file that streams is
 * sealed piece by piece before that: places are taken and the bytes go to the device while the transaction is still
 * open, which nobody sees before the commit.
 *
 * <ol>
 *   <li>A sealed buffer is never changed; a later write of its blocks makes a new one, and gives the earlier place back.
 *   <li>What a node reads is its newest data: open pieces over frozen ones over the extents of the view. Memory is looked
 *       at first: when a piece is gone from it, its items are already in every view that a reader may hold.
 *   <li>Whatever can fail is done when a call is admitted: room on the device and in memory, reading of extents and of
 *       partial blocks. Inside a transaction only memory is changed.
 *   <li>On the device the bytes of the last block after the end of the file are zero.
 * </ol>
 * <p>Threads: calls for one file are ordered by the inode's lock, which the caller holds; {@link FileState#mutex} is between
 * them, the barrier and the writer threads. No I/O happens under it.
 */
public final class ExtentFileData implements FileData, CommitParticipant, AutoCloseable {
    /** Extent items that one step of a long change looks at. */
    private static final int STEP_ITEMS = 128;
    /** Blocks that one step of a long change takes away: so many checksum items at most have to go. */
    private static final long STEP_BLOCKS = 1 << 16;
    /** Extents that one step of {@link #allocate} makes. */
    private static final int STEP_FRAGMENTS = 64;
    /** No write is longer. */
    private static final long WRITE_BYTES_MAX = 16 << 20;

    private static final int EXTENT_BYTES = Keys.SIZE + ExtentItem.SIZE_MAX;
    private static final int CHECKSUM_BYTES = Keys.SIZE + ChecksumItem.SIZE_MAX;

    private final Transactions transactions;
    private final DataSpace space;
    private final BlockMemory memory;
    private final DataReader reader;
    private final DataWriter writer;
    private final long rid;
    private final int earlyBlocks;
    private final ConcurrentHashMap<Long, FileState> states = new ConcurrentHashMap<>();

    private final ReentrantLock mutex = new ReentrantLock();
    // Guarded by mutex, which is a leaf.
    private List<FileState> touched = new ArrayList<>();
    private WriteBatch openBatch = new WriteBatch();
    private @Nullable Frozen frozen;
    private volatile long committedNumber;

    /** What one barrier leaves to the commit. */
    private record Frozen(long number, List<FileState> files, List<DataWriter.Job> jobs, WriteBatch batch) {}

    /**
     * @param transactions this object adds itself as a participant
     * @param buffers for the length of device calls
     * @param rid this incarnation: only it writes into unwritten extents that it made
     * @param name of the mount, for the names of threads
     */
    public ExtentFileData(
            Transactions transactions,
            BlockDevice device,
            BufferPool buffers,
            Counters counters,
            DataOptions options,
            long rid,
            String name) {
        this.transactions = transactions;
        this.space = transactions.dataSpace();
        this.memory = new BlockMemory(options.dirtyBytesLimit());
        this.reader = new DataReader(device, buffers, counters);
        this.writer = new DataWriter(device, buffers, options.writerThreads(), name);
        this.rid = rid;
        this.earlyBlocks = options.earlyBlocks();
        transactions.addParticipant(this);
    }

    // ---- states

    private FileState pin(long ino) {
        FileState[] pinned = new FileState[1];
        states.compute(ino, (key, old) -> {
            FileState file = old == null ? new FileState(ino) : old;
            file.pins++;
            pinned[0] = file;
            return file;
        });
        return pinned[0];
    }

    void unpin(FileState file) {
        states.compute(file.ino, (key, now) -> {
            Invariants.check(now == file && file.pins > 0, "unpins a file that is not pinned", file.ino);
            file.pins--;
            return isNeeded(file) ? file : null;
        });
    }

    private boolean isNeeded(FileState file) {
        if (file.pins > 0) {
            return true;
        }
        file.mutex.lock();
        try {
            return file.touchedNumber > committedNumber || !file.open.isEmpty() || !file.frozen.isEmpty();
        } finally {
            file.mutex.unlock();
        }
    }

    /** Under the file's mutex: the file is dealt with at the next barrier. */
    private void touch(FileState file, Transaction txn) {
        file.touchedNumber = txn.number();
        if (file.isTouched) {
            return;
        }
        file.isTouched = true;
        mutex.lock();
        try {
            touched.add(file);
        } finally {
            mutex.unlock();
        }
    }

    // ---- reading

    @Override
    public void read(ItemReader view, long ino, long fileSize, long offset, MemorySegment into) throws IOException {
        if (into.byteSize() == 0) {
            return;
        }
        long length = Math.max(0, Math.min(into.byteSize(), fileSize - offset));
        if (length < into.byteSize()) {
            into.asSlice(length).fill((byte) 0);
        }
        if (length == 0) {
            return;
        }
        // Whole blocks are read without a copy; on the device, what follows the end of the file is zero.
        long firstBlock = FileState.blockOf(offset);
        long endBlock = FileState.blockAfter(offset + length);
        long end = FileState.offsetOf(endBlock);
        MemorySegment wanted =
                end - offset <= into.byteSize() ? into.asSlice(0, end - offset) : into.asSlice(0, length);
        DataReader.Target target = new DataReader.Target(ino, wanted, offset);
        FileState file = states.get(ino);
        List<DirtyPart> parts = file == null ? List.of() : dirtyParts(file, firstBlock, endBlock);
        try {
            long block = firstBlock;
            for (DirtyPart part : parts) {
                if (part.piece.block() > block) {
                    reader.readItems(view, target, block, part.piece.block());
                }
                part.read(reader, target);
                block = part.piece.end();
            }
            if (block < endBlock) {
                reader.readItems(view, target, block, endBlock);
            }
        } finally {
            parts.forEach(DirtyPart::close);
        }
    }

    /** Dirty blocks that a reader copies: pinned in memory, or early on the device, with their checksums. */
    private record DirtyPart(Piece piece, boolean isPinned, int[] checksums) implements AutoCloseable {
        void read(DataReader reader, DataReader.Target target) throws IOException {
            Run run = piece.run();
            if (isPinned) {
                target.copy(piece.block(), run.memory(piece.index(), piece.count()));
                return;
            }
            int done = 0;
            while (done < piece.count()) {
                int at = done;
                long blkno = run.place(piece.index() + at);
                int count = 1;
                while (at + count < piece.count() && run.place(piece.index() + at + count) == blkno + count) {
                    count++;
                }
                reader.readPlace(
                        target, piece.block() + at, count, blkno, block -> checksums[(int) (block - piece.block())]);
                done += count;
            }
        }

        @Override
        public void close() {
            if (isPinned) {
                piece.run().unpin();
            }
        }
    }

    private static List<DirtyPart> dirtyParts(FileState file, long first, long end) {
        file.mutex.lock();
        try {
            List<Piece> pieces = file.dirty(first, end);
            if (pieces.isEmpty()) {
                return List.of();
            }
            List<DirtyPart> parts = new ArrayList<>(pieces.size());
            for (Piece whole : pieces) {
                Piece piece = whole.part(first, end);
                if (piece.run().isWritten()) {
                    int[] checksums = new int[piece.count()];
                    for (int i = 0; i < checksums.length; i++) {
                        long block = piece.block() + i;
                        checksums[i] = file.group(block)
                                .checksums[(int) (block % ChecksumItem.GROUP_BLOCKS)];
                    }
                    parts.add(new DirtyPart(piece, false, checksums));
                } else {
                    piece.run().pin();
                    parts.add(new DirtyPart(piece, true, new int[0]));
                }
            }
            return parts;
        } finally {
            file.mutex.unlock();
        }
    }

    // ---- admission

    @Override
    public PreparedWrite admitWrite(ItemReader view, long ino, long fileSize, long offset, long length)
            throws FsException, MustWait, IOException {
        Invariants.check(
                offset >= 0 && length > 0 && length <= WRITE_BYTES_MAX && length <= Long.MAX_VALUE - offset,
                "write of bytes",
                length);
        long first = FileState.blockOf(offset);
        long end = FileState.blockAfter(offset + length);
        Prepared prepared = prepare(ino, end - first, end - first);
        boolean isReady = false;
        try {
            learn(view, prepared, first, end, Integer.MAX_VALUE);
            long lastByte = offset + length;
            boolean isHeadPartial = offset != FileState.offsetOf(first);
            boolean isTailPartial = lastByte != FileState.offsetOf(end);
            if (isHeadPartial || (isTailPartial && end - 1 == first)) {
                prepared.head = edge(view, prepared, first, false, 0, 0);
            }
            if (isTailPartial && end - 1 > first) {
                prepared.tail = edge(view, prepared, end - 1, false, 0, 0);
            }
            prepared.itemBytes = itemBytes(prepared, first, end, end - first);
            isReady = true;
            return prepared;
        } finally {
            if (!isReady) {
                prepared.close();
            }
        }
    }

    /** Room in memory and on the device, and the file's state pinned. */
    private Prepared prepare(long ino, long memoryBlocks, long spaceBlocks) throws FsException, MustWait {
        CompletableFuture<Void> room = memory.admitOrWait(memoryBlocks);
        if (room != null) {
            requestCommit();
            throw MustWait.on(room);
        }
        boolean hasSpace = false;
        try {
            if (spaceBlocks > 0) {
                space.reserve(spaceBlocks);
            }
            hasSpace = true;
        } finally {
            if (!hasSpace) {
                memory.unadmit(memoryBlocks);
            }
        }
        Prepared prepared = new Prepared(this, memory, space, pin(ino));
        prepared.memoryBlocks = memoryBlocks;
        prepared.spaceBlocks = spaceBlocks;
        return prepared;
    }

    /** Memory is full of gathered data: only a commit writes those that are too small to be written early. */
    private void requestCommit() {
        // Who needs the outcome of a commit asks for one: here it only makes room, and a failed one stops all writes.
        transactions.commit().exceptionally(failure -> null);
    }

    /**
     * Makes the extents of {@code [first, end)} and of the groups at its ends known, at most {@code max} items of them, and
     * the checksums that are needed when the range changes.
     */
    private void learn(ItemReader view, Prepared prepared, long first, long end, int max) throws IOException {
        FileState file = prepared.file;
        long from = ChecksumItem.groupOf(first);
        long to = groupsEnd(end);
        int left = max;
        while (left > 0) {
            long unknown = withMutex(file, () -> file.map.firstUnknown(from, to));
            if (unknown >= to) {
                break;
            }
            ExtentMap.Found found = ExtentMap.read(view, file.ino, unknown, to, left);
            withMutex(file, () -> {
                file.map.learn(found);
                return 0L;
            });
            left -= Math.max(1, found.items().size());
        }
        learnChecksums(view, file, first, end, ChecksumItem.groupOf(first));
        if (end < ExtentItem.BLOCKS_END) {
            learnChecksums(view, file, first, end, ChecksumItem.groupOf(end - 1));
        }
    }

    private static void learnChecksums(ItemReader view, FileState file, long first, long end, long group)
            throws IOException {
        if (withMutex(file, () -> file.needsChecksums(group, first, end) ? 1L : 0L) == 0) {
            return;
        }
        byte[] key = ChecksumItem.key(file.ino, group);
        byte[] value = view.get(key);
        if (value == null) {
            throw CorruptionException.missing(
                    "checksum item " + Keys.toString(key), "extents of inode " + Long.toUnsignedString(file.ino));
        }
        ChecksumGroup loaded = new ChecksumGroup(ChecksumItem.decode(key, value), true);
        withMutex(file, () -> {
            file.checksums.putIfAbsent(group, loaded);
            return 0L;
        });
    }

    private interface UnderMutex {
        long run();
    }

    private static long withMutex(FileState file, UnderMutex action) {
        file.mutex.lock();
        try {
            return action.run();
        } finally {
            file.mutex.unlock();
        }
    }

    /**
     * The bytes of a block that is only partly replaced; null where it has none, or, when something is to be zeroed
     * in it, where that is zero already.
     */
    private Prepared.@Nullable Edge edge(
            ItemReader view, Prepared prepared, long block, boolean isForZeroes, int from, int to)
            throws FsException, MustWait, IOException {
        FileState file = prepared.file;
        boolean hasBytes;
        file.mutex.lock();
        try {
            Piece piece = file.open.at(block);
            if (piece != null && !piece.run().isSealed()) {
                int index = piece.indexOf(block);
                if (isForZeroes && isZero(piece.run().memory(index, 1), from, to)) {
                    return null;
                }
                piece.run().pin();
                return new Prepared.Edge(block, piece.run(), index, null);
            }
            ExtentItem item = file.map.at(block);
            hasBytes = piece != null || (item != null && item.isWritten());
        } finally {
            file.mutex.unlock();
        }
        if (!hasBytes) {
            return null;
        }
        CompletableFuture<Void> room = memory.admitOrWait(1);
        if (room != null) {
            requestCommit();
            throw MustWait.on(room);
        }
        BlockMemory.Buffer buffer = memory.allocate(1);
        boolean isRead = false;
        try {
            read(view, file.ino, Long.MAX_VALUE, FileState.offsetOf(block), buffer.memory());
            isRead = !isForZeroes || !isZero(buffer.memory(), from, to);
            return isRead ? new Prepared.Edge(block, null, 0, buffer) : null;
        } finally {
            if (!isRead) {
                memory.release(buffer);
            }
        }
    }

    private static boolean isZero(MemorySegment bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** An upper bound of the items that changing {@code [first, end)} puts, now and at the barrier. */
    private static long itemBytes(Prepared prepared, long first, long end, long newExtents) {
        FileState file = prepared.file;
        long items = withMutex(file, () -> file.map.items(first, end).size());
        long groups = Math.min((end - first) / ChecksumItem.GROUP_BLOCKS, STEP_BLOCKS / ChecksumItem.GROUP_BLOCKS) + 2;
        return (2 * items + 2 * newExtents + 4) * EXTENT_BYTES + (groups + items) * CHECKSUM_BYTES;
    }

    // ---- writing

    @Override
    public BlockCounts write(Transaction txn, PreparedWrite prepared, long ino, long offset, MemorySegment from) {
        Prepared p = (Prepared) prepared;
        FileState file = p.file;
        Invariants.check(file.ino == ino, "prepared for another inode", ino);
        List<DataWriter.Job> early;
        BlockCounts counts;
        file.mutex.lock();
        try {
            touch(file, txn);
            long first = FileState.blockOf(offset);
            long end = FileState.blockAfter(offset + from.byteSize());
            BlockCounts before = file.counts(first, end);
            replace(txn, p, offset, from.byteSize(), from);
            counts = new BlockCounts(end - first - before.online(), -before.offline());
            early = sealStream(file, end);
        } finally {
            file.mutex.unlock();
        }
        if (!early.isEmpty()) {
            writer.start(early, openBatch());
        }
        return counts;
    }

    private WriteBatch openBatch() {
        mutex.lock();
        try {
            return openBatch;
        } finally {
            mutex.unlock();
        }
    }

    /** Puts bytes, or zeroes when there is no {@code from}, into dirty blocks; under the file's mutex. */
    private void replace(Transaction txn, Prepared p, long offset, long length, @Nullable MemorySegment from) {
        FileState file = p.file;
        long first = FileState.blockOf(offset);
        long end = FileState.blockAfter(offset + length);
        file.ensureGroups(first, end);
        for (Piece piece : file.open.overlapping(first, end, Integer.MAX_VALUE)) {
            if (piece.run().isSealed()) {
                dropOpen(file, piece, first, end);
            }
        }
        file.cutItems(txn, first, end);
        CRC32C crc = new CRC32C();
        long block = first;
        while (block < end) {
            Piece piece = file.open.at(block);
            int count;
            if (piece == null) {
                piece = gather(p, block, end);
                count = (int) (piece.end() - block);
                clearOrKeepEdge(p, piece, block, offset, length);
                clearOrKeepEdge(p, piece, piece.end() - 1, offset, length);
            } else {
                count = (int) (Math.min(piece.end(), end) - block);
            }
            MemorySegment into = piece.run().memory(piece.indexOf(block), count);
            long start = FileState.offsetOf(block);
            long copyFrom = Math.max(start, offset);
            long copyBytes = Math.min(into.byteSize(), offset + length - start) - (copyFrom - start);
            if (from == null) {
                into.asSlice(copyFrom - start, copyBytes).fill((byte) 0);
            } else {
                MemorySegment.copy(from, copyFrom - offset, into, copyFrom - start, copyBytes);
            }
            for (int i = 0; i < count; i++) {
                ChecksumGroup group = file.group(block + i);
                group.checksums[(int) ((block + i) % ChecksumItem.GROUP_BLOCKS)] =
                        piece.run().checksum(crc, piece.indexOf(block + i));
                group.isChanged = true;
            }
            block += count;
        }
    }

    /** New dirty blocks from {@code block} on, one at least, up to {@code end} or the next piece at most. */
    private Piece gather(Prepared p, long block, long end) {
        FileState file = p.file;
        long to = file.open.nextAfter(block, end);
        Piece before = block == 0 ? null : file.open.at(block - 1);
        if (before != null) {
            Run run = before.run();
            int room = run.capacity() - run.used;
            if (!run.isSealed() && room > 0 && before.index() + before.count() == run.used) {
                int count = (int) Math.min(room, to - block);
                run.used += count;
                run.live += count;
                Piece longer = new Piece(before.block(), before.count() + count, run, before.index());
                file.open.put(longer);
                p.spaceBlocks -= count;
                Invariants.check(p.spaceBlocks >= 0, "more blocks than were admitted, inode", file.ino);
                return longer.part(block, longer.end());
            }
        }
        int need = (int) Math.min(to - block, BlockMemory.BUFFER_BLOCKS_MAX);
        BlockMemory.Buffer buffer = buffer(p, need, gathered(file, block, before));
        Run run = new Run(memory, buffer);
        int count = Math.min(need, buffer.blocks());
        run.used = count;
        run.live = count;
        p.spaceBlocks -= count;
        Invariants.check(p.spaceBlocks >= 0, "more blocks than were admitted, inode", file.ino);
        Piece piece = new Piece(block, count, run, 0);
        file.open.put(piece);
        return piece;
    }

    /** How many dirty blocks lie right before {@code block}, as far as it matters for the size of the next buffer. */
    private static int gathered(FileState file, long block, @Nullable Piece before) {
        int blocks = 0;
        Piece piece = before;
        while (piece != null && blocks < BlockMemory.BUFFER_BLOCKS_MAX) {
            blocks += piece.count();
            piece = piece.block() == 0 ? null : file.open.at(piece.block() - 1);
        }
        return blocks;
    }

    /** A buffer for {@code need} blocks; larger, for what may follow, when the file streams and memory is plenty. */
    private BlockMemory.Buffer buffer(Prepared p, int need, int gathered) {
        int wanted = Math.min(BlockMemory.BUFFER_BLOCKS_MAX, Math.max(need, gathered));
        int size = wanted == 1 ? 1 : Integer.highestOneBit(wanted - 1) << 1;
        if (size > need) {
            // What is left of the admitted memory has to do for the rest of the write.
            boolean isPlenty = memory.freeBlocks() > memory.limitBlocks() / 2;
            if (isPlenty && memory.tryAdmit(size - need)) {
                p.memoryBlocks += size - need;
            } else {
                size = Integer.highestOneBit(need);
            }
        }
        Invariants.check(size <= p.memoryBlocks, "more memory than was admitted, inode", p.file.ino);
        BlockMemory.Buffer buffer = memory.allocate(size);
        p.memoryBlocks -= buffer.blocks();
        return buffer;
    }

    /** Gives a new block that the write does not fill the bytes that it had. */
    private static void clearOrKeepEdge(Prepared p, Piece piece, long block, long offset, long length) {
        long start = FileState.offsetOf(block);
        if (offset <= start && offset + length - start >= BlockDevice.BLOCK_SIZE) {
            return;
        }
        MemorySegment bytes = piece.run().memory(piece.indexOf(block), 1);
        Prepared.Edge edge = p.edge(block);
        if (edge == null) {
            bytes.fill((byte) 0);
        } else {
            MemorySegment.copy(edge.bytes(), 0, bytes, 0, BlockDevice.BLOCK_SIZE);
        }
    }

    /** Takes blocks of an open piece out, with their reservations or places. */
    private void dropOpen(FileState file, Piece piece, long from, long to) {
        Piece gone = piece.part(from, to);
        Run run = piece.run();
        file.open.cut(piece, from, to);
        run.live -= gone.count();
        if (!run.isSealed()) {
            space.unreserve(gone.count());
            if (run.live == 0) {
                run.close();
            }
            return;
        }
        forEachPlace(gone, (index, count, blkno) -> space.giveBack(new DeviceExtent(blkno, count)));
    }

    private interface Place {
        void accept(int index, int count, long blkno);
    }

    /** The stretches of a sealed piece that lie together on the device. */
    private static void forEachPlace(Piece piece, Place action) {
        Run run = piece.run();
        int end = piece.index() + piece.count();
        int index = piece.index();
        while (index < end) {
            long blkno = run.place(index);
            int count = 1;
            while (index + count < end && run.place(index + count) == blkno + count) {
                count++;
            }
            action.accept(index, count, blkno);
            index += count;
        }
    }

    /** When enough full buffers lie before {@code end}: seals them, gives them places, and returns what is to be written. */
    private List<DataWriter.Job> sealStream(FileState file, long end) {
        Piece last = end == 0 ? null : file.open.at(end - 1);
        if (last != null && !isFull(last)) {
            last = last.block() == 0 ? null : file.open.at(last.block() - 1);
        }
        List<Piece> full = new ArrayList<>();
        int blocks = 0;
        while (last != null && isFull(last)) {
            full.add(last);
            blocks += last.count();
            last = last.block() == 0 ? null : file.open.at(last.block() - 1);
        }
        if (blocks < earlyBlocks) {
            return List.of();
        }
        List<DataWriter.Job> jobs = new ArrayList<>();
        long after = last == null ? endOfItem(file, full.getLast().block()) : endOfPiece(last);
        Places places = new Places(blocks, after);
        for (Piece piece : full.reversed()) {
            place(file, piece, places, jobs);
        }
        return jobs;
    }

    private static boolean isFull(Piece piece) {
        return !piece.run().isSealed()
                && piece.count() == piece.run().capacity()
                && piece.run().live == piece.count();
    }

    /** Where the device blocks of a sealed piece end, -1 for one that has no places. */
    private static long endOfPiece(Piece piece) {
        return piece.run().isSealed() ? piece.run().place(piece.index() + piece.count() - 1) + 1 : -1;
    }

    /** Where the device blocks end of the extent that ends right before {@code block}, or -1. */
    private static long endOfItem(FileState file, long block) {
        ExtentItem item = block == 0 ? null : file.map.at(block - 1);
        return item != null && item.isWritten() ? item.blkno() + item.blockCount() : -1;
    }

    /** Reserved blocks that become places, as few runs as the space has. */
    private final class Places {
        private long left;
        private long after;
        private long blkno;
        private long count;

        Places(long blocks, long after) {
            this.left = blocks;
            this.after = after;
        }

        /** The next place; {@code afterBlkno} is where it would lengthen an extent, or -1. */
        long next() {
            if (count == 0) {
                DeviceExtent extent = space.take(left, after);
                blkno = extent.blkno();
                count = extent.blockCount();
                left -= count;
            }
            long place = blkno;
            blkno++;
            count--;
            after = blkno;
            return place;
        }
    }

    /** Seals a piece's run, gives the piece places, and adds what has to be written for it. */
    private static void place(FileState file, Piece piece, Places places, List<DataWriter.Job> jobs) {
        Run run = piece.run();
        run.seal();
        for (int i = 0; i < piece.count(); i++) {
            run.setPlace(piece.index() + i, places.next());
        }
        forEachPlace(piece, (index, count, blkno) -> {
            run.addJob();
            jobs.add(new DataWriter.Job(file, run, index, count, blkno));
        });
    }

    // ---- the commit

    @Override
    public void freeze(Transaction last) {
        List<FileState> files;
        WriteBatch batch;
        mutex.lock();
        try {
            files = touched;
            touched = new ArrayList<>();
            batch = openBatch;
            openBatch = new WriteBatch();
        } finally {
            mutex.unlock();
        }
        if (files.isEmpty()) {
            return;
        }
        List<DataWriter.Job> jobs = new ArrayList<>();
        Places small = new Places(smallBlocks(files), -1);
        ConsumedExtents consumed = new ConsumedExtents(last);
        for (FileState file : files) {
            file.mutex.lock();
            try {
                freeze(last, file, small, jobs, consumed);
            } finally {
                file.mutex.unlock();
            }
        }
        consumed.flush();
        mutex.lock();
        try {
            Frozen before = frozen;
            if (before != null) {
                // A transaction without a change was not committed, and goes on.
                Invariants.check(
                        before.number() == last.number() && before.jobs().isEmpty(),
                        "a barrier while a commit is in flight",
                        before.number());
                files.addAll(before.files());
            }
            frozen = new Frozen(last.number(), files, jobs, batch);
        } finally {
            mutex.unlock();
        }
    }

    /** Blocks of the files that get their places side by side, in the order in which the files were touched. */
    private long smallBlocks(List<FileState> files) {
        long blocks = 0;
        for (FileState file : files) {
            blocks += withMutex(file, () -> {
                long count = 0;
                for (Piece piece : file.open.all()) {
                    count += isSmall(file, piece) ? piece.count() : 0;
                }
                return count;
            });
        }
        return blocks;
    }

    /** Also where the run was just sealed for another piece of it. */
    private static boolean isUnplaced(Piece piece) {
        return !piece.run().isSealed() || piece.run().place(piece.index()) == 0;
    }

    /** Whether a piece has no earlier neighbour that it should follow on the device. */
    private boolean isSmall(FileState file, Piece piece) {
        return isUnplaced(piece)
                && piece.count() < earlyBlocks
                && (piece.block() == 0 || file.open.at(piece.block() - 1) == null)
                && endOfItem(file, piece.block()) == -1;
    }

    private void freeze(
            Transaction last, FileState file, Places small, List<DataWriter.Job> jobs, ConsumedExtents consumed) {
        file.isTouched = false;
        file.frozen.clear();
        ExtentItem pending = null;
        List<Piece> pieces = new ArrayList<>(file.open.all());
        Piece before = null;
        for (Piece piece : pieces) {
            if (isUnplaced(piece)) {
                if (isSmall(file, piece)) {
                    place(file, piece, small, jobs);
                } else {
                    long after = before != null && before.end() == piece.block()
                            ? endOfPiece(before)
                            : endOfItem(file, piece.block());
                    place(file, piece, new Places(piece.count(), after), jobs);
                }
            }
            before = piece;
            if (!piece.run().isWritten()) {
                file.frozen.put(piece);
            }
        }
        file.open.clear();
        for (Piece piece : pieces) {
            List<ExtentItem> stretches = new ArrayList<>();
            forEachPlace(
                    piece,
                    (index, count, blkno) -> stretches.add(
                            ExtentItem.written(piece.block() + (index - piece.index()), count, blkno)));
            for (ExtentItem stretch : stretches) {
                consumed.add(stretch.blkno(), stretch.blockCount());
                if (pending != null && pending.canJoin(stretch)) {
                    pending = pending.join(stretch);
                } else {
                    if (pending != null) {
                        file.map.place(last, file.ino, pending);
                    }
                    pending = stretch;
                }
            }
        }
        if (pending != null) {
            file.map.place(last, file.ino, pending);
        }
        file.putChecksums(last);
    }

    /** Tells the space which blocks the items name, neighbours together. */
    private final class ConsumedExtents {
        private final Transaction txn;
        private long blkno;
        private long count;

        ConsumedExtents(Transaction txn) {
            this.txn = txn;
        }

        void add(long nextBlkno, long nextCount) {
            if (count > 0 && nextBlkno == blkno + count) {
                count += nextCount;
                return;
            }
            flush();
            blkno = nextBlkno;
            count = nextCount;
        }

        void flush() {
            if (count > 0) {
                space.consume(txn, new DeviceExtent(blkno, count));
                count = 0;
            }
        }
    }

    @Override
    public void writeOut(long number, long seq, LateItems items) throws IOException {
        Frozen now = frozen(number);
        if (now != null) {
            writer.writeAll(now.jobs(), now.batch());
        }
    }

    private @Nullable Frozen frozen(long number) {
        mutex.lock();
        try {
            return frozen != null && frozen.number() == number ? frozen : null;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void committed(long number) {
        committedNumber = number;
        Frozen done = frozen(number);
        if (done == null) {
            return;
        }
        mutex.lock();
        try {
            frozen = null;
        } finally {
            mutex.unlock();
        }
        for (FileState file : done.files()) {
            withMutex(file, () -> {
                file.frozen.clear();
                return 0L;
            });
            states.computeIfPresent(file.ino, (key, now) -> now != file || isNeeded(file) ? now : null);
        }
    }

    // ---- taking away

    @Override
    public PreparedWrite admitTruncate(ItemReader view, long ino, long oldSize, long newSize)
            throws FsException, MustWait, IOException {
        return admitRemove(view, ino, newSize, Long.MAX_VALUE);
    }

    @Override
    public Step truncate(Transaction txn, PreparedWrite edge, long ino, long newSize) {
        return remove(txn, (Prepared) edge, ino, newSize, Long.MAX_VALUE);
    }

    @Override
    public PreparedWrite admitPunch(ItemReader view, long ino, long fileSize, long offset, long length)
            throws FsException, MustWait, IOException {
        return admitRemove(view, ino, offset, length > Long.MAX_VALUE - offset ? Long.MAX_VALUE : offset + length);
    }

    @Override
    public Step punch(Transaction txn, PreparedWrite edges, long ino, long offset, long length) {
        return remove(
                txn,
                (Prepared) edges,
                ino,
                offset,
                length > Long.MAX_VALUE - offset ? Long.MAX_VALUE : offset + length);
    }

    /** Prepares {@link #remove} of the bytes {@code [from, to)}; to the end of everything when {@code to} is the maximum. */
    private Prepared admitRemove(ItemReader view, long ino, long from, long to)
            throws FsException, MustWait, IOException {
        Invariants.check(from >= 0 && from <= to, "removes from", from);
        Prepared prepared = prepare(ino, 0, 0);
        boolean isReady = false;
        try {
            long first = FileState.blockAfter(from);
            long end = wholeEnd(to);
            long headBlock = FileState.blockOf(from);
            boolean hasHead = headBlock < first;
            boolean hasTail = to != Long.MAX_VALUE && FileState.blockOf(to) * BlockDevice.BLOCK_SIZE < to;
            if (hasHead || hasTail) {
                admitEdges(view, prepared, from, to, hasHead, hasTail);
            }
            if (first < end) {
                learn(view, prepared, first, end, STEP_ITEMS);
            }
            prepared.itemBytes = removeBytes(prepared.file, headBlock, Math.max(end, headBlock));
            isReady = true;
            return prepared;
        } finally {
            if (!isReady) {
                prepared.close();
            }
        }
    }

    /** An upper bound of the items of one step: of the extents that it cuts, and of the checksum items that go. */
    private static long removeBytes(FileState file, long first, long end) {
        long items = Math.min(STEP_ITEMS, withMutex(file, () -> file.map.items(first, end).size())) + 4;
        long groups = Math.min(STEP_BLOCKS / ChecksumItem.GROUP_BLOCKS, (end - first) / ChecksumItem.GROUP_BLOCKS);
        return 2 * items * EXTENT_BYTES + (groups + items) * Keys.SIZE + 4 * CHECKSUM_BYTES;
    }

    private void admitEdges(
            ItemReader view, Prepared prepared, long from, long to, boolean hasHead, boolean hasTail)
            throws FsException, MustWait, IOException {
        long headBlock = FileState.blockOf(from);
        long tailBlock = to == Long.MAX_VALUE ? -1 : FileState.blockOf(to);
        if (hasHead) {
            learn(view, prepared, headBlock, headBlock + 1, Integer.MAX_VALUE);
            int upTo = tailBlock == headBlock ? (int) (to % BlockDevice.BLOCK_SIZE) : BlockDevice.BLOCK_SIZE;
            prepared.head = edge(view, prepared, headBlock, true, (int) (from % BlockDevice.BLOCK_SIZE), upTo);
        }
        if (hasTail && !(hasHead && tailBlock == headBlock)) {
            learn(view, prepared, tailBlock, tailBlock + 1, Integer.MAX_VALUE);
            prepared.tail = edge(view, prepared, tailBlock, true, 0, (int) (to % BlockDevice.BLOCK_SIZE));
        }
        int blocks = (prepared.head == null ? 0 : 1) + (prepared.tail == null ? 0 : 1);
        if (blocks > 0) {
            CompletableFuture<Void> room = memory.admitOrWait(blocks);
            if (room != null) {
                requestCommit();
                throw MustWait.on(room);
            }
            prepared.memoryBlocks = blocks;
            space.reserve(blocks);
            prepared.spaceBlocks = blocks;
        }
    }

    private static long wholeEnd(long to) {
        return to == Long.MAX_VALUE ? ExtentItem.BLOCKS_END : FileState.blockOf(to);
    }

    private Step remove(Transaction txn, Prepared p, long ino, long from, long to) {
        FileState file = p.file;
        Invariants.check(file.ino == ino, "prepared for another inode", ino);
        file.mutex.lock();
        try {
            zeroEdge(txn, p, p.head, from, to);
            zeroEdge(txn, p, p.tail, from, to);
            long first = FileState.blockAfter(from);
            long end = wholeEnd(to);
            if (first >= end) {
                return new Step(BlockCounts.NONE, true);
            }
            long stepEnd = stepEnd(file, first, end);
            if (file.isHole(first, stepEnd)) {
                return new Step(BlockCounts.NONE, stepEnd == end);
            }
            touch(file, txn);
            BlockCounts before = file.counts(first, stepEnd);
            removeChecksums(txn, file, first, stepEnd);
            for (Piece piece : file.open.overlapping(first, stepEnd, Integer.MAX_VALUE)) {
                dropOpen(file, piece, first, stepEnd);
            }
            file.cutItems(txn, first, stepEnd);
            return new Step(new BlockCounts(-before.online(), -before.offline()), stepEnd == end);
        } finally {
            file.mutex.unlock();
        }
    }

    private void zeroEdge(Transaction txn, Prepared p, Prepared.@Nullable Edge edge, long from, long to) {
        if (edge == null) {
            return;
        }
        long start = Math.max(from, FileState.offsetOf(edge.block()));
        long stop = Math.min(to, FileState.offsetOf(edge.block() + 1));
        touch(p.file, txn);
        replace(txn, p, start, stop - start, null);
    }

    /** How far one step goes: to what is known, bounded in items and blocks, and to the end of a group unless it is the last. */
    private static long stepEnd(FileState file, long first, long end) {
        long to = groupsEnd(end);
        long known = file.map.firstUnknown(first, to);
        List<ExtentItem> items = file.map.items(first, known);
        long blocks = 0;
        for (int i = 0; i < items.size(); i++) {
            ExtentItem item = items.get(i);
            // Without storage there are no checksums, and nothing to free.
            blocks += item.hasStorage() ? item.blockCount() : 0;
            if (blocks > STEP_BLOCKS || i >= STEP_ITEMS) {
                known = item.block();
                break;
            }
        }
        if (known >= to) {
            return end;
        }
        long whole = ChecksumItem.groupOf(Math.min(known, end));
        Invariants.check(whole > first, "a step of a long change gets nowhere at block", first);
        return whole;
    }

    /** Where the last group of blocks before {@code end} ends. */
    private static long groupsEnd(long end) {
        return end >= ExtentItem.BLOCKS_END
                ? ExtentItem.BLOCKS_END
                : ChecksumItem.groupOf(end + ChecksumItem.GROUP_BLOCKS - 1);
    }

    /** The checksums of {@code [first, end)}: groups that lie in it whole go, others keep what stays. */
    private static void removeChecksums(Transaction txn, FileState file, long first, long end) {
        long done = first;
        for (ExtentItem item : file.map.items(first, end)) {
            long to = Math.min(end, item.end());
            if (item.isWritten() && to > done) {
                removeGroups(txn, file, Math.max(done, item.block()), to, first, end, true);
                done = groupsEnd(to);
            }
        }
        for (Piece piece : file.open.overlapping(first, end, Integer.MAX_VALUE)) {
            removeGroups(txn, file, Math.max(first, piece.block()), Math.min(end, piece.end()), first, end, false);
        }
    }

    private static void removeGroups(
            Transaction txn, FileState file, long from, long to, long first, long end, boolean isStored) {
        for (long group = ChecksumItem.groupOf(from); group < to; group += ChecksumItem.GROUP_BLOCKS) {
            long groupEnd = group + ChecksumItem.GROUP_BLOCKS;
            if (group >= first && groupEnd <= end) {
                ChecksumGroup gone = file.checksums.remove(group);
                if (gone == null ? isStored : gone.isStored) {
                    txn.delete(ChecksumItem.key(file.ino, group));
                }
                continue;
            }
            ChecksumGroup kept = file.checksums.get(group);
            if (kept == null) {
                // Nothing of the group stays: otherwise it was loaded.
                kept = ChecksumGroup.empty(isStored);
                file.checksums.put(group, kept);
            }
            for (long block = Math.max(group, first); block < Math.min(groupEnd, end); block++) {
                kept.checksums[(int) (block - group)] = 0;
            }
            kept.isChanged = true;
        }
    }

    // ---- preallocation

    @Override
    public PreparedWrite admitAllocate(ItemReader view, long ino, long block, long blockCount)
            throws FsException, MustWait, IOException {
        Invariants.check(block >= 0 && blockCount > 0 && blockCount <= ExtentItem.BLOCKS_END - block, "allocates at", block);
        Prepared prepared = prepare(ino, 0, 0);
        boolean isReady = false;
        try {
            FileState file = prepared.file;
            long end = Math.min(block + blockCount, block + ExtentItem.STORED_BLOCKS_MAX);
            learn(view, prepared, block, end, STEP_ITEMS);
            long holes = withMutex(file, () -> {
                long known = file.map.firstUnknown(block, end);
                long blocks = 0;
                for (long[] hole : holes(file, block, known)) {
                    blocks += hole[1] - hole[0];
                }
                return blocks;
            });
            if (holes > 0) {
                space.reserve(holes);
            }
            prepared.spaceBlocks = holes;
            prepared.itemBytes = itemBytes(prepared, block, block, STEP_FRAGMENTS);
            isReady = true;
            return prepared;
        } finally {
            if (!isReady) {
                prepared.close();
            }
        }
    }

    /** The stretches of known {@code [first, end)} that have neither an extent nor dirty data. */
    private static List<long[]> holes(FileState file, long first, long end) {
        List<long[]> holes = new ArrayList<>();
        long block = first;
        while (block < end) {
            ExtentItem item = file.map.at(block);
            Piece piece = file.open.at(block);
            if (item != null || piece != null) {
                block = item != null ? item.end() : piece == null ? block : piece.end();
                continue;
            }
            List<ExtentItem> items = file.map.items(block, end);
            long to = file.open.nextAfter(block, items.isEmpty() ? end : items.getFirst().block());
            holes.add(new long[] {block, to});
            block = to;
        }
        return holes;
    }

    @Override
    public AllocateStep allocate(Transaction txn, PreparedWrite prepared, long ino, long block, long blockCount) {
        Prepared p = (Prepared) prepared;
        FileState file = p.file;
        Invariants.check(file.ino == ino, "prepared for another inode", ino);
        file.mutex.lock();
        try {
            long end = Math.min(block + blockCount, block + ExtentItem.STORED_BLOCKS_MAX);
            long known = file.map.firstUnknown(block, end);
            int fragments = 0;
            for (long[] hole : holes(file, block, known)) {
                long at = hole[0];
                while (at < hole[1]) {
                    if (fragments == STEP_FRAGMENTS) {
                        return new AllocateStep(BlockCounts.NONE, at);
                    }
                    touch(file, txn);
                    DeviceExtent extent = space.take(hole[1] - at, endOfItem(file, at));
                    p.spaceBlocks -= extent.blockCount();
                    space.consume(txn, extent);
                    file.map.place(
                            txn, ino, ExtentItem.unwritten(at, extent.blockCount(), extent.blkno(), rid));
                    at += extent.blockCount();
                    fragments++;
                }
            }
            return new AllocateStep(BlockCounts.NONE, known);
        } finally {
            file.mutex.unlock();
        }
    }

    // ---- the map

    @Override
    public long firstOffline(ItemReader view, long ino, long block, long blockCount) throws IOException {
        long end = blockCount > ExtentItem.BLOCKS_END - block ? ExtentItem.BLOCKS_END : block + blockCount;
        try (ExtentWalk walk = walk(view, ino, block)) {
            FileExtent extent = walk.next();
            while (extent != null && extent.block() < end) {
                if (extent.isOffline()) {
                    return Math.max(block, extent.block());
                }
                extent = walk.next();
            }
        }
        return -1;
    }

    @Override
    public long seekData(ItemReader view, long ino, long fileSize, long offset) throws IOException {
        try (ExtentWalk walk = walk(view, ino, FileState.blockOf(offset))) {
            FileExtent extent = walk.next();
            while (extent != null && FileState.offsetOf(extent.block()) < fileSize) {
                if (isData(extent)) {
                    long found = Math.max(offset, FileState.offsetOf(extent.block()));
                    return found < fileSize ? found : -1;
                }
                extent = walk.next();
            }
        }
        return -1;
    }

    @Override
    public long seekHole(ItemReader view, long ino, long fileSize, long offset) throws IOException {
        long block = FileState.blockOf(offset);
        try (ExtentWalk walk = walk(view, ino, block)) {
            FileExtent extent = walk.next();
            while (extent != null
                    && extent.block() <= block
                    && isData(extent)
                    && FileState.offsetOf(block) < fileSize) {
                block = extent.end();
                extent = walk.next();
            }
        }
        return Math.min(fileSize, Math.max(offset, FileState.offsetOf(block)));
    }

    private static boolean isData(FileExtent extent) {
        return !extent.isUnwritten() || extent.isOffline();
    }

    @Override
    public List<FileExtent> extents(ItemReader view, long ino, long block, int max) throws IOException {
        List<FileExtent> found = new ArrayList<>();
        try (ExtentWalk walk = walk(view, ino, block)) {
            FileExtent extent = walk.next();
            while (extent != null && found.size() < max) {
                found.add(extent);
                extent = walk.next();
            }
        }
        return found;
    }

    private ExtentWalk walk(ItemReader view, long ino, long block) throws IOException {
        FileState file = states.get(ino);
        List<ExtentWalk.Stretch> dirty = new ArrayList<>();
        if (file != null) {
            file.mutex.lock();
            try {
                for (Piece piece : file.open.overlapping(block, Long.MAX_VALUE, Integer.MAX_VALUE)) {
                    ExtentWalk.Stretch last = dirty.isEmpty() ? null : dirty.getLast();
                    if (last != null && last.end() == piece.block()) {
                        dirty.removeLast();
                        dirty.add(new ExtentWalk.Stretch(last.block(), piece.end()));
                    } else {
                        dirty.add(new ExtentWalk.Stretch(piece.block(), piece.end()));
                    }
                }
            } finally {
                file.mutex.unlock();
            }
        }
        return new ExtentWalk(view, ino, block, dirty);
    }

    /** Memory that gathered data take. */
    public long dirtyBytes() {
        return (memory.limitBlocks() - memory.freeBlocks()) * BlockDevice.BLOCK_SIZE;
    }

    /** Files that are kept in memory because they are dirty or being changed. */
    int stateCount() {
        return states.size();
    }

    @Override
    public boolean isDirty(long ino) {
        FileState file = states.get(ino);
        return file != null
                && withMutex(file, () -> file.open.isEmpty() && file.frozen.isEmpty() ? 0L : 1L) != 0;
    }

    /** After the last commit. Gathered data that no commit took are dropped. */
    @Override
    public void close() {
        writer.close();
        memory.close();
    }
}
