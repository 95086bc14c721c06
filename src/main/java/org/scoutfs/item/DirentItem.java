package org.scoutfs.item;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;

/**
 * An entry of a directory, found by its name. One item holds all entries of a directory whose names have the same hash, nearly always
 * one, so that a look-up reads one key. docs/format.md, "Directory entry items".
 *
 * @param position under which the same entry is listed, see {@link ReaddirItem}
 * @param type a {@link FileType}
 */
public record DirentItem(long position, long ino, int type, byte[] name) {
    public static final int NAME_BYTES_MAX = 255;
    /** So many names of one hash fit; the next is refused with {@code ENOSPC}. */
    public static final int COLLISIONS_MAX = 15;

    private static final int AT_POSITION = 0; // u64
    private static final int AT_INO = 8; //      u64
    private static final int AT_TYPE = 16; //    u8
    private static final int AT_LENGTH = 17; //  u8
    private static final int AT_NAME = 18;

    private static final VarHandle U64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    public static byte[] key(long dirIno, long nameHash) {
        return Keys.of(Keys.Zone.FS, dirIno, Keys.Type.DIRENT, nameHash, 0, 0);
    }

    /** Bytes that an entry takes in the value. */
    public static int size(int nameLength) {
        return AT_NAME + nameLength;
    }

    /** The value of an item that holds this entry alone. */
    public byte[] encode() {
        return encodeAfter(null);
    }

    /** The value {@code others} with this entry added. */
    public byte[] encodeAfter(byte @Nullable [] others) {
        int at = others == null ? 0 : others.length;
        byte[] value = others == null ? new byte[size(name.length)] : Arrays.copyOf(others, at + size(name.length));
        U64.set(value, at + AT_POSITION, position);
        U64.set(value, at + AT_INO, ino);
        value[at + AT_TYPE] = (byte) type;
        value[at + AT_LENGTH] = (byte) name.length;
        System.arraycopy(name, 0, value, at + AT_NAME, name.length);
        return value;
    }

    /** The entry of this name in a value, or null. */
    public static @Nullable DirentItem find(byte[] value, byte[] name) throws CorruptionException {
        int at = offset(value, name);
        return at < 0
                ? null
                : new DirentItem(
                        (long) U64.get(value, at + AT_POSITION), (long) U64.get(value, at + AT_INO), value[at + AT_TYPE], name);
    }

    /** The value without the entry of this name, which is in it; null when that was the only one. */
    public static byte @Nullable [] without(byte[] value, byte[] name) throws CorruptionException {
        int at = offset(value, name);
        int size = size(name.length);
        if (at < 0 || value.length == size) {
            return at < 0 ? value : null;
        }
        byte[] rest = new byte[value.length - size];
        System.arraycopy(value, 0, rest, 0, at);
        System.arraycopy(value, at + size, rest, at, rest.length - at);
        return rest;
    }

    /** All entries of a value. */
    public static List<DirentItem> decodeAll(byte[] value) throws CorruptionException {
        List<DirentItem> entries = new ArrayList<>(1);
        for (int at = 0; at < value.length; at = end(value, at)) {
            int end = end(value, at);
            entries.add(new DirentItem(
                    (long) U64.get(value, at + AT_POSITION),
                    (long) U64.get(value, at + AT_INO),
                    value[at + AT_TYPE],
                    Arrays.copyOfRange(value, at + AT_NAME, end)));
        }
        return entries;
    }

    /** How many entries a value has. */
    public static int count(byte[] value) throws CorruptionException {
        int count = 0;
        for (int at = 0; at < value.length; at = end(value, at)) {
            count++;
        }
        return count;
    }

    private static int offset(byte[] value, byte[] name) throws CorruptionException {
        for (int at = 0; at < value.length; ) {
            int end = end(value, at);
            if (Arrays.equals(value, at + AT_NAME, end, name, 0, name.length)) {
                return at;
            }
            at = end;
        }
        return -1;
    }

    private static int end(byte[] value, int at) throws CorruptionException {
        int length = at + AT_NAME <= value.length ? value[at + AT_LENGTH] & 0xff : 0;
        if (length == 0 || at + AT_NAME + length > value.length) {
            throw CorruptionException.of(
                    "directory entry", "a whole entry at byte " + at, "the end at byte " + value.length);
        }
        return at + AT_NAME + length;
    }

    @Override
    public String toString() {
        return "entry " + new String(name, java.nio.charset.StandardCharsets.ISO_8859_1) + " at " + position + " of inode " + ino;
    }
}
