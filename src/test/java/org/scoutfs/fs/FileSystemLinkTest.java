package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.scoutfs.base.Errno;
import org.scoutfs.item.InodeItem;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.Transactions.SpaceUse;

/** The most links that an inode can have. Nobody makes two thousand million links: the count is set in the item. */
class FileSystemLinkTest {
    @Test
    void theLastLinkIsTheOneNumber2147483647() throws Exception {
        try (FsHarness harness = new FsHarness()) {
            harness.client.create("f", new byte[0]);
            long ino = harness.client.ino("f");
            harness.remount();
            byte[] key = InodeItem.key(ino);
            InodeItem item = InodeItem.decode(ino, harness.transactions.view().get(key));
            item.nlink = Integer.MAX_VALUE - 1;
            try (Transaction change = harness.transactions.begin(1000, SpaceUse.GROW)) {
                change.put(key, item.encode());
            }
            harness.remount();
            harness.client.link("f", "g");
            assertThat(harness.client.stat("f").nlink()).isEqualTo(Integer.MAX_VALUE);
            assertThat(harness.client.errno(() -> harness.client.link("f", "h"))).isEqualTo(Errno.EMLINK);
            assertThat(harness.client.errno(() -> harness.client.stat("h"))).isEqualTo(Errno.ENOENT);
            harness.client.unlink("g");
            harness.client.link("f", "h");
        }
    }
}
