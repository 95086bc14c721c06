package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Errno;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.PosixModel;

/** Names, limits and flags of extended attributes, and POSIX ACLs in them. */
class XattrTest {
    private static final String ACCESS = "system.posix_acl_access";
    private static final String DEFAULT = "system.posix_acl_default";

    private final FsHarness harness = new FsHarness();
    private final FsClient client = harness.client;
    private final NodeFileSystem fs = harness.fs;

    @AfterEach
    void provesTheTree() throws Exception {
        harness.commit();
        assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
        harness.close();
    }

    @Test
    void namesAndTheirErrors() throws Exception {
        client.create("f", new byte[0]);
        assertThat(set("user.a", 1, 0)).isNull();
        assertThat(set("trusted.a", 1, 0)).isNull();
        assertThat(set("security.a", 1, 0)).isNull();
        assertThat(set("user.", 1, 0)).isEqualTo(Errno.EINVAL);
        assertThat(set("other.a", 1, 0)).isEqualTo(Errno.EOPNOTSUPP);
        assertThat(set("system.other", 1, 0)).isEqualTo(Errno.EOPNOTSUPP);
        assertThat(set("user." + "x".repeat(250), 1, 0)).isNull();
        assertThat(set("user." + "x".repeat(251), 1, 0)).isEqualTo(Errno.ERANGE);
        assertThat(set("user.big", 65535, 0)).isNull();
        assertThat(set("user.big", 65536, 0)).isEqualTo(Errno.E2BIG);
        assertThat(set("user.a", 1, 1)).isEqualTo(Errno.EEXIST);
        assertThat(set("user.b", 1, 2)).isEqualTo(Errno.ENODATA);
        assertThat(set("user.b", 1, 3)).isEqualTo(Errno.EINVAL);
        assertThat(set("user.b", 0, 1)).isNull();
        assertThat(set("user.b", 9, 2)).isNull();
        assertThat(client.errno(() -> client.removeXattr("f", "user.none"))).isEqualTo(Errno.ENODATA);
        assertThat(client.errno(() -> client.xattr(client.ino("f"), "user.none"))).isEqualTo(Errno.ENODATA);
        assertThat(client.xattrNames(client.ino("f"))).hasSize(6);
    }

    @Test
    void tagsOfOurOwnFamily() throws Exception {
        client.create("f", new byte[0]);
        assertThat(set("scoutfs.none", 1, 0)).isEqualTo(Errno.EINVAL);
        assertThat(set("scoutfs.hide.hide.a", 1, 0)).isEqualTo(Errno.EINVAL);
        assertThat(set("scoutfs.totl.indx.1.2.3", 1, 0)).isEqualTo(Errno.EINVAL);
        assertThat(set("scoutfs.hide.a", 1, 0)).isNull();
        assertThat(set("scoutfs.srch.hide.b", 1, 0)).isNull();
        assertThat(set("scoutfs.srch.c", 1, 0)).isNull();
        assertThat(client.xattrNames(client.ino("f"))).containsExactly("scoutfs.srch.c");
        assertThat(client.xattr(client.ino("f"), "scoutfs.hide.a")).hasSize(1);
        harness.isAdministrator = false;
        assertThat(set("scoutfs.srch.c", 1, 0)).isEqualTo(Errno.EPERM);
        assertThat(client.errno(() -> client.removeXattr("f", "scoutfs.srch.c"))).isEqualTo(Errno.EPERM);
    }

    /** A volume may be unmounted between two steps: what is left then has to add up. */
    @Test
    void anInodeWithoutANameCountsItsXattrsRightWhileTheyGo() throws Exception {
        client.create("f", new byte[0]);
        for (int i = 0; i < 90; i++) {
            assertThat(set("user." + i, i % 3 == 0 ? 9000 : 1, 0)).isNull();
        }
        long ino = client.ino("f");
        fs.close(); // ends the thread that would take the steps
        client.unlink("f");
        int steps = 0;
        boolean isDone = false;
        while (!isDone) {
            harness.transactions.enter();
            isDone = fs.core.orphans.step(ino);
            harness.transactions.leave();
            harness.commit();
            assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).as("after step %d", ++steps).isEmpty();
        }
        assertThat(steps).isGreaterThan(2);
    }

    @Test
    void largeValuesComeBackAlsoWhenTheyShrinkAndGrow() throws Exception {
        client.create("f", new byte[0]);
        long ino = client.ino("f");
        for (int size : new int[] {65535, 0, 4096, 4087, 4088, 8192, 1, 40_000}) {
            byte[] value = PosixModel.pattern(size, size);
            harness.client.setXattr("f", "user.a", value);
            assertThat(harness.client.xattr(ino, "user.a")).isEqualTo(value);
            harness.remount();
            assertThat(harness.client.xattr(ino, "user.a")).isEqualTo(value);
        }
    }

    @Test
    void theAccessAclAndTheModeFollowEachOther() throws Exception {
        client.create("f", new byte[0]);
        long ino = client.ino("f");
        client.chmod("f", 0640);
        client.setXattr("f", ACCESS, acl(6, 7, 4, 5, 0));
        assertThat(client.stat("f").mode() & 07777).as("the group's bits are the mask's").isEqualTo(0650);
        client.chmod("f", 0721);
        assertThat(client.xattr(ino, ACCESS)).isEqualTo(acl(7, 7, 4, 2, 1));
        client.setXattr("f", ACCESS, acl(6, 4, 0));
        assertThat(client.stat("f").mode() & 07777).isEqualTo(0640);
        assertThat(client.xattrNames(ino)).as("it says no more than the mode").isEmpty();
        assertThat(client.errno(() -> client.setXattr("f", ACCESS, new byte[] {1, 2, 3}))).isEqualTo(Errno.EINVAL);
        assertThat(client.errno(() -> client.setXattr("f", ACCESS, acl(8, 4, 0)))).isEqualTo(Errno.EINVAL);
        assertThat(client.errno(() -> client.setXattr("f", DEFAULT, acl(6, 4, 0)))).isEqualTo(Errno.EINVAL);
        client.symlink("s", "f");
        assertThat(client.errno(() -> client.setXattr("s", ACCESS, acl(6, 4, 0)))).isEqualTo(Errno.EOPNOTSUPP);
    }

    @Test
    void aDefaultAclIsInheritedAndOverridesTheUmask() throws Exception {
        client.mkdir("d");
        long dir = client.ino("d");
        client.setXattr("d", DEFAULT, acl(7, 7, 5, 7, 0));
        assertThat(client.stat("d").mode() & 0777).as("a default ACL is not the directory's own").isEqualTo(0755);
        Attributes file = client.call(r -> fs.mknod(r, dir, FsHarness.name("f"), 0100666, 0, 077));
        assertThat(file.mode() & 07777).isEqualTo(0660);
        assertThat(client.xattr(file.ino(), ACCESS)).isEqualTo(acl(6, 7, 5, 6, 0));
        assertThat(client.xattrNames(file.ino())).containsExactly(ACCESS);
        Attributes sub = client.call(r -> fs.mkdir(r, dir, FsHarness.name("sub"), 0777, 077));
        assertThat(client.xattr(sub.ino(), DEFAULT)).isEqualTo(acl(7, 7, 5, 7, 0));
        assertThat(sub.mode() & 07777).isEqualTo(0770);
        Attributes plain = client.call(r -> fs.mknod(r, 1, FsHarness.name("plain"), 0100666, 0, 027));
        assertThat(plain.mode() & 07777).isEqualTo(0640);
        client.removeXattr("d", DEFAULT);
        Attributes after = client.call(r -> fs.mknod(r, dir, FsHarness.name("g"), 0100666, 0, 077));
        assertThat(after.mode() & 07777).isEqualTo(0600);
        for (Attributes each : new Attributes[] {file, sub, plain, after}) {
            fs.forget(each.ino(), 1);
        }
    }

    private Errno set(String name, int size, int flags) throws IOException {
        return client.errno(() -> {
            long ino = client.ino("f");
            client.run(r -> fs.setXattr(r, ino, FsHarness.name(name), new byte[size], flags, false));
        });
    }

    /** Owner, group, others; or owner, a named user, group, mask, others. */
    private static byte[] acl(int... permissions) {
        int[] tags = permissions.length == 3 ? new int[] {1, 4, 0x20} : new int[] {1, 2, 4, 0x10, 0x20};
        ByteBuffer bytes = ByteBuffer.allocate(4 + 8 * tags.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(2);
        for (int i = 0; i < tags.length; i++) {
            bytes.putShort((short) tags[i]).putShort((short) permissions[i]).putInt(tags[i] == 2 ? 1000 : -1);
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }
}
