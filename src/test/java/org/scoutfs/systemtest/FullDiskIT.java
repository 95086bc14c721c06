package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.assertj.core.api.Assumptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A full volume answers ENOSPC, stays a volume, and gets all of its space back. */
@Timeout(600)
class FullDiskIT {
    private Target target;

    @BeforeEach
    void mount() {
        target = Target.create("full", 512L << 20, Transport.best());
        target.mount();
    }

    @AfterEach
    void close() {
        target.close();
    }

    @Test
    void fullOfData() {
        shell("mkdir d && echo kept > d/kept && sync -f .");
        long free = freeKib();
        // dd says ENOSPC; anything else is wrong.
        assertThat(Command.shell("dd if=/dev/zero of=big bs=1M 2>&1").in(target.root()).run().mustFail().output())
                .contains("No space left on device");
        assertThat(freeKib()).as("left when full").isLessThan(free / 10 + 8192);
        for (int i = 0; i < 5; i++) {
            Command.shell("dd if=/dev/zero of=more" + i + " bs=64k").in(target.root()).run().mustFail();
        }
        assertThat(shell("cat d/kept")).isEqualTo("kept\n");
        // Overwriting, truncating, unlinking and syncing work on a full volume.
        shell("sync -f . && rm more* && truncate -s 100M big && sync -f .");
        shell("head -c 20M /dev/urandom > again && sync -f . && cmp -n 1000 big /dev/zero");
        shell("rm big again && sync -f .");
        assertFreeAgain(free);
        target.unmount();
        target.check();
        target.mount();
        assertThat(shell("cat d/kept")).isEqualTo("kept\n");
        assertFreeAgain(free);
    }

    @Test
    void fullOfPreallocation() {
        long free = freeKib();
        assertThat(Command.shell("fallocate -l 2G big").in(target.root()).run().mustFail().output())
                .contains("No space left on device");
        shell("rm -f big; fallocate -l 100M ok && sync -f .");
        // What was preallocated can be written when nothing else is left.
        Command.shell("dd if=/dev/zero of=rest bs=1M").in(target.root()).run().mustFail();
        shell("dd if=/dev/urandom of=ok bs=1M count=100 conv=notrunc,fsync 2>&1");
        shell("rm ok rest && sync -f .");
        assertFreeAgain(free);
        target.unmount();
        target.check();
    }

    @Test
    void fullOfNames() {
        long free = freeKib();
        shell("mkdir d && head -c 1000 /dev/zero | tr '\\0' v > value");
        // Leave a little room, then fill it with metadata only.
        Command.shell("dd if=/dev/zero of=big bs=1M").in(target.root()).run().mustFail();
        shell("sync -f . && truncate -s -8M big && sync -f .");
        String said = Command.shell("cd d; for i in $(seq 1 100000); do : > $i || exit 9; setfattr -n user.v -v $(cat ../value)$i $i || exit 9; done")
                .in(target.root())
                .within(Duration.ofSeconds(400))
                .run()
                .mustFail()
                .output();
        assertThat(said).contains("No space left on device");
        shell("rm -r d big value && sync -f .");
        assertFreeAgain(free); // merges come because of the tombstones
        target.unmount();
        target.check();
    }

    /** The device grows under the full volume, which goes on; also after a kill, whose next mount reads the size from the log. */
    @Test
    void aFullVolumeGrows() {
        Assumptions.assumeThat(target).isInstanceOf(ScoutfsTarget.class);
        ScoutfsTarget volume = (ScoutfsTarget) target;
        Command.shell("dd if=/dev/zero of=big bs=1M").in(target.root()).run().mustFail();
        String line = "'" + ScoutfsTarget.launcher() + "' resize-devices -d ";
        assertThat(Command.shell(line + "1G").in(target.root()).run().mustFail().output())
                .isEqualTo("resize_devices ioctl failed: Invalid argument (22)\n"
                        + "scoutfs: resize-devices failed: Invalid argument (22)\n");
        Command.of("truncate", "-s", "1G", volume.image()).run().mustSucceed();
        assertThat(shell(line + "1073741825")).isEqualTo(
                "The data size of 1073741825 bytes is cut to whole blocks of 4096: 1073741824\n");
        assertThat(freeKib()).isGreaterThan(450 << 10);
        shell("dd if=/dev/urandom of=more bs=1M count=400 conv=fsync 2>&1 && md5sum more > sum && sync -f .");
        volume.kill();
        target.check();
        target.mount();
        shell("md5sum -c sum && rm big more && sync -f .");
        assertFreeAgain(950 << 10, 0);
        target.unmount();
        target.check();
    }

    /** All but what the index may keep for a while: a merge, or a segment of tombstones. */
    private void assertFreeAgain(long before) {
        assertFreeAgain(before, 4096);
    }

    private void assertFreeAgain(long before, long slackKib) {
        org.scoutfs.testkit.Await.that("free space is back to " + before + " KiB, not " + freeKib(), Duration.ofSeconds(60), () -> {
            shell("sync -f .");
            return freeKib() >= before - slackKib;
        });
    }

    private String shell(String line) {
        return Command.shell(line).in(target.root()).run().mustSucceed().output();
    }

    private long freeKib() {
        String line = Command.of("df", "-k", "--output=avail", target.root()).run().mustSucceed().output();
        return Long.parseLong(line.lines().toList().getLast().strip());
    }
}
