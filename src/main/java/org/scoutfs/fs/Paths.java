package org.scoutfs.fs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.item.BackrefItem;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.ReaddirItem;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.net.LockMode;

/**
 * From inodes to their names. One directory is looked at after the other, so a path is read twice: positions are never used
 * again, so a link that is found both times was there all the time between, and all links together at one instant at least.
 */
final class Paths {
    private static final int ROUNDS_MAX = 10;

    private final Core core;

    Paths(Core core) {
        this.core = core;
    }

    /** A directory entry that names an inode. */
    record Link(long dirIno, long position, long ino, int type, byte[] name) {}

    /**
     * The entries that name an inode, in the order of (directory, position), from a place on.
     *
     * @param max how many at most
     */
    List<Link> links(long ino, long fromDirIno, long fromPosition, int max) throws FsException, MustWait, IOException {
        List<byte[]> keys = new ArrayList<>();
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ);
                Cursor cursor = core.transactions
                        .view()
                        .scan(BackrefItem.key(ino, fromDirIno, fromPosition), BackrefItem.key(ino, -1, -1))) {
            while (keys.size() < max && cursor.next()) {
                keys.add(cursor.key());
            }
        }
        List<Link> links = new ArrayList<>(keys.size());
        for (byte[] key : keys) {
            Link link = link(ino, BackrefItem.dirIno(key), BackrefItem.position(key));
            if (link != null) {
                links.add(link);
            }
        }
        return links;
    }

    /** An entry by its place, or null where it does not name this inode any more. */
    private @Nullable Link link(long ino, long dirIno, long position) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(dirIno, LockMode.READ)) {
            ItemReader view = core.transactions.view();
            byte[] key = ReaddirItem.key(dirIno, position);
            byte[] value = view.get(key);
            ReaddirItem entry = value == null ? null : ReaddirItem.decode(key, value);
            return entry == null || entry.ino() != ino
                    ? null
                    : new Link(dirIno, position, ino, entry.type(), entry.name());
        }
    }

    /** A path from the root without a slash in front, and the place of its last link. */
    record Path(long dirIno, long position, byte[] bytes) {}

    /** @throws FsException {@code ENOENT} where no name is left at or after the place; {@code ELOOP} when names change too fast */
    Path path(long ino, long fromDirIno, long fromPosition) throws FsException, MustWait, IOException {
        for (int round = 0; round < ROUNDS_MAX; round++) {
            List<Link> chain = chain(ino, fromDirIno, fromPosition);
            if (chain != null && isStillTrue(chain)) {
                return new Path(chain.getFirst().dirIno, chain.getFirst().position, join(chain));
            }
        }
        throw FsException.of(Errno.ELOOP);
    }

    /** The links from the inode up to the root; null when one went meanwhile. */
    private @Nullable List<Link> chain(long ino, long fromDirIno, long fromPosition)
            throws FsException, MustWait, IOException {
        List<Link> chain = new ArrayList<>();
        List<Link> links = links(ino, fromDirIno, fromPosition, 1);
        if (links.isEmpty()) {
            throw FsException.of(Errno.ENOENT);
        }
        chain.add(links.getFirst());
        while (chain.getLast().dirIno != Core.ROOT_INO) {
            List<Link> up = links(chain.getLast().dirIno, 0, 0, 1);
            if (up.isEmpty()) {
                return null;
            }
            chain.add(up.getFirst());
        }
        return chain;
    }

    private boolean isStillTrue(List<Link> chain) throws FsException, MustWait, IOException {
        for (Link link : chain) {
            if (link(link.ino, link.dirIno, link.position) == null) {
                return false;
            }
        }
        return true;
    }

    private static byte[] join(List<Link> chain) {
        ByteArrayOutputStream path = new ByteArrayOutputStream();
        for (Link link : chain.reversed()) {
            if (path.size() > 0) {
                path.write('/');
            }
            path.writeBytes(link.name);
        }
        return path.toByteArray();
    }

    /** Which of the numbers from {@code first} to {@code last} inodes have; few, and of one lock group or of neighbours. */
    long[] existing(long first, long last) throws FsException, MustWait, IOException {
        long[] found = new long[(int) (last - first + 1)];
        int count = 0;
        try (LockClient.Use _ = core.acquire(first, LockMode.READ)) {
            ItemReader view = core.transactions.view();
            for (long ino = first; count < found.length; ino++) {
                var lock = core.inodeLocks.of(ino);
                long stamp = lock.readLock();
                try {
                    if (core.cache.get(ino) != null || view.get(InodeItem.key(ino)) != null) {
                        found[count++] = ino;
                    }
                } finally {
                    lock.unlockRead(stamp);
                }
                if (ino == last) {
                    break;
                }
            }
        }
        return Arrays.copyOf(found, count);
    }
}
