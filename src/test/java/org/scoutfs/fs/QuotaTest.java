package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.scoutfs.fs.IoctlCaller.ARGUMENT;
import static org.scoutfs.fs.IoctlCaller.BUFFER;
import static org.scoutfs.fs.IoctlCaller.errno;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.QuotaRule;
import org.scoutfs.format.ioctl.QuotaRule.Name;
import org.scoutfs.format.ioctl.QuotaRules;

/** Quota rules: which are valid, which decides, and what it refuses. */
class QuotaTest {
    private static final Name ONE = literal(1);
    private static final Name TWO = literal(2);

    private final FsHarness harness = new FsHarness();
    private final IoctlCaller caller = new IoctlCaller(harness);

    @AfterEach
    void provesTheTree() throws Exception {
        harness.settle();
        harness.commit();
        assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
        harness.close();
    }

    @Test
    void rulesAreKept() throws Exception {
        List<QuotaRule> rules = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            QuotaRule rule = new QuotaRule(
                    List.of(literal(i), TWO, new Name(i % 7, i % 4, i % 4 == 0 ? 0 : i % 2)), -i, i & 0xff, i % 2, i / 2 % 2);
            rules.add(rule);
            add(rule);
        }
        assertThat(errno(() -> add(rules.get(8)))).isEqualTo(Errno.EEXIST);
        assertThat(list(1000)).containsExactlyInAnyOrderElementsOf(rules);
        assertThat(list(7)).containsExactlyInAnyOrderElementsOf(rules);
        harness.remount();
        delete(rules.removeLast());
        assertThat(errno(() -> delete(new QuotaRule(List.of(ONE, ONE, ONE), 5, 5, 0, 0)))).isEqualTo(Errno.ENOENT);
        assertThat(list(1000)).containsExactlyInAnyOrderElementsOf(rules);
        harness.commit();
        harness.crash();
        assertThat(list(1000)).containsExactlyInAnyOrderElementsOf(rules);
        caller.setU64(ARGUMENT, 0);
        assertThat(caller.call(1, IoctlCommand.GET_QUOTA_RULES, new QuotaRules(0, 0, 5, 0).encode())).as("no room").isZero();
        assertThat(errno(() -> caller.call(1, IoctlCommand.GET_QUOTA_RULES, new QuotaRules(0, 0, 5, 9).encode())))
                .isEqualTo(Errno.EFAULT);
        for (QuotaRule rule : rules) {
            delete(rule);
        }
        assertThat(list(1000)).isEmpty();
        caller.capabilities = 0;
        assertThat(errno(() -> add(rules.getFirst()))).isEqualTo(Errno.EPERM);
        assertThat(errno(() -> delete(rules.getFirst()))).isEqualTo(Errno.EPERM);
        assertThat(errno(() -> list(5))).isEqualTo(Errno.EPERM);
    }

    @Test
    void rulesThatMeanNothing() throws Exception {
        Name user = new Name(5, QuotaRule.UID, QuotaRule.SELECT);
        Name other = new Name(6, QuotaRule.UID, QuotaRule.SELECT);
        assertThat(errno(() -> add(new QuotaRule(List.of(ONE, ONE, ONE), 0, 0, 2, 0)))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> add(new QuotaRule(List.of(ONE, ONE, ONE), 0, 0, 0, 2)))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> add(new QuotaRule(List.of(ONE, ONE, new Name(0, 4, 0)), 0, 0, 0, 0)))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> add(new QuotaRule(List.of(ONE, new Name(0, 2, 2), ONE), 0, 0, 0, 0)))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> add(new QuotaRule(List.of(new Name(0, 0, 1), ONE, ONE), 0, 0, 0, 0)))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> add(new QuotaRule(List.of(user, ONE, other), 0, 0, 0, 0)))).isEqualTo(Errno.EINVAL);
        add(new QuotaRule(List.of(user, ONE, user), 0, 0, 0, 0));
        add(new QuotaRule(List.of(user, ONE, new Name(6, QuotaRule.GID, QuotaRule.SELECT)), 0, 0, 0, 0));
    }

    @Test
    void theOrderInWhichRulesDecide() {
        List<QuotaRule> ascending = List.of(
                new QuotaRule(List.of(ONE, ONE, ONE), 9, 0, 1, 1),
                new QuotaRule(List.of(ONE, ONE, ONE), 1, 1, 0, 0),
                new QuotaRule(List.of(ONE, ONE, ONE), 1, 1, 0, 1),
                new QuotaRule(List.of(ONE, ONE, ONE), 2, 1, 0, 0),
                new QuotaRule(List.of(ONE, ONE, ONE), -1, 1, 0, 0),
                new QuotaRule(List.of(ONE, ONE, ONE), 0, 1, 1, 0),
                new QuotaRule(List.of(ONE, ONE, new Name(1, 2, 0)), 0, 1, 0, 0),
                new QuotaRule(List.of(ONE, ONE, new Name(1, 2, 1)), 0, 1, 0, 0),
                new QuotaRule(List.of(ONE, ONE, literal(-1)), 0, 1, 0, 0),
                new QuotaRule(List.of(ONE, TWO, ONE), 0, 1, 0, 0),
                new QuotaRule(List.of(TWO, ONE, ONE), 0, 1, 0, 0),
                new QuotaRule(List.of(ONE, ONE, ONE), 0, 255, 0, 0));
        List<QuotaRule> mixed = new ArrayList<>(ascending.reversed());
        Collections.swap(mixed, 2, 7);
        assertThat(mixed.stream().sorted()).containsExactlyElementsOf(ascending);
    }

    @Test
    void inodesOfAUser() throws Exception {
        total("files", 1, 2, 1000, "3");
        add(new QuotaRule(List.of(ONE, TWO, new Name(1000, QuotaRule.UID, QuotaRule.SELECT)), 3, 7, QuotaRule.INODE, 0));
        assertThat(make("a", 1000, 0)).as("the total is not committed").isNull();
        harness.commit();
        assertThat(make("b", 1000, 0)).isEqualTo(Errno.EDQUOT);
        assertThat(make("b", 1001, 0)).isNull();
        assertThat(make("a", 1000, 0)).as("before the quota").isEqualTo(Errno.EEXIST);
        long parent = 1;
        assertThat(errno(() -> harness.client.callAs(1000, 0, r -> harness.fs.mkdir(r, parent, FsHarness.name("d"), 0755, 0))))
                .isEqualTo(Errno.EDQUOT);
        assertThat(errno(() -> harness.client.callAs(
                        1000, 0, r -> harness.fs.symlink(r, parent, FsHarness.name("s"), FsHarness.name("t")))))
                .isEqualTo(Errno.EDQUOT);
        assertThat(errno(() -> harness.client.callAs(1000, 0, r -> harness.fs.tmpfile(r, parent, 2, 0600, 0))))
                .isEqualTo(Errno.EDQUOT);
        assertThat(errno(() -> harness.client.callAs(1000, 0, r -> harness.fs.create(r, parent, FsHarness.name("x"), 2, 0600, 0))))
                .isEqualTo(Errno.EDQUOT);
        total("files", 1, 2, 1000, "2");
        harness.commit();
        assertThat(make("c", 1000, 0)).isNull();
        total("files", 1, 2, 1000, "3");
        harness.commit();
        assertThat(make("d", 1000, 0)).isEqualTo(Errno.EDQUOT);
        delete(new QuotaRule(List.of(ONE, TWO, new Name(1000, QuotaRule.UID, QuotaRule.SELECT)), 3, 7, QuotaRule.INODE, 0));
        assertThat(make("d", 1000, 0)).isNull();
    }

    @Test
    void generalRulesCountsAndPriorities() throws Exception {
        total("x", 1, 2, 50, "9");
        total("y", 1, 2, 50, "9");
        harness.commit();
        QuotaRule general = new QuotaRule(List.of(ONE, TWO, new Name(0, QuotaRule.GID, 0)), 3, 1, QuotaRule.INODE, QuotaRule.COUNT);
        add(general);
        assertThat(make("a", 5, 50)).as("two, and three are allowed").isNull();
        add(new QuotaRule(List.of(ONE, TWO, new Name(0, QuotaRule.GID, 0)), 2, 2, QuotaRule.INODE, QuotaRule.COUNT));
        assertThat(make("b", 5, 50)).as("the larger priority").isEqualTo(Errno.EDQUOT);
        assertThat(make("b", 5, 51)).as("no such total").isNull();
        add(new QuotaRule(List.of(ONE, TWO, new Name(50, QuotaRule.GID, QuotaRule.SELECT)), 19, 3, QuotaRule.INODE, 0));
        assertThat(make("c", 5, 50)).as("18 is below 19, and no other rule is looked at").isNull();
        add(new QuotaRule(List.of(ONE, TWO, literal(50)), 0, 200, QuotaRule.DATA, 0));
        assertThat(make("d", 5, 50)).as("another operation").isNull();
        // The group of a set-group-id directory.
        harness.client.mkdir("dir");
        harness.client.setAttributes("dir", new AttributeChange(02777, 0, 50, null, null, null, null, false, false, false));
        add(new QuotaRule(List.of(ONE, TWO, new Name(0, QuotaRule.GID, 0)), 0, 4, QuotaRule.INODE, 0));
        long dir = harness.client.ino("dir");
        assertThat(errno(() -> harness.client.callAs(5, 51, r -> harness.fs.mknod(r, dir, FsHarness.name("f"), 0100644, 0, 0))))
                .isEqualTo(Errno.EDQUOT);
    }

    @Test
    void dataOfAProject() throws Exception {
        total("bytes", 1, 2, 77, "0");
        harness.client.create("f", new byte[10]);
        harness.client.create("g", new byte[10]);
        long ino = harness.client.ino("f");
        harness.client.run(r -> harness.fs.changeArchived(r, ino, ArchiveChange.NONE.withProjectId(77)));
        harness.commit();
        add(new QuotaRule(List.of(ONE, TWO, new Name(77, QuotaRule.PROJECT, QuotaRule.SELECT)), 0, 0, QuotaRule.DATA, 0));
        assertThat(harness.client.errno(() -> harness.client.write("f", 0, new byte[1])))
                .as("a limit of 0, and a total")
                .isEqualTo(Errno.EDQUOT);
        assertThat(harness.client.errno(() -> harness.client.run(r -> harness.fs.fallocate(r, ino, 0, 0, 5000, 0))))
                .isEqualTo(Errno.EDQUOT);
        long other = harness.client.ino("g");
        assertThat(harness.client.errno(
                        () -> harness.client.run(r -> harness.fs.copyFileRange(r, other, 2, 0, ino, 2, 0, 10))))
                .isEqualTo(Errno.EDQUOT);
        harness.client.truncate("f", 5000);
        harness.client.setXattr("f", "user.a", new byte[1]);
        harness.client.link("f", "link");
        harness.client.rename("f", "h", 0);
        harness.client.write("g", 0, new byte[1]);
        harness.client.removeXattr("", "scoutfs.totl.bytes.1.2.77");
        harness.commit();
        harness.client.write("h", 0, new byte[1]);
    }

    /** What was written through a mapping long ago is not refused when it comes back. */
    @Test
    void pagesThatAreWrittenBack() throws Exception {
        total("bytes", 1, 2, 3, "0");
        harness.client.create("f", new byte[10]);
        long ino = harness.client.ino("f");
        harness.commit();
        add(new QuotaRule(List.of(ONE, TWO, literal(3)), 0, 0, QuotaRule.DATA, 0));
        assertThat(harness.client.errno(() -> harness.client.write("f", 0, new byte[1]))).isEqualTo(Errno.EDQUOT);
        try (Arena arena = Arena.ofConfined()) {
            var page = arena.allocate(10);
            int written = harness.client.call(r -> harness.fs.write(r, ino, 2, 0, page, false, true, false));
            assertThat(written).isEqualTo(10);
        }
    }

    // ---- calls

    private static Name literal(long value) {
        return new Name(value, QuotaRule.LITERAL, 0);
    }

    private Errno make(String name, int uid, int gid) throws IOException {
        return harness.client.errno(() -> {
            Attributes made =
                    harness.client.callAs(uid, gid, r -> harness.fs.mknod(r, 1, FsHarness.name(name), 0100644, 0, 0));
            harness.fs.forget(made.ino(), 1);
        });
    }

    private void total(String text, long a, long b, long c, String value) throws FsException, IOException {
        harness.client.setXattr(
                "", "scoutfs.totl." + text + "." + a + "." + b + "." + c, value.getBytes(StandardCharsets.US_ASCII));
    }

    private int add(QuotaRule rule) throws FsException, IOException {
        return caller.call(1, IoctlCommand.ADD_QUOTA_RULE, rule.encode());
    }

    private int delete(QuotaRule rule) throws FsException, IOException {
        return caller.call(1, IoctlCommand.DEL_QUOTA_RULE, rule.encode());
    }

    private List<QuotaRule> list(int room) throws FsException, IOException {
        List<QuotaRule> rules = new ArrayList<>();
        QuotaRules next = new QuotaRules(0, 0, BUFFER, room);
        for (int count = -1; count != 0; ) {
            count = caller.call(1, IoctlCommand.GET_QUOTA_RULES, next.encode());
            for (int i = 0; i < count; i++) {
                rules.add(QuotaRule.decode(caller.at(BUFFER), (long) i * QuotaRule.SIZE));
            }
            next = QuotaRules.decode(caller.at(ARGUMENT));
        }
        return rules;
    }
}
