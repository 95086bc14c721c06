package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Linux's {@code struct fsxattr}, of {@code FS_IOC_FSGETXATTR} and {@code FS_IOC_FSSETXATTR}: here it is about project ids only. */
public record FileAttributes(int flags, int extentSize, int projectId, int cowExtentSize) {
    public static final int SIZE = 28;
    public static final int GET = 2 << 30 | SIZE << 16 | 'X' << 8 | 31;
    public static final int SET = 1 << 30 | SIZE << 16 | 'X' << 8 | 32;
    /** What is made in this directory has its project id: always so here. */
    public static final int PROJECT_INHERITED = 0x200;

    private static final int XFLAGS = 0; //      u32
    private static final int EXTSIZE = 4; //     u32; the number of extents after it
    private static final int PROJID = 12; //     u32
    private static final int COWEXTSIZE = 16; // u32, 8 bytes of padding after it

    public static FileAttributes decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new FileAttributes(
                bytes.getInt(XFLAGS), bytes.getInt(EXTSIZE), bytes.getInt(PROJID), bytes.getInt(COWEXTSIZE));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putInt(XFLAGS, flags);
        bytes.putInt(EXTSIZE, extentSize);
        bytes.putInt(PROJID, projectId);
        bytes.putInt(COWEXTSIZE, cowExtentSize);
        return bytes.array();
    }
}
