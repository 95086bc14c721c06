package org.scoutfs.fuzz;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.Version;
import org.scoutfs.lsm.VersionCodec;
import org.scoutfs.lsm.VersionEdit;

/** Version edits and whole versions: what was decoded can be encoded, and means the same again. */
public final class VersionFuzz implements FuzzTarget {
    private static final SegmentInfo SEGMENT = new SegmentInfo(
            7, 1000, 12, 345, 6, Keys.of(1, 0, 1, 5, 6, 0), Keys.of(6, 1024, 7, 0, 0, 0));

    @Override
    public List<byte[]> seeds() {
        VersionEdit edit = new VersionEdit(3, 17, List.of(new VersionEdit.Added(0, SEGMENT)), List.of(4L, 5L));
        ByteBuffer edited = ByteBuffer.allocate(1 + VersionCodec.sizeOf(edit));
        edited.put((byte) 0);
        VersionCodec.encode(edit, edited);
        Version version = Version.empty().apply(new VersionEdit(1, 2, List.of(new VersionEdit.Added(0, SEGMENT)), List.of()));
        ByteBuffer whole = ByteBuffer.allocate(1 + VersionCodec.sizeOf(version));
        whole.put((byte) 1);
        VersionCodec.encode(version, whole);
        return List.of(edited.array(), whole.array());
    }

    @Override
    public void decode(byte[] bytes) {
        if (bytes.length == 0) {
            return;
        }
        try {
            byte[] once = recode(bytes[0] == 0, ByteBuffer.wrap(bytes, 1, bytes.length - 1));
            byte[] twice = recode(bytes[0] == 0, ByteBuffer.wrap(once));
            if (!Arrays.equals(once, twice)) {
                throw new AssertionError("what was decoded encodes to something else");
            }
        } catch (CorruptionException refused) {
            // what it promises for bad bytes
        }
    }

    private static byte[] recode(boolean isEdit, ByteBuffer in) throws CorruptionException {
        ByteBuffer again;
        if (isEdit) {
            VersionEdit edit = VersionCodec.decodeEdit(in);
            again = ByteBuffer.allocate(VersionCodec.sizeOf(edit));
            VersionCodec.encode(edit, again);
        } else {
            Version version = VersionCodec.decodeVersion(in);
            again = ByteBuffer.allocate(VersionCodec.sizeOf(version));
            VersionCodec.encode(version, again);
        }
        return again.array();
    }
}
