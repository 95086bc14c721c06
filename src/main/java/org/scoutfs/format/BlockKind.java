package org.scoutfs.format;

import org.jspecify.annotations.Nullable;

/** What a block of the volume's own structures is. docs/format.md, "Block trailer". No kind is 0, so zeroes are refused. */
public enum BlockKind {
    /** Who serves now. */
    CLAIM(0x434c_4149),
    /** That the server is alive. */
    HEARTBEAT(0x4845_4152),
    /** What a new server is about to write to before its epoch begins. */
    TAKEOVER(0x5441_4b45),
    /** The beginning of an epoch. */
    SUPER_SLOT(0x5355_5052),
    /** Where a checkpoint is, and where the log after it begins. */
    ANCHOR(0x414e_4348),
    /** A part of a checkpoint. */
    CHECKPOINT(0x4348_4b50),
    /** A part of a batch of log records. */
    LOG(0x4c4f_4731),
    /** Where the log goes on. */
    LOG_LINK(0x4c4e_4b31),
    /** That a device is the data device of a volume. */
    DATA_LABEL(0x4441_5441),
    /** Which voter a quorum slot is. */
    VOTER(0x564f_5445);

    private final int code;

    BlockKind(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    static @Nullable BlockKind of(int code) {
        for (BlockKind kind : values()) {
            if (kind.code == code) {
                return kind;
            }
        }
        return null;
    }

    static String describe(int code) {
        BlockKind kind = of(code);
        return kind == null ? "kind 0x" + Integer.toHexString(code) : kind.name();
    }
}
