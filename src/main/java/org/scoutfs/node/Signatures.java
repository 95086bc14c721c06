package org.scoutfs.node;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is on a device already, by the marks that other programs leave. Asked before mkfs writes: somebody else's data are not
 * overwritten by a slip of the finger.
 */
public final class Signatures {
    /** All marks that are looked for lie below; ZFS has the farthest. */
    private static final int PROBE_BYTES = 264 * 1024;

    private static final int MBR_MARK = 510;
    private static final int MBR_ENTRIES = 446;

    /** One mark. Several may mean one thing. */
    private record Mark(int offset, byte[] bytes, String meaning) {
        static Mark text(int offset, String text, String meaning) {
            return new Mark(offset, text.getBytes(StandardCharsets.ISO_8859_1), meaning);
        }

        static Mark hex(int offset, String hex, String meaning) {
            return new Mark(offset, HexFormat.of().parseHex(hex), meaning);
        }
    }

    private static final List<Mark> MARKS = List.of(
            Mark.text(65536, "scoutfsJ", "a scoutfs volume"),
            Mark.hex(65540, "8b423c10", "a volume of the original scoutfs"),
            Mark.hex(1080, "53ef", "an ext2, ext3 or ext4 file system"),
            Mark.text(0, "XFSB", "an xfs file system"),
            Mark.text(65600, "_BHRfS_M", "a btrfs file system"),
            Mark.text(4086, "SWAPSPACE2", "swap space"),
            Mark.text(4086, "SWAP-SPACE", "swap space"),
            Mark.text(65526, "SWAPSPACE2", "swap space"),
            Mark.text(0, "LABELONE", "an LVM physical volume"),
            Mark.text(512, "LABELONE", "an LVM physical volume"),
            Mark.text(1024, "LABELONE", "an LVM physical volume"),
            Mark.text(1536, "LABELONE", "an LVM physical volume"),
            Mark.hex(0, "4c554b53babe", "a LUKS volume"),
            Mark.text(3, "NTFS    ", "an NTFS file system"),
            Mark.text(3, "EXFAT   ", "an exFAT file system"),
            Mark.text(54, "FAT12   ", "a FAT file system"),
            Mark.text(54, "FAT16   ", "a FAT file system"),
            Mark.text(82, "FAT32   ", "a FAT file system"),
            Mark.text(32769, "CD001", "an ISO 9660 file system"),
            Mark.text(32769, "BEA01", "a UDF file system"),
            Mark.text(0, "hsqs", "a squashfs file system"),
            Mark.hex(1024, "1020f5f2", "an f2fs file system"),
            Mark.text(32768, "JFS1", "a JFS file system"),
            Mark.text(65588, "ReIsEr", "a reiserfs file system"),
            Mark.text(1024, "OCFSV2", "an ocfs2 file system"),
            Mark.hex(65536, "01161970", "a GFS2 file system"),
            Mark.hex(4120, "c68573f64e1a45ca8265f57f48ba6d81", "a bcache device or bcachefs file system"),
            Mark.hex(0, "fc4e2ba9", "a member of a RAID array"),
            Mark.hex(4096, "fc4e2ba9", "a member of a RAID array"),
            Mark.hex(131072, "0cb1ba0000000000", "a ZFS pool"),
            Mark.hex(262144, "0cb1ba0000000000", "a ZFS pool"),
            Mark.text(512, "EFI PART", "a GPT partition table"),
            Mark.text(4096, "EFI PART", "a GPT partition table"));

    private Signatures() {}

    /** What the device holds, in words that fit after "holds", or null when nothing is known to be there. */
    public static @Nullable String probe(Path device) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(PROBE_BYTES);
        try (FileChannel channel = FileChannel.open(device, StandardOpenOption.READ)) {
            while (start.hasRemaining() && channel.read(start, start.position()) > 0) {
                // until the buffer is full or the device ends
            }
        }
        return probe(start.array());
    }

    static @Nullable String probe(byte[] start) {
        for (Mark mark : MARKS) {
            if (hasBytes(start, mark.offset, mark.bytes)) {
                return mark.meaning;
            }
        }
        return hasPartitions(start) ? "a DOS partition table" : null;
    }

    private static boolean hasBytes(byte[] start, int offset, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            if (start[offset + i] != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    /** Boot sectors carry the mark of a partition table, too: one entry at least must make sense. */
    private static boolean hasPartitions(byte[] start) {
        if (start[MBR_MARK] != 0x55 || start[MBR_MARK + 1] != (byte) 0xaa) {
            return false;
        }
        for (int entry = MBR_ENTRIES; entry < MBR_MARK; entry += 16) {
            boolean isBootFlag = start[entry] == 0 || start[entry] == (byte) 0x80;
            if (isBootFlag && start[entry + 4] != 0) {
                return true;
            }
        }
        return false;
    }
}
