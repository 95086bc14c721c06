package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.scoutfs.fs.IoctlCaller.ARGUMENT;
import static org.scoutfs.fs.IoctlCaller.BUFFER;
import static org.scoutfs.fs.IoctlCaller.errno;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.ListHiddenXattrs;
import org.scoutfs.format.ioctl.SearchXattrs;
import org.scoutfs.format.ioctl.XattrIndex;
import org.scoutfs.format.ioctl.XattrTotals;
import org.scoutfs.testkit.SeededTest;

/** Tagged xattrs, and what is asked of them. */
class TaggedXattrTest {
    private final FsHarness harness = new FsHarness();
    private final IoctlCaller caller = new IoctlCaller(harness);

    @AfterEach
    void provesTheTree() throws Exception {
        harness.commit();
        assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
        harness.close();
    }

    @Test
    void grammarAndPermissions() throws Exception {
        harness.client.create("f", new byte[0]);
        assertThat(set("f", "scoutfs.totl.1.2.3", "x", 0)).isEqualTo(Errno.EINVAL);
        assertThat(set("f", "scoutfs.totl.1.2.3", "", 0)).isEqualTo(Errno.EINVAL);
        assertThat(set("f", "scoutfs.totl.1.2", "1", 0)).isEqualTo(Errno.EINVAL);
        assertThat(set("f", "scoutfs.totl.1.2.3", "1", 2)).isEqualTo(Errno.ENODATA);
        assertThat(set("f", "scoutfs.totl.1.2.3", "1", 1)).isNull();
        assertThat(set("f", "scoutfs.totl.1.2.3", "0x10", 1)).isEqualTo(Errno.EEXIST);
        assertThat(set("f", "scoutfs.indx.1.2", "v", 0)).isEqualTo(Errno.EINVAL);
        assertThat(set("f", "scoutfs.indx.1.2", "", 0)).isNull();
        assertThat(set("f", "scoutfs.indx.1.2", "", 0)).isNull();
        assertThat(set("f", "scoutfs.indx.1.2", "", 1)).isEqualTo(Errno.EEXIST);
        assertThat(set("f", "scoutfs.indx.3.4", "", 2)).isEqualTo(Errno.ENODATA);
        assertThat(set("f", "scoutfs.hide.", "1", 0)).isEqualTo(Errno.EINVAL);
        assertThat(set("f", "scoutfs.", "1", 0)).isEqualTo(Errno.EINVAL);
        harness.isAdministrator = false;
        assertThat(set("f", "scoutfs.totl.1.2", "1", 0)).as("before its grammar").isEqualTo(Errno.EPERM);
        assertThat(set("f", "scoutfs.indx.1.2", "", 0)).isEqualTo(Errno.EPERM);
        assertThat(harness.client.errno(() -> harness.client.removeXattr("f", "scoutfs.indx.1.2"))).isEqualTo(Errno.EPERM);
        assertThat(harness.client.xattr(harness.client.ino("f"), "scoutfs.totl.1.2.3")).isEqualTo(bytes("1"));
    }

    // ---- hidden names

    @Test
    void hiddenNamesInPieces() throws Exception {
        harness.client.create("f", new byte[0]);
        TreeSet<String> expected = new TreeSet<>();
        for (int i = 0; i < 300; i++) {
            String name = "scoutfs.hide." + "x".repeat(i % 200) + i;
            expected.add(name);
            assertThat(set("f", name, "v", 0)).isNull();
            assertThat(set("f", "user." + i, "v", 0)).isNull();
        }
        assertThat(set("f", "scoutfs.srch.seen", "v", 0)).isNull();
        for (int room : new int[] {256, 1000, 65536}) {
            TreeSet<String> seen = new TreeSet<>();
            long idPosition = 0;
            int hashPosition = 0;
            while (true) {
                caller.at(BUFFER + room).set(ValueLayout.JAVA_BYTE, 0, (byte) 0x55);
                int size = hidden("f", idPosition, hashPosition, room);
                if (size == 0) {
                    break;
                }
                assertThat(caller.at(BUFFER + room).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 0x55);
                byte[] names = caller.at(BUFFER).asSlice(0, size).toArray(ValueLayout.JAVA_BYTE);
                assertThat(names[size - 1]).isZero();
                for (String name : new String(names, StandardCharsets.UTF_8).split("\0", -1)) {
                    assertThat(name.isEmpty() || seen.add(name)).isTrue();
                }
                ListHiddenXattrs next = ListHiddenXattrs.decode(caller.at(ARGUMENT));
                assertThat(next.bufferPointer()).isEqualTo(BUFFER);
                assertThat(next.bufferBytes()).isEqualTo(room);
                idPosition = next.idPosition();
                hashPosition = next.hashPosition();
            }
            assertThat(seen).isEqualTo(expected);
        }
        assertThat(hidden("f", 0, 0, 10)).as("no room for one name").isZero();
    }

    @Test
    void hiddenNamesAreForThoseWhoMayRead() throws Exception {
        harness.client.create("f", new byte[0]);
        harness.client.setAttributes(
                "f", new AttributeChange(null, 1000, 2000, null, null, null, null, false, false, false));
        assertThat(set("f", "scoutfs.hide.a", "v", 0)).isNull();
        caller.capabilities = 0;
        caller.uid = 1001;
        caller.gid = 1001;
        harness.client.chmod("f", 0640);
        assertThat(errno(() -> hidden("f", 0, 0, 100))).isEqualTo(Errno.EACCES);
        caller.group = 2000;
        assertThat(hidden("f", 0, 0, 100)).isEqualTo(15);
        caller.group = -1;
        caller.gid = 2000;
        assertThat(hidden("f", 0, 0, 100)).isEqualTo(15);
        caller.gid = 1001;
        harness.client.chmod("f", 0604);
        assertThat(hidden("f", 0, 0, 100)).isEqualTo(15);
        caller.uid = 1000;
        harness.client.chmod("f", 0077);
        assertThat(errno(() -> hidden("f", 0, 0, 100))).as("the owner's bits are his").isEqualTo(Errno.EACCES);
        caller.capabilities = 1L << 2;
        assertThat(hidden("f", 0, 0, 100)).isEqualTo(15);
        // Others, but user 1001 by name.
        harness.client.setXattr("f", "system.posix_acl_access", new byte[] {
            2, 0, 0, 0, 1, 0, 6, 0, -1, -1, -1, -1, 2, 0, 4, 0, (byte) 0xe9, 3, 0, 0, 4, 0, 0, 0, -1, -1, -1, -1,
            0x10, 0, 4, 0, -1, -1, -1, -1, 0x20, 0, 0, 0, -1, -1, -1, -1
        });
        caller.capabilities = 0;
        caller.uid = 1002;
        assertThat(errno(() -> hidden("f", 0, 0, 100))).isEqualTo(Errno.EACCES);
        caller.uid = 1001;
        assertThat(hidden("f", 0, 0, 100)).isEqualTo(15);
        assertThat(errno(() -> caller.call(
                        harness.client.ino("f"), IoctlCommand.LISTXATTR_HIDDEN, new ListHiddenXattrs(0, 5, 100, 0).encode())))
                .isEqualTo(Errno.EFAULT);
    }

    // ---- search

    @Test
    void searchFindsWhatIsCommitted() throws Exception {
        for (int i = 0; i < 5; i++) {
            harness.client.create("f" + i, new byte[0]);
            assertThat(set("f" + i, "scoutfs.srch.a", "v", 0)).isNull();
        }
        harness.client.mkdir("d");
        assertThat(set("d", "scoutfs.hide.srch.b", "v", 0)).isNull();
        assertThat(search("scoutfs.srch.a", 0, -1, 100)).isEmpty();
        harness.commit();
        List<Long> all = List.of(ino("f0"), ino("f1"), ino("f2"), ino("f3"), ino("f4"));
        assertThat(search("scoutfs.srch.a", 0, -1, 100)).isEqualTo(all);
        assertThat(isEnd()).isTrue();
        assertThat(search("scoutfs.hide.srch.b", 0, -1, 100)).containsExactly(ino("d"));
        assertThat(search("scoutfs.srch.a", 0, -1, 5)).isEqualTo(all);
        assertThat(isEnd()).isTrue();
        assertThat(search("scoutfs.srch.a", 0, -1, 4)).isEqualTo(all.subList(0, 4));
        assertThat(isEnd()).isFalse();
        assertThat(search("scoutfs.srch.a", all.get(1), all.get(3), 100)).isEqualTo(all.subList(1, 4));
        assertThat(isEnd()).isTrue();
        assertThat(search("scoutfs.srch.none", 0, -1, 4)).isEmpty();
        assertThat(isEnd()).isTrue();

        harness.client.removeXattr("f1", "scoutfs.srch.a");
        assertThat(set("f2", "scoutfs.srch.a", "other", 2)).isNull();
        harness.client.unlink("f3");
        harness.settle();
        assertThat(search("scoutfs.srch.a", 0, -1, 100)).as("not committed").isEqualTo(all);
        harness.commit();
        assertThat(search("scoutfs.srch.a", 0, -1, 100)).containsExactly(all.get(0), all.get(2), all.get(4));
    }

    @Test
    void searchErrors() throws Exception {
        assertThat(errno(() -> search("scoutfs.hide.a", 0, -1, 9))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> search("user.srch.a", 0, -1, 9))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> search("scoutfs.srch.srch.a", 0, -1, 9))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> search("scoutfs.srch." + "x".repeat(243), 0, -1, 9))).isEqualTo(Errno.EINVAL);
        assertThat(search("scoutfs.srch." + "x".repeat(242), 0, -1, 9)).isEmpty();
        caller.setU64(ARGUMENT + SearchXattrs.OUTPUT_FLAGS, 77);
        assertThat(search("user.nothing", 5, 4, 9)).as("nothing is looked at").isEmpty();
        assertThat(caller.u64(ARGUMENT + SearchXattrs.OUTPUT_FLAGS)).isEqualTo(77);
        assertThat(search("user.nothing", 0, -1, 0)).isEmpty();
        caller.capabilities = ~(1L << 21);
        assertThat(errno(() -> search("scoutfs.srch.a", 0, -1, 9))).isEqualTo(Errno.EPERM);
        caller.openMode = IoctlCaller.WRITE_ONLY;
        assertThat(errno(() -> search("scoutfs.srch.a", 0, -1, 9))).isEqualTo(Errno.EBADF);
        assertThat(errno(() -> totals(0, 0, 0, 4000))).isEqualTo(Errno.EBADF);
    }

    // ---- totals

    @Test
    void totalsFollowTheirXattrs() throws Exception {
        harness.client.create("a", new byte[0]);
        harness.client.create("b", new byte[0]);
        assertThat(set("a", "scoutfs.totl.1.2.3", "1", 0)).isNull();
        assertThat(set("b", "scoutfs.totl.any text.1.2.3", "1", 0)).isNull();
        assertThat(totals(0, 0, 0, 4000)).isEmpty();
        harness.commit();
        assertThat(totals(0, 0, 0, 4000)).containsExactly(total(1, 2, 3, 2, 2));
        assertThat(set("b", "scoutfs.totl.any text.1.2.3", "10", 0)).isNull();
        harness.commit();
        assertThat(totals(0, 0, 0, 4000)).containsExactly(total(1, 2, 3, 11, 2));
        harness.client.removeXattr("a", "scoutfs.totl.1.2.3");
        harness.commit();
        assertThat(totals(0, 0, 0, 4000)).containsExactly(total(1, 2, 3, 10, 1));
        assertThat(set("a", "scoutfs.totl.1.2.3", "0", 0)).isNull();
        harness.client.unlink("b");
        harness.settle();
        harness.commit();
        assertThat(totals(0, 0, 0, 4000)).as("a total of 0 with an xattr").containsExactly(total(1, 2, 3, 0, 1));
        harness.client.removeXattr("a", "scoutfs.totl.1.2.3");
        harness.commit();
        assertThat(totals(0, 0, 0, 4000)).isEmpty();
    }

    @Test
    void totalsInTheirOrder() throws Exception {
        harness.client.create("a", new byte[0]);
        String[] names = {"0.0.0", "0.1.0", "1.0.0", "1.0.1", "1.0.0xffffffffffffffff", "0xffffffffffffffff.0.0"};
        for (String name : names) {
            assertThat(set("a", "scoutfs.totl." + name, "18446744073709551615", 0)).isNull();
        }
        harness.commit();
        assertThat(totals(0, 0, 0, 240)).containsExactly(
                total(0, 0, 0, -1, 1), total(0, 1, 0, -1, 1), total(1, 0, 0, -1, 1), total(1, 0, 1, -1, 1), total(1, 0, -1, -1, 1),
                total(-1, 0, 0, -1, 1));
        assertThat(totals(1, 0, 1, 79)).containsExactly(total(1, 0, 1, -1, 1));
        assertThat(totals(1, 1, 0, 4000)).containsExactly(total(-1, 0, 0, -1, 1));
        assertThat(errno(() -> totals(0, 0, 0, 39))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> caller.call(
                        1, IoctlCommand.READ_XATTR_TOTALS, new XattrTotals(0, 0, 0, BUFFER + 4, 400).encode())))
                .isEqualTo(Errno.EINVAL);
        caller.capabilities = 0;
        assertThat(errno(() -> totals(0, 0, 0, 4000))).isEqualTo(Errno.EPERM);
    }

    // ---- the sorted index

    @Test
    void placesOfTheIndex() throws Exception {
        harness.client.create("a", new byte[0]);
        harness.client.create("b", new byte[0]);
        assertThat(set("a", "scoutfs.indx.x.1.5", "", 0)).isNull();
        assertThat(set("a", "scoutfs.indx.y.1.5", "", 0)).isNull();
        assertThat(set("b", "scoutfs.indx.1.5", "", 0)).isNull();
        assertThat(set("b", "scoutfs.hide.indx.0.0xffffffffffffffff", "", 0)).isNull();
        assertThat(set("b", "scoutfs.indx.255.0", "", 0)).isNull();
        harness.commit();
        XattrIndex.Entry low = new XattrIndex.Entry(0, -1, ino("b"));
        XattrIndex.Entry one = new XattrIndex.Entry(1, 5, ino("a"));
        XattrIndex.Entry two = new XattrIndex.Entry(1, 5, ino("b"));
        XattrIndex.Entry high = new XattrIndex.Entry(255, 0, ino("b"));
        assertThat(index(XattrIndex.Entry.FIRST, XattrIndex.Entry.LAST, 100)).containsExactly(low, one, two, high);
        assertThat(index(XattrIndex.Entry.FIRST, XattrIndex.Entry.LAST, 2)).containsExactly(low, one);
        assertThat(index(one.next(), XattrIndex.Entry.LAST, 2)).containsExactly(two, high);
        assertThat(index(one, one, 2)).containsExactly(one);
        assertThat(index(XattrIndex.Entry.FIRST, XattrIndex.Entry.LAST, 0)).isEmpty();
        assertThat(errno(() -> index(two, one, 2))).isEqualTo(Errno.EINVAL);
        harness.client.removeXattr("a", "scoutfs.indx.x.1.5");
        harness.client.unlink("b");
        harness.settle();
        harness.commit();
        assertThat(index(XattrIndex.Entry.FIRST, XattrIndex.Entry.LAST, 100)).containsExactly(one);
        harness.client.removeXattr("a", "scoutfs.indx.y.1.5");
        harness.commit();
        assertThat(index(XattrIndex.Entry.FIRST, XattrIndex.Entry.LAST, 100)).isEmpty();
        caller.capabilities = 0;
        assertThat(errno(() -> index(two, one, 2))).isEqualTo(Errno.EPERM);
    }

    // ---- all together

    /** Random changes of tagged xattrs, names, and mounts: what the calls answer is what a look at every inode says. */
    @SeededTest(runs = 3)
    void model(long seed) throws Exception {
        Rng rng = Rng.seeded(seed);
        for (int step = 0; step < 1500; step++) {
            String file = "f" + rng.nextInt(12);
            String total = "scoutfs." + (rng.nextInt(2) == 0 ? "srch." : "") + "totl.t" + rng.nextInt(2) + ".1." + rng.nextInt(3) + ".7";
            String place = "scoutfs.indx.p" + rng.nextInt(3) + "." + rng.nextInt(3) + "." + rng.nextInt(3);
            String name = switch (rng.nextInt(3)) {
                case 0 -> total;
                case 1 -> place;
                default -> "scoutfs.hide.srch.s" + rng.nextInt(4);
            };
            String value = name.contains("indx") ? "" : Long.toUnsignedString(rng.nextInt(4) == 0 ? rng.nextLong() : rng.nextInt(100));
            switch (rng.nextInt(20)) {
                case 0 -> harness.client.errno(() -> harness.client.unlink(file));
                case 1 -> harness.client.errno(() -> harness.client.link("f" + (file.length() % 3), file));
                case 2 -> harness.client.errno(() -> harness.client.rename(file, "f1", 0));
                case 3, 4, 5, 6 -> harness.client.errno(() -> harness.client.removeXattr(file, name));
                case 7 -> harness.commit();
                case 8 -> {
                    if (rng.nextInt(10) == 0) {
                        if (rng.nextInt(2) == 0) {
                            harness.remount();
                        } else {
                            harness.crash();
                        }
                    }
                }
                default -> {
                    harness.client.errno(() -> harness.client.create(file, new byte[0]));
                    assertThat(set(file, name, value, 0)).isNull();
                }
            }
            if (step % 100 == 99) {
                compare();
            }
        }
    }

    private void compare() throws Exception {
        harness.settle();
        harness.commit();
        TreeMap<String, long[]> totals = new TreeMap<>();
        TreeMap<String, TreeSet<Long>> found = new TreeMap<>();
        TreeSet<XattrIndex.Entry> places = new TreeSet<>();
        TreeSet<Long> inos = new TreeSet<>();
        for (int i = 0; i < 12; i++) {
            try {
                inos.add(ino("f" + i));
            } catch (FsException none) {
                assertThat(none.errno()).isEqualTo(Errno.ENOENT);
            }
        }
        for (long ino : inos) {
            List<String> names = new ArrayList<>(harness.client.xattrNames(ino));
            caller.call(ino, IoctlCommand.LISTXATTR_HIDDEN, new ListHiddenXattrs(0, BUFFER, 65536, 0).encode());
            int size = caller.call(ino, IoctlCommand.LISTXATTR_HIDDEN, new ListHiddenXattrs(0, BUFFER, 65536, 0).encode());
            names.addAll(Arrays.stream(new String(caller.at(BUFFER).asSlice(0, size).toArray(ValueLayout.JAVA_BYTE)).split("\0"))
                    .filter(one -> !one.isEmpty())
                    .toList());
            for (String name : names) {
                if (name.contains("srch.")) {
                    found.computeIfAbsent(name, _ -> new TreeSet<>()).add(ino);
                }
                String[] parts = name.split("\\.");
                int n = parts.length;
                if (name.contains("totl.")) {
                    long[] sum = totals.computeIfAbsent(parts[n - 3] + "." + parts[n - 2] + "." + parts[n - 1], _ -> new long[2]);
                    sum[0] += Long.parseUnsignedLong(new String(harness.client.xattr(ino, name)));
                    sum[1]++;
                } else if (name.contains("indx.")) {
                    places.add(new XattrIndex.Entry(Integer.parseInt(parts[n - 2]), Long.parseLong(parts[n - 1]), ino));
                }
            }
        }
        List<XattrTotals.Entry> expected = new ArrayList<>();
        totals.forEach((name, sum) -> expected.add(
                total(1, Long.parseLong(name.split("\\.")[1]), Long.parseLong(name.split("\\.")[2]), sum[0], sum[1])));
        assertThat(totals(0, 0, 0, 4000)).isEqualTo(expected);
        assertThat(index(XattrIndex.Entry.FIRST, XattrIndex.Entry.LAST, 1000)).isEqualTo(List.copyOf(places));
        for (String name : found.keySet()) {
            assertThat(search(name, 0, -1, 1000)).as(name).isEqualTo(List.copyOf(found.get(name)));
        }
        for (int i = 0; i < 4; i++) {
            String name = "scoutfs.hide.srch.s" + i;
            assertThat(search(name, 0, -1, 1000)).as(name).hasSize(found.getOrDefault(name, new TreeSet<>()).size());
        }
    }

    // ---- calls

    private long ino(String path) throws FsException, IOException {
        return harness.client.ino(path);
    }

    private Errno set(String path, String name, String value, int flags) throws IOException {
        return harness.client.errno(() -> {
            long ino = harness.client.ino(path);
            harness.client.run(r -> harness.fs.setXattr(r, ino, bytes(name), bytes(value), flags, false));
        });
    }

    private int hidden(String path, long idPosition, int hashPosition, int room) throws FsException, IOException {
        return caller.call(
                ino(path), IoctlCommand.LISTXATTR_HIDDEN, new ListHiddenXattrs(idPosition, BUFFER, room, hashPosition).encode());
    }

    private List<Long> search(String name, long first, long last, long room) throws FsException, IOException {
        byte[] bytes = bytes(name);
        caller.at(ARGUMENT + 200).copyFrom(java.lang.foreign.MemorySegment.ofArray(bytes));
        long flags = caller.u64(ARGUMENT + SearchXattrs.OUTPUT_FLAGS);
        int count = caller.call(
                1,
                IoctlCommand.SEARCH_XATTRS,
                new SearchXattrs(first, last, ARGUMENT + 200, BUFFER, flags, room, bytes.length).encode());
        List<Long> found = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            found.add(caller.u64(BUFFER + 8L * i));
        }
        return found;
    }

    private boolean isEnd() {
        return (caller.u64(ARGUMENT + SearchXattrs.OUTPUT_FLAGS) & SearchXattrs.END) != 0;
    }

    private List<XattrTotals.Entry> totals(long first, long second, long third, long bytes) throws FsException, IOException {
        int count = caller.call(
                1, IoctlCommand.READ_XATTR_TOTALS, new XattrTotals(first, second, third, BUFFER, bytes).encode());
        List<XattrTotals.Entry> found = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            found.add(XattrTotals.Entry.decode(caller.at(BUFFER), i));
        }
        return found;
    }

    private static XattrTotals.Entry total(long first, long second, long third, long total, long count) {
        return new XattrTotals.Entry(first, second, third, total, count);
    }

    private List<XattrIndex.Entry> index(XattrIndex.Entry first, XattrIndex.Entry last, long room)
            throws FsException, IOException {
        int count = caller.call(
                1, IoctlCommand.READ_XATTR_INDEX, new XattrIndex(0, first, last, BUFFER, room).encode());
        List<XattrIndex.Entry> found = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            found.add(XattrIndex.Entry.decode(caller.at(BUFFER), i));
        }
        return found;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
