package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scoutfs.base.Errno;
import org.scoutfs.item.DirentItem;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.NameHash;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.Transactions;

/** What is remembered of names, and when it is forgotten. */
class EntryCacheTest {
    private static final int SOME_BYTES = 1000;

    private final FsHarness harness = new FsHarness();
    private final FsClient client = harness.client;

    @AfterEach
    void close() {
        harness.close();
    }

    @Test
    void anEntryIsFoundThroughTheObjectThatItWasPutFor() {
        EntryCache cache = new EntryCache();
        Inode dir = new Inode(5, new InodeItem());
        cache.put(dir, 77, new byte[] {1});
        cache.put(dir, 78, null);
        EntryCache.Entry known = cache.get(dir, 77);
        EntryCache.Entry absent = cache.get(dir, 78);

        assertThat(known != null ? known.value() : null).containsExactly(1);
        assertThat(absent).isNotNull();
        assertThat(absent != null ? absent.value() : new byte[1]).isNull();
        assertThat(cache.get(dir, 79)).isNull();
        assertThat(cache.get(new Inode(5, new InodeItem()), 77)).as("the same directory, decoded again").isNull();
    }

    /** As another node would have changed it while the lock was there; then it is here again. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatAnotherNodeMadeOfANameIsSeenWhenTheLockComesBack(boolean isRemoved) throws Exception {
        client.mkdir("d");
        client.create("d/a", new byte[0]);
        client.create("d/b", new byte[0]);
        long dir = client.ino("d");
        long a = client.ino("d/a");
        long b = client.ino("d/b");
        byte[] name = FsHarness.name("a");
        try (Transaction txn = harness.transactions.begin(SOME_BYTES, Transactions.SpaceUse.GROW)) {
            byte[] key = DirentItem.key(dir, NameHash.of(name));
            if (isRemoved) {
                txn.delete(key);
            } else {
                txn.put(key, new DirentItem(9, b, org.scoutfs.item.FileType.REGULAR, name).encode());
            }
        }
        assertThat(client.ino("d/a")).as("it is remembered, or this test tests nothing").isEqualTo(a);

        harness.fs.forgetInodes(dir, 1);

        if (isRemoved) {
            assertThat(client.errno(() -> client.ino("d/a"))).isEqualTo(Errno.ENOENT);
        } else {
            assertThat(client.ino("d/a")).isEqualTo(b);
        }
    }

    @Test
    void aNameThatWasMissingIsFoundOnceItIsMade() throws Exception {
        client.mkdir("d");
        for (String way : new String[] {"create", "link", "rename", "exchange"}) {
            String name = "d/" + way;
            client.create(name + "-from", new byte[0]);
            assertThat(client.errno(() -> client.ino(name))).isEqualTo(Errno.ENOENT);
            assertThat(client.errno(() -> client.ino(name))).isEqualTo(Errno.ENOENT);
            switch (way) {
                case "create" -> client.create(name, new byte[0]);
                case "link" -> client.link(name + "-from", name);
                case "rename" -> client.rename(name + "-from", name, 0);
                default -> {
                    client.create(name, new byte[0]);
                    long before = client.ino(name);
                    client.rename(name + "-from", name, 2);
                    assertThat(client.ino(name + "-from")).isEqualTo(before);
                }
            }
            assertThat(client.ino(name)).isPositive();
            client.unlink(name);
            assertThat(client.errno(() -> client.ino(name))).isEqualTo(Errno.ENOENT);
        }
    }
}
