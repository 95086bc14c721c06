package org.scoutfs.lsm;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Where things are in the blocks of a segment. docs/format.md, "Segment". A unit is a device block of 4 KiB. */
final class SegmentLayout {
    static final int UNIT = 4096;

    // The header of every block.
    static final int CRC = 0; //             u32  CRC32C of the block's bytes after this field, to the end of its last unit
    static final int KIND = 4; //            u8   one of the KIND constants; 0 is invalid, so zeroes are refused
    static final int RESERVED = 5; //        u8   zero
    static final int UNITS = 6; //           u16  length of the block
    static final int VOLUME_ID = 8; //       u64  refuses blocks of another volume
    static final int SEGMENT_ID = 16; //     u64  refuses blocks of another segment
    static final int POSITION = 24; //       u32  units before this block in its segment: refuses misplaced ones
    static final int USED = 28; //           u32  bytes in use, header included; what follows is zero
    static final int ITEM_COUNT = 32; //     u16  entries; zero in filter and footer blocks
    static final int RESTART_COUNT = 34; //  u16  places where a key is stored whole
    static final int RESTARTS = 36; //       u32  offset of the restart offsets, u16 each
    static final int BODY = 40; //           entries

    static final int KIND_DATA = 1;
    static final int KIND_INDEX = 2;
    static final int KIND_FILTER = 3;
    static final int KIND_FOOTER = 4;
    /** A segment that is one data block. */
    static final int KIND_SOLO = 5;

    /** A segment of at most this many units is a solo block; a longer one is not. */
    static final int SOLO_UNITS_MAX = 4;

    static final int INDEX_UNITS = 4;

    // Entries: shared u8, unshared u8, (value size << 2 | kind) as a varint, unshared key bytes, value.
    static final int VALUE_SIZE_MAX = 0xffff;
    static final int ENTRY_OVERHEAD_MAX = 5;
    static final int DATA_RESTART_INTERVAL = 16;
    static final int INDEX_RESTART_INTERVAL = 4;

    /** The value of an index entry: position u32, units u16. */
    static final int INDEX_VALUE_SIZE = 6;

    // The body of a filter block: lines of 64 bytes.
    static final int FILTER_LINES = 64;
    static final int FILTER_LINE_SIZE = 64;
    static final int FILTER_LINES_PER_BLOCK = 255;
    static final int FILTER_UNITS = 4;

    // The body of the footer.
    static final int FOOTER_ITEM_COUNT = 40; //         u64
    static final int FOOTER_TOMBSTONE_COUNT = 48; //    u64
    static final int FOOTER_FILTER_START = 56; //       u32  position of the first filter block, one past the last data block
    static final int FOOTER_INDEX_START = 60; //        u32  position of the first index block
    static final int FOOTER_FILTER_LINE_COUNT = 64; //  u32
    static final int FOOTER_INDEX_COUNT = 68; //        u16  index blocks
    static final int FOOTER_SHORT_PREFIX = 70; //       u8   bytes of the filter's short prefixes
    static final int FOOTER_LONG_PREFIX = 71; //        u8   bytes of its long ones
    static final int FOOTER_KEYS = 72; //               first key, last key: size u8, bytes. Then for each index block:
    //                                                  last key of it (size u8, bytes), position u32, units u16

    static final VarHandle U16 = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle U32 = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle U64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle KEY64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    static final ValueLayout.OfByte M8 = ValueLayout.JAVA_BYTE;
    static final ValueLayout.OfShort M16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt M32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong M64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong MKEY64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private SegmentLayout() {}
}
