package org.scoutfs.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.FsException;
import org.scoutfs.fs.xattr.PosixAcl;
import org.scoutfs.item.ReaddirItem;
import org.scoutfs.item.XattrItem;

/**
 * Values with names in them, and what users hand in as an ACL: what decodes encodes to the same bytes; everything else is refused. The
 * first byte chooses: a listing's entry, the first part of an xattr, an ACL.
 */
public final class NamedItemsFuzz implements FuzzTarget {
    private static final byte[] ENTRY_KEY = ReaddirItem.key(1024, 7);
    private static final byte[] XATTR_KEY = XattrItem.key(1024, 5, 1, 0);
    private static final byte[] NAME = "user.note".getBytes(StandardCharsets.UTF_8);

    @Override
    public List<byte[]> seeds() {
        byte[] acl = {2, 0, 0, 0, //
            1, 0, 6, 0, -1, -1, -1, -1, 2, 0, 4, 0, 100, 0, 0, 0, 4, 0, 4, 0, -1, -1, -1, -1, //
            16, 0, 7, 0, -1, -1, -1, -1, 32, 0, 4, 0, -1, -1, -1, -1};
        return List.of(
                kind(0, new ReaddirItem(1025, 8, NAME).encode()),
                kind(1, XattrItem.encode(NAME, new byte[100])[0]),
                kind(1, XattrItem.encode(NAME, new byte[9000])[0]),
                kind(2, acl));
    }

    private static byte[] kind(int kind, byte[] value) {
        byte[] input = new byte[1 + value.length];
        input[0] = (byte) kind;
        System.arraycopy(value, 0, input, 1, value.length);
        return input;
    }

    @Override
    public void decode(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] value = Arrays.copyOfRange(input, 1, input.length);
        try {
            byte[] again = switch (input[0] % 3) {
                case 0 -> ReaddirItem.decode(ENTRY_KEY, value).encode();
                case 1 -> xattrAgain(value);
                default -> aclAgain(value);
            };
            if (again != null && !Arrays.equals(again, value)) {
                throw new AssertionError("other bytes");
            }
        } catch (CorruptionException | FsException refused) {
            // what they promise for bad bytes
        }
    }

    private static byte[] xattrAgain(byte[] part) throws CorruptionException {
        byte[] name = XattrItem.name(XATTR_KEY, part);
        byte[] value = new byte[XattrItem.valueLength(XATTR_KEY, part)];
        if (!XattrItem.hasName(XATTR_KEY, part, name)) {
            throw new AssertionError("not its name");
        }
        XattrItem.copyValue(XATTR_KEY, part, name.length, value);
        return XattrItem.encode(name, value)[0];
    }

    private static byte @Nullable [] aclAgain(byte[] value) throws FsException {
        PosixAcl acl = PosixAcl.decode(value);
        if (acl == null) {
            return null;
        }
        for (int mode = 0; mode < 01000; mode += 0111) {
            if (acl.withMode(mode).mode() != mode || (acl.inherited(mode).mode() & ~mode) != 0) {
                throw new AssertionError("mode " + Integer.toOctalString(mode));
            }
        }
        if (acl.isOnlyMode() && value.length != 28) {
            throw new AssertionError("more than a mode");
        }
        return acl.encode();
    }
}
