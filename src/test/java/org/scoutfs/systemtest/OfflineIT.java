package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.Profile;

/** The life of an archived file on a real mount: let go, waited for by programs that know of nothing, brought back. */
class OfflineIT {
    static List<Transport> transports() {
        return Transport.available();
    }

    @ParameterizedTest
    @MethodSource("transports")
    @Timeout(900)
    void manyReadersWaitForWhatIsBroughtBack(Transport transport) throws Exception {
        int readers = Profile.count(200, 2000);
        try (Target target = Target.create("offline-" + transport, 1L << 30, transport)) {
            target.mount();
            Path archive = target.root().resolve("archive");
            Path file = target.root().resolve("f");
            String scoutfs = "'" + ScoutfsTarget.launcher() + "' ";
            shell(target, "head -c " + (readers * 4096 + 17) + " /dev/urandom > archive && cp archive f && sync f && stat -c '%s %b %y %z' f > shown");
            String version = "$(" + scoutfs + "stat -s data_version f)";
            assertThat(Command.shell(scoutfs + "release f -V 99999").in(target.root()).run().mustFail().output())
                    .isEqualTo("release ioctl failed: Stale file handle (116)\nscoutfs: release failed: Stale file handle (116)\n");
            shell(target, scoutfs + "release f -V " + version + " && stat -c '%s %b %y %z' f | cmp - shown");
            assertThat(shell(target, scoutfs + "stat f")).contains("online_blocks     0\n").contains("offline_blocks    " + (readers + 1) + "\n");

            Process waiting = new ProcessBuilder("bash", "-c",
                            "for i in $(seq " + readers + "); do dd if=f of=got.$i bs=4096 count=1 skip=$((i - 1)) 2>&1 & done; wait")
                    .directory(target.root().toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try {
                String list = scoutfs + "data-waiting -I 0 -B 0 -p .";
                Await.that("all wait", Duration.ofSeconds(120), () -> shell(target, list).lines().count() == readers);
                // Others go on meanwhile, and one who is killed goes at once.
                shell(target, "echo other > other && cat other && ls > /dev/null");
                assertThat(Command.shell("status=0; timeout -s KILL 1 cat f > /dev/null || status=$?; echo $status").in(target.root()).within(Duration.ofSeconds(60)).run().output())
                        .endsWith("137\n");
                String last = "-F " + (readers - 1) * 4096L + " -C 1 -O read -E -5 -p .";
                assertThat(shell(target, scoutfs + "data-wait-err -I $(stat -c %i f) -V 1 " + last))
                        .isEqualTo("data_wait_err found 1 waiters.\n");
                Await.that("one has failed", Duration.ofSeconds(60), () -> shell(target, list).lines().count() == readers - 1);
                shell(target, scoutfs + "stage archive f -V " + version);
                assertThat(waiting.waitFor(120, java.util.concurrent.TimeUnit.SECONDS)).as("the readers end").isTrue();
            } finally {
                waiting.descendants().forEach(ProcessHandle::destroyForcibly);
                waiting.destroyForcibly();
            }
            assertThat(shell(target, scoutfs + "data-waiting -I 0 -B 0 -p .")).isEmpty();
            assertThat(Files.size(target.root().resolve("got." + readers))).as("what failed").isZero();
            shell(target, "for i in $(seq " + (readers - 1) + "); do cat got.$i; done | cmp -n " + (readers - 1) * 4096L + " - archive");
            shell(target, "cmp f archive && stat -c '%s %b %y %z' f | cmp - shown");
            assertThat(Files.size(file)).isEqualTo(Files.size(archive));
            target.unmount();
            target.check();
        }
    }

    private static String shell(Target target, String line) {
        return Command.shell(line).in(target.root()).run().mustSucceed().output();
    }
}
