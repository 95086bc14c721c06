package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.testkit.Profile;

/** A mount needs no more memory than the README says, however many files it has made: five million in the long profile. */
class MemoryIT {
    /** "A mount takes at most 1.5 GiB with its default settings." */
    private static final long STATED_BYTES = 1536L << 20;

    @Test
    @Timeout(7200)
    void manyFilesInTheMemoryThatTheReadmeStates() throws IOException {
        int files = Profile.count(60_000, 5_000_000);
        Optional<MemoryGroup> group = MemoryGroup.create("memory", STATED_BYTES);
        try (ScoutfsTarget target = new ScoutfsTarget("memory", 16L << 30, Transport.best())) {
            target.mountWith(group.map(MemoryGroup::prefix).orElse(List.of()));
            String said = Command.of(SystemTests.program("fill"), Files.createDirectory(target.root().resolve("d")), files)
                    .within(Duration.ofSeconds(Profile.isLong() ? 5400 : 300))
                    .run()
                    .mustSucceed()
                    .output()
                    .strip();
            long own = ownBytes(target);
            target.unmount();
            target.check();
            if (group.isPresent()) {
                assertThat(group.get().killed()).as("processes killed by the kernel").isZero();
                said += ", most of the group " + (group.get().highest() >> 20) + " MiB with the kernel's caches";
            }
            System.out.printf("[memory] %s, most of the process %d MiB%n", said, own >> 20);
            assertThat(own).isLessThan(STATED_BYTES);
        } finally {
            group.ifPresent(MemoryGroup::close); // it has to be empty then
        }
    }

    /** What the process had at most in pages of its own. */
    private static long ownBytes(ScoutfsTarget target) throws IOException {
        long most = 0;
        for (ProcessHandle process : target.processes()) {
            for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
                if (line.startsWith("VmHWM:")) {
                    most = Math.max(most, Long.parseLong(line.replaceAll("\\D", "")) << 10);
                }
            }
        }
        assertThat(most).as("VmHWM of the mount's process").isPositive();
        return most;
    }
}
