package org.scoutfs.format.ioctl;

/**
 * The request codes that ioctl(2) takes: {@code direction << 30 | size << 16 | 0xE8 << 8 | number}, where direction 1 means that the
 * caller hands a structure in and 2 that it gets one back.
 *
 * <p>They are constants and no enum because they are compared with what the kernel delivers, which may be anything, and
 * compile-time constants, so that a {@code switch} takes them.
 */
public final class IoctlCommand {
    private static final int MAGIC = 0xE8;
    private static final int IN = 1 << 30 | MAGIC << 8;
    private static final int OUT = 2 << 30 | MAGIC << 8;

    public static final int WALK_INODES = IN | WalkInodes.SIZE << 16 | 1;
    public static final int INO_PATH = IN | InoPath.SIZE << 16 | 2;
    public static final int RELEASE = IN | Release.SIZE << 16 | 3;
    public static final int STAGE = IN | Stage.SIZE << 16 | 4;
    public static final int STAT_MORE = OUT | StatMore.SIZE << 16 | 5;
    public static final int DATA_WAITING = IN | DataWaiting.SIZE << 16 | 6;
    public static final int LISTXATTR_HIDDEN = IN | OUT | ListHiddenXattrs.SIZE << 16 | 8;
    /** Answers into the structure, though the code does not say so. */
    public static final int SEARCH_XATTRS = IN | SearchXattrs.SIZE << 16 | 9;

    public static final int STATFS_MORE = OUT | StatfsMore.SIZE << 16 | 10;
    public static final int DATA_WAIT_ERR = IN | DataWaitError.SIZE << 16 | 11;
    public static final int ALLOC_DETAIL = IN | AllocDetail.SIZE << 16 | 12;
    public static final int RESIZE_DEVICES = IN | ResizeDevices.SIZE << 16 | 14;
    public static final int READ_XATTR_TOTALS = IN | XattrTotals.SIZE << 16 | 15;
    public static final int GET_ALLOCATED_INOS = IN | AllocatedInos.SIZE << 16 | 16;
    public static final int GET_REFERRING_ENTRIES = IN | ReferringEntries.SIZE << 16 | 17;
    /** Answers into the structure, though the code does not say so. */
    public static final int GET_ATTR_X = IN | AttrX.SIZE << 16 | 18;

    public static final int SET_ATTR_X = IN | AttrX.SIZE << 16 | 19;
    /** Takes the structure from the caller's memory, though the code does not say so. */
    public static final int GET_QUOTA_RULES = OUT | QuotaRules.SIZE << 16 | 20;

    public static final int ADD_QUOTA_RULE = IN | QuotaRule.SIZE << 16 | 21;
    public static final int DEL_QUOTA_RULE = IN | QuotaRule.SIZE << 16 | 22;
    /** As {@link #GET_QUOTA_RULES}. */
    public static final int READ_XATTR_INDEX = OUT | XattrIndex.SIZE << 16 | 23;

    /** Ours: a page of the mount's counters. */
    public static final int COUNTERS = IN | CountersRequest.SIZE << 16 | 0x80;

    /** Ours: a text about the mount and its cluster. */
    public static final int REPORT = IN | ReportRequest.SIZE << 16 | 0x81;
    /** Ours: an incarnation in quarantine is gone. */
    public static final int END_MOUNT = IN | EndMount.SIZE << 16 | 0x82;

    private IoctlCommand() {}

    /** Whether a code is of this family at all. */
    public static boolean isOurs(int command) {
        return (command >>> 8 & 0xff) == MAGIC;
    }

    /** The size of the structure that a code carries. */
    public static int size(int command) {
        return command >>> 16 & 0x3fff;
    }
}
