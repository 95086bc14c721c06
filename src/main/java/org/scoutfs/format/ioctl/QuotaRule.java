package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A quota rule, as numbers 21 and 22 take it, number 20 lists it, and the volume keeps it: which total is compared with which limit before
 * which operation of whom. All numbers are unsigned.
 *
 * @param names where the three numbers of the total's name come from
 * @param priority the rule with the largest decides, of those that match
 * @param operation {@link #INODE} or {@link #DATA}
 * @param flags {@link #COUNT}
 */
public record QuotaRule(List<Name> names, long limit, int priority, int operation, int flags)
        implements Comparable<QuotaRule> {
    public static final int SIZE = 48;

    /** Making an inode. */
    public static final int INODE = 0;
    /** Writing, and allocating ahead. */
    public static final int DATA = 1;
    /** In the flags: it is about how many xattrs the total has, not about its sum. */
    public static final int COUNT = 1;

    public static final int LITERAL = 0;
    public static final int PROJECT = 1;
    public static final int UID = 2;
    public static final int GID = 3;
    /** In a name's flags: the rule is only about whom this value belongs to. */
    public static final int SELECT = 1;

    private static final int NAMES = 3;

    private static final int NAME_VAL = 0; //    3 u64
    private static final int LIMIT = 24; //      u64
    private static final int PRIO = 32; //       u8
    private static final int OP = 33; //         u8
    private static final int RULE_FLAGS = 34; // u8
    private static final int NAME_SOURCE = 35; // 3 u8
    private static final int NAME_FLAGS = 38; // 3 u8, 7 bytes of padding after them

    /** A number of the total's name. */
    public record Name(long value, int source, int flags) {
        public boolean isSelecting() {
            return (flags & SELECT) != 0;
        }
    }

    /** Whether it can mean anything. */
    public boolean isValid() {
        boolean isValid = operation <= DATA && (flags & ~COUNT) == 0;
        for (int i = 0; i < NAMES; i++) {
            Name name = names.get(i);
            isValid &= name.source <= GID && (name.flags & ~SELECT) == 0 && !(name.isSelecting() && name.source == LITERAL);
            for (int j = 0; j < i; j++) {
                Name other = names.get(j);
                boolean isSameQuestion = name.isSelecting() && other.isSelecting() && name.source == other.source;
                isValid &= !isSameQuestion || name.value == other.value;
            }
        }
        return isValid;
    }

    /** Of two rules that match, the greater one decides. */
    @Override
    public int compareTo(QuotaRule other) {
        int order = Integer.compare(priority, other.priority);
        for (int i = 0; i < NAMES && order == 0; i++) {
            Name mine = names.get(i);
            Name theirs = other.names.get(i);
            order = Long.compareUnsigned(mine.value, theirs.value);
            order = order != 0 ? order : Integer.compare(mine.source, theirs.source);
            order = order != 0 ? order : Integer.compare(mine.flags, theirs.flags);
        }
        order = order != 0 ? order : Integer.compare(operation, other.operation);
        order = order != 0 ? order : Long.compareUnsigned(limit, other.limit);
        return order != 0 ? order : Integer.compare(flags, other.flags);
    }

    public static QuotaRule decode(MemorySegment in, long at) {
        ByteBuffer bytes = Bytes.of(in.asSlice(at), SIZE);
        return new QuotaRule(
                List.of(name(bytes, 0), name(bytes, 1), name(bytes, 2)),
                bytes.getLong(LIMIT),
                bytes.get(PRIO) & 0xff,
                bytes.get(OP) & 0xff,
                bytes.get(RULE_FLAGS) & 0xff);
    }

    private static Name name(ByteBuffer bytes, int index) {
        return new Name(
                bytes.getLong(NAME_VAL + Long.BYTES * index),
                bytes.get(NAME_SOURCE + index) & 0xff,
                bytes.get(NAME_FLAGS + index) & 0xff);
    }

    /** The padding is zero: two rules are the same when their bytes are. */
    public byte[] encode() {
        ByteBuffer bytes = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < NAMES; i++) {
            bytes.putLong(NAME_VAL + Long.BYTES * i, names.get(i).value);
            bytes.put(NAME_SOURCE + i, (byte) names.get(i).source);
            bytes.put(NAME_FLAGS + i, (byte) names.get(i).flags);
        }
        bytes.putLong(LIMIT, limit);
        bytes.put(PRIO, (byte) priority);
        bytes.put(OP, (byte) operation);
        bytes.put(RULE_FLAGS, (byte) flags);
        return bytes.array();
    }
}
