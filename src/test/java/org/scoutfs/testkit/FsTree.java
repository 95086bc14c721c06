package org.scoutfs.testkit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.scoutfs.base.FsException;
import org.scoutfs.fs.Attributes;

/**
 * Everything that a user can see of a tree, path by path, in lines that can be compared: attributes but access times, contents,
 * targets, extended attributes, and which names are one inode.
 */
public final class FsTree {
    private FsTree() {}

    /** Reads the whole tree; {@code ""} is the root. */
    public static Map<String, String> read(FsClient client) throws IOException {
        Map<String, String> tree = new TreeMap<>();
        try {
            readInto(client, "", tree);
        } catch (FsException e) {
            throw new AssertionError("the tree cannot be read after " + tree.keySet(), e);
        }
        return tree;
    }

    private static void readInto(FsClient client, String path, Map<String, String> tree) throws FsException, IOException {
        if (tree.put(path, line(client, path)) != null) {
            throw new AssertionError(path + " is listed twice");
        }
        if ((client.stat(path).mode() & 0170000) == 0040000) {
            for (FsClient.Entry entry : client.list(path)) {
                String child = path.isEmpty() ? entry.name() : path + "/" + entry.name();
                readInto(client, child, tree);
                long ino = client.stat(child).ino();
                if (ino != entry.ino()) {
                    throw new AssertionError(child + " is listed as inode " + entry.ino() + ", and is " + ino);
                }
            }
        }
    }

    /** Everything about one path, in one line. */
    public static String line(FsClient client, String path) throws FsException, IOException {
        Attributes attributes = client.stat(path);
        int kind = attributes.mode() & 0170000;
        StringBuilder line = new StringBuilder();
        line.append("ino ").append(attributes.ino())
                .append(" mode ").append(Integer.toOctalString(attributes.mode()))
                .append(" nlink ").append(attributes.nlink())
                .append(" owner ").append(attributes.uid()).append(':').append(attributes.gid())
                .append(" size ").append(attributes.size())
                .append(" blocks ").append(attributes.blocks())
                .append(" rdev ").append(attributes.rdev())
                .append(" mtime ").append(time(attributes.mtime()))
                .append(" ctime ").append(time(attributes.ctime()))
                .append(" crtime ").append(time(attributes.crtime()));
        if (kind == 0100000) {
            byte[] bytes = client.read(path);
            CRC32C crc = new CRC32C();
            crc.update(bytes);
            line.append(" contents ").append(bytes.length).append('/').append(Long.toHexString(crc.getValue()));
            line.append(' ').append(HexFormat.of().formatHex(bytes, 0, Math.min(4, bytes.length)));
        } else if (kind == 0120000) {
            line.append(" target ").append(client.readlink(path));
        }
        List<String> names = new ArrayList<>(client.xattrNames(attributes.ino()));
        names.sort(null);
        for (String name : names) {
            line.append(' ').append(name).append('=')
                    .append(Integer.toHexString(Arrays.hashCode(client.xattr(attributes.ino(), name))));
        }
        return line.toString();
    }

    private static String time(Attributes.Timestamp time) {
        return time.seconds() + "." + time.nanos();
    }

    /** What differs, for the message of a failed test. */
    public static String difference(Map<String, String> expected, Map<String, String> actual) {
        StringBuilder text = new StringBuilder();
        expected.forEach((path, line) -> {
            String other = actual.get(path);
            if (other == null) {
                text.append("\n  missing: ").append(path).append(": ").append(line);
            } else if (!other.equals(line)) {
                text.append("\n  ").append(path).append("\n    expected ").append(line).append("\n    actual   ").append(other);
            }
        });
        actual.forEach((path, line) -> {
            if (!expected.containsKey(path)) {
                text.append("\n  too much: ").append(path).append(": ").append(line);
            }
        });
        return text.toString();
    }
}
