package org.scoutfs.item;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.scoutfs.base.CorruptionException;

/**
 * An entry of a directory, found by its position: for listing. docs/format.md, "Directory entry items".
 *
 * @param type a {@link FileType}
 */
public record ReaddirItem(long ino, int type, byte[] name) {
    /** Position of the first entry: 0 and 1 are those of {@code "."} and {@code ".."}. */
    public static final long FIRST_POSITION = 2;

    private static final int AT_INO = 0; //  u64
    private static final int AT_TYPE = 8; // u8
    private static final int AT_NAME = 9; // to the end

    private static final VarHandle U64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    public static byte[] key(long dirIno, long position) {
        return Keys.of(Keys.Zone.FS, dirIno, Keys.Type.READDIR, position, 0, 0);
    }

    public static int size(int nameLength) {
        return AT_NAME + nameLength;
    }

    public static long position(byte[] key) {
        return Keys.second(key);
    }

    public byte[] encode() {
        byte[] value = new byte[size(name.length)];
        U64.set(value, AT_INO, ino);
        value[AT_TYPE] = (byte) type;
        System.arraycopy(name, 0, value, AT_NAME, name.length);
        return value;
    }

    public static ReaddirItem decode(byte[] key, byte[] value) throws CorruptionException {
        if (value.length <= AT_NAME || value.length > AT_NAME + DirentItem.NAME_BYTES_MAX) {
            throw CorruptionException.of(
                    "directory listing item " + Keys.toString(key), "a name of 1 to 255 bytes", value.length - AT_NAME + " bytes");
        }
        return new ReaddirItem(
                (long) U64.get(value, AT_INO), value[AT_TYPE], Arrays.copyOfRange(value, AT_NAME, value.length));
    }
}
