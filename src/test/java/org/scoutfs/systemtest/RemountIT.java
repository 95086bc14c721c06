package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.testkit.Await;

/** What a remount, a crash and a read-only mount must keep. */
@Timeout(400)
class RemountIT {
    private Target target;

    @BeforeEach
    void create() {
        target = Target.create("remount", 1L << 30, Transport.best());
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    void handlesWorkAfterRemount() {
        target.mount();
        Path handles = SystemTests.program("handles");
        shell("mkdir d && echo in a file > d/f && echo other > g");
        String saved = Command.of(handles, "get", target.root(), "d/f", "d", "g").run().mustSucceed().output();
        shell("rm g");
        remount();
        List<String> lines = saved.lines().toList();
        assertThat(Command.of(handles, "cat", target.root(), lines.get(0)).run().mustSucceed().output())
                .isEqualTo("in a file\n");
        assertThat(Command.of(handles, "list", target.root(), lines.get(1)).run().mustSucceed().output())
                .isEqualTo("f\n");
        assertThat(Command.of(handles, "cat", target.root(), lines.get(2)).run().mustFail().output())
                .contains("Stale file handle");
    }

    @Test
    void unlinkedOpenFilesAreGoneAfterACrash() throws IOException, InterruptedException {
        if (!target.canBeKilled()) {
            return;
        }
        target.mount();
        shell("sync -f .");
        long before = freeKib();
        shell("head -c 60M /dev/urandom > big && sync -f .");
        // A process holds it open when the mount dies.
        Process holder = Command.shell("exec 3< big; rm big; sync -f .; echo ready; exec sleep 600").in(target.root()).start();
        try (var output = holder.inputReader()) {
            assertThat(output.readLine()).isEqualTo("ready");
            assertThat(freeKib()).as("still taken while it is open").isLessThan(before - 50_000);
            target.kill();
        } finally {
            holder.destroyForcibly();
            assertThat(holder.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        target.mount();
        Await.that("the space of the orphan comes back", Duration.ofSeconds(90), () -> {
            shell("sync -f .");
            return freeKib() > before - 20_000;
        });
        assertThat(shell("ls -A")).isEmpty();
        target.unmount();
        target.check();
    }

    @Test
    void readOnlyWritesNotOneByte() throws IOException {
        target.mount();
        shell("mkdir d && echo text > d/f && head -c 5M /dev/urandom > big");
        target.unmount();
        String before = digest();
        target.mount("ro");
        assertThat(shell("cat d/f")).isEqualTo("text\n");
        assertThat(shell("stat -c %s big")).isEqualTo("5242880\n");
        for (String change : List.of("touch new", "rm d/f", "mkdir e", "echo x >> d/f", "chmod 600 d/f", "mv d/f x", "ln d/f y",
                "ln -s a b", "truncate -s 1 big", "setfattr -n user.a -v b d/f", "touch -a d/f")) {
            assertThat(Command.shell(change).in(target.root()).run().mustFail().output())
                    .as(change)
                    .contains("Read-only file system");
        }
        target.unmount();
        assertThat(digest()).as("the image after a read-only mount").isEqualTo(before);
    }

    @Test
    void aSecondMountIsRefused() {
        if (!(target instanceof ScoutfsTarget scoutfs)) {
            return;
        }
        target.mount();
        shell("echo one > f");
        Path other = scoutfs.root().resolveSibling("other");
        Command.of("mkdir", other).run().mustSucceed();
        assertThat(ScoutfsTarget.cli("mount", scoutfs.image(), other).mustFail().output()).isNotBlank();
        assertThat(Leftovers.mountsBelow(other)).isEmpty();
        assertThat(shell("cat f")).isEqualTo("one\n");
    }

    @Test
    void aDirtyTreeIsThereAfterAnOrdinaryUnmount() {
        target.mount();
        shell("for i in $(seq 1 2000); do echo $i > f$i; done; mkdir d; mv f1 f2 f3 d; rm f4; ln f5 h; ln -s f6 s");
        List<String> before = TreeListing.of(target.root());
        remount();
        TreeListing.assertSame(before, TreeListing.of(target.root()));
        target.unmount();
        target.check();
    }

    @Test
    void terminationUnmountsCleanly() {
        if (!(target instanceof ScoutfsTarget scoutfs)) {
            return;
        }
        target.mount();
        shell("echo kept > f");
        scoutfs.processes().forEach(ProcessHandle::destroy);
        Await.that("SIGTERM ends the mount", Duration.ofSeconds(60), () -> scoutfs.processes().isEmpty());
        assertThat(target.isMounted()).isFalse();
        target.check();
        target.mount();
        assertThat(shell("cat f")).isEqualTo("kept\n");
    }

    private String shell(String line) {
        return Command.shell(line).in(target.root()).run().mustSucceed().output();
    }

    private long freeKib() {
        String line = Command.of("df", "-k", "--output=avail", target.root()).run().mustSucceed().output();
        return Long.parseLong(line.lines().toList().getLast().strip());
    }

    private void remount() {
        target.unmount();
        target.check();
        target.mount();
    }

    /** Of the whole image, and of its times. */
    private String digest() throws IOException {
        Path image = target.root().resolveSibling("volume.img");
        try (var in = Files.newInputStream(image)) {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 20];
            for (int size; (size = in.read(buffer)) > 0; ) {
                sha.update(buffer, 0, size);
            }
            return HexFormat.of().formatHex(sha.digest()) + " " + Files.getLastModifiedTime(image);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
