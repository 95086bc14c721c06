package org.scoutfs.lsm;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;

/**
 * Segment infos, version edits and versions as bytes, for the server's log and for messages. docs/format.md, "Version edits".
 *
 * <p>The bytes carry no checksum: whoever stores them has one. A decoder believes nothing all the same: whatever the bytes, it
 * returns a value that keeps the rules of its type or throws {@link CorruptionException}, and needs no more memory than the
 * bytes themselves. It leaves the buffer's position after what it read.
 */
public final class VersionCodec {
    private static final int SEGMENT_FIXED_SIZE = 8 + 8 + 4 + 8 + 8 + 1 + 1;
    private static final int ADDED_SIZE_MIN = 1 + SEGMENT_FIXED_SIZE;
    private static final int EDIT_FIXED_SIZE = 8 + 8 + 4 + 4;
    private static final int VERSION_FIXED_SIZE = 8 + 8 + 1;

    private VersionCodec() {}

    public static int sizeOf(SegmentInfo segment) {
        return SEGMENT_FIXED_SIZE + segment.firstKey().length + segment.lastKey().length;
    }

    public static void encode(SegmentInfo segment, ByteBuffer out) {
        out.order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(segment.id());
        out.putLong(segment.blkno());
        out.putInt(segment.blockCount());
        out.putLong(segment.itemCount());
        out.putLong(segment.tombstoneCount());
        out.put((byte) segment.firstKey().length);
        out.put((byte) segment.lastKey().length);
        out.put(segment.firstKey());
        out.put(segment.lastKey());
    }

    public static SegmentInfo decodeSegment(ByteBuffer in) throws CorruptionException {
        return decode(in, "segment info", VersionCodec::segment);
    }

    private static SegmentInfo segment(ByteBuffer in) throws CorruptionException {
        long id = in.getLong();
        long blkno = in.getLong();
        int blockCount = in.getInt();
        long itemCount = in.getLong();
        long tombstoneCount = in.getLong();
        byte[] firstKey = new byte[in.get() & 0xff];
        byte[] lastKey = new byte[in.get() & 0xff];
        in.get(firstKey);
        in.get(lastKey);
        String where = "segment info of " + id;
        if (blkno < 0 || blockCount <= 0 || blkno > Long.MAX_VALUE - blockCount) {
            throw CorruptionException.of(where, "an extent", blkno + "+" + blockCount);
        }
        if (itemCount <= 0 || tombstoneCount < 0 || tombstoneCount > itemCount) {
            throw CorruptionException.of(where, "item counts", itemCount + " with " + tombstoneCount + " tombstones");
        }
        if (Arrays.compareUnsigned(firstKey, lastKey) > 0) {
            throw CorruptionException.of(where, "the first key before the last", "the other way round");
        }
        return new SegmentInfo(id, blkno, blockCount, itemCount, tombstoneCount, firstKey, lastKey);
    }

    public static int sizeOf(VersionEdit edit) {
        int size = EDIT_FIXED_SIZE + Long.BYTES * edit.removedIds().size();
        for (VersionEdit.Added added : edit.added()) {
            size += 1 + sizeOf(added.segment());
        }
        return size;
    }

    public static void encode(VersionEdit edit, ByteBuffer out) {
        out.order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(edit.number());
        out.putLong(edit.stableSeq());
        out.putInt(edit.added().size());
        out.putInt(edit.removedIds().size());
        for (VersionEdit.Added added : edit.added()) {
            out.put((byte) added.level());
            encode(added.segment(), out);
        }
        for (long id : edit.removedIds()) {
            out.putLong(id);
        }
    }

    public static VersionEdit decodeEdit(ByteBuffer in) throws CorruptionException {
        return decode(in, "version edit", VersionCodec::edit);
    }

    private static VersionEdit edit(ByteBuffer in) throws CorruptionException {
        long number = in.getLong();
        long stableSeq = in.getLong();
        int addedCount = in.getInt();
        int removedCount = in.getInt();
        checkCount("added segments", addedCount, ADDED_SIZE_MIN, in);
        checkCount("removed segments", removedCount, Long.BYTES, in);
        List<VersionEdit.Added> added = new ArrayList<>(addedCount);
        for (int i = 0; i < addedCount; i++) {
            int level = in.get() & 0xff;
            if (level >= Version.LEVEL_COUNT) {
                throw CorruptionException.of("version edit " + number, "a level below " + Version.LEVEL_COUNT, "" + level);
            }
            added.add(new VersionEdit.Added(level, segment(in)));
        }
        List<Long> removed = new ArrayList<>(removedCount);
        for (int i = 0; i < removedCount; i++) {
            removed.add(in.getLong());
        }
        return new VersionEdit(number, stableSeq, added, removed);
    }

    public static int sizeOf(Version version) {
        int size = VERSION_FIXED_SIZE + Integer.BYTES * Version.LEVEL_COUNT;
        for (int level = 0; level < Version.LEVEL_COUNT; level++) {
            for (SegmentInfo segment : version.array(level)) {
                size = Math.addExact(size, sizeOf(segment));
            }
        }
        return size;
    }

    public static void encode(Version version, ByteBuffer out) {
        out.order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(version.number());
        out.putLong(version.stableSeq());
        out.put((byte) Version.LEVEL_COUNT);
        for (int level = 0; level < Version.LEVEL_COUNT; level++) {
            out.putInt(version.array(level).length);
            for (SegmentInfo segment : version.array(level)) {
                encode(segment, out);
            }
        }
    }

    public static Version decodeVersion(ByteBuffer in) throws CorruptionException {
        return decode(in, "version", VersionCodec::version);
    }

    private static Version version(ByteBuffer in) throws CorruptionException {
        long number = in.getLong();
        long stableSeq = in.getLong();
        int levelCount = in.get() & 0xff;
        List<List<SegmentInfo>> levels = new ArrayList<>();
        for (int level = 0; level < levelCount; level++) {
            int count = in.getInt();
            checkCount("segments in level " + level, count, SEGMENT_FIXED_SIZE, in);
            List<SegmentInfo> segments = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                segments.add(segment(in));
            }
            levels.add(segments);
        }
        String problem = Version.problemWith(levels);
        if (problem != null) {
            throw CorruptionException.of("version " + number, "sorted segments in each level", problem);
        }
        return Version.of(number, stableSeq, levels);
    }

    private static void checkCount(String what, int count, int sizeMin, ByteBuffer in) throws CorruptionException {
        if (count < 0 || count > in.remaining() / sizeMin) {
            throw CorruptionException.of(what, "at most " + in.remaining() / sizeMin, Integer.toUnsignedString(count));
        }
    }

    private static <T> T decode(ByteBuffer in, String what, Decoder<T> decoder) throws CorruptionException {
        in.order(ByteOrder.LITTLE_ENDIAN);
        try {
            return decoder.decode(in);
        } catch (BufferUnderflowException tooShort) {
            throw CorruptionException.of(what, "more bytes", "the end after " + in.limit());
        }
    }

    private interface Decoder<T> {
        T decode(ByteBuffer in) throws CorruptionException;
    }
}
