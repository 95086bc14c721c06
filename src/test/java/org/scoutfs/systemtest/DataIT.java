package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** File data on mounts that are not the usual ones: a volume of two devices, and the kernel's write-back cache. */
class DataIT {
    private static final Pattern CASE = Pattern.compile("^CASE\\(([a-z_0-9]+)\\)", Pattern.MULTILINE);

    /** The cases of real system calls that are about file data: direct I/O, mappings, holes, appends and so on. */
    private static void runDataCases(String kind, Path root) throws IOException {
        List<Object> words = new ArrayList<>(List.of(SystemTests.program("posix"), kind, root));
        CASE.matcher(Files.readString(Path.of("src/test/c/posix/data.c"))).results().forEach(found -> words.add(found.group(1)));
        int cases = words.size() - 3;
        assertThat(cases).isGreaterThan(15);
        String output = Command.of(words.toArray()).within(Duration.ofMinutes(2)).run().output();
        assertThat(output.lines().filter(line -> line.startsWith("not ok"))).isEmpty();
        assertThat(output.lines().filter(line -> line.matches("(ok|skip) .*"))).hasSize(cases);
    }

    @Test
    @Timeout(240)
    void twoDevices() throws IOException {
        Transport transport = Transport.best();
        Transport.enable();
        Path directory = SystemTests.directory("two-devices");
        Path meta = directory.resolve("meta.img");
        Path data = directory.resolve("data.img");
        Path root = directory.resolve("mnt");
        try {
            Files.createDirectories(root);
            Command.shell("truncate -s 512M meta.img data.img").in(directory).run().mustSucceed();
            ScoutfsTarget.cli("mkfs", meta, data).mustSucceed();
            String options = transport.option() + ",metadev_path=" + meta;
            ScoutfsTarget.cli("mount", "-o", options, data, root).mustSucceed();
            runDataCases("scoutfs", root);
            Command.shell("head -c 30M /dev/urandom > big && sync -f .").in(root).run().mustSucceed();
            List<String> before = TreeListing.of(root);
            ScoutfsTarget.cli("umount", root).mustSucceed();
            ScoutfsTarget.cli("check", meta, data).mustSucceed();
            ScoutfsTarget.cli("mount", "-o", options, data, root).mustSucceed();
            TreeListing.assertSame(before, TreeListing.of(root));
            // File data lie on the data device only.
            long usedByMeta = allocatedBytes(meta);
            assertThat(usedByMeta).isLessThan(30 << 20);
            assertThat(allocatedBytes(data)).isGreaterThan(30 << 20);
            ScoutfsTarget.cli("umount", root).mustSucceed();
        } finally {
            Leftovers.cleanUp(directory);
            Transport.disable();
        }
    }

    private static long allocatedBytes(Path file) {
        return 1024 * Long.parseLong(Command.of("du", "-k", file).run().mustSucceed().output().split("\\s")[0]);
    }

    @Test
    @Timeout(240)
    void withTheKernelsWriteBackCache() throws IOException {
        try (Target target = Target.create("writeback", 1L << 30, Transport.best())) {
            target.mount("writeback=on");
            runDataCases("scoutfs-writeback", target.root());
            Command.shell("head -c 20M /dev/urandom > a && dd if=a of=b bs=4k 2>&1 && sync -f . && cmp a b")
                    .in(target.root())
                    .run()
                    .mustSucceed();
            List<String> before = TreeListing.of(target.root());
            target.unmount();
            target.check();
            target.mount("writeback=on");
            TreeListing.assertSame(before, TreeListing.of(target.root()));
            target.unmount();
        }
    }
}
