package org.scoutfs.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.lsm.ItemReader;

/** Reads a file as this node sees it: what is in memory over what the items name. Thread-safe. */
final class MergedReader {
    private final FileStates states;
    private final DataReader reader;

    MergedReader(FileStates states, DataReader reader) {
        this.states = states;
        this.reader = reader;
    }

    /** See {@link FileData#read}. */
    void read(ItemReader view, long ino, long fileSize, long offset, MemorySegment into) throws IOException {
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
                        target, piece.block() + at, count, blkno, blkno + count, block -> checksums[(int) (block - piece.block())]);
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
}
