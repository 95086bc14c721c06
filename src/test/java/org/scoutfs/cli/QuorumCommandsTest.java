package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What mkfs, change-quorum-config, print and check do with quorum slots. */
class QuorumCommandsTest {
    @TempDir
    private Path directory;

    private static String run(String... words) {
        CommandLine.Result result = new CommandLine().run(words);
        assertThat(result.status()).as("%s: %s", String.join(" ", words), result.err()).isZero();
        return result.out();
    }

    @Test
    void slotsAreMadeShownAndReplaced() {
        String image = directory.resolve("volume.img").toString();
        String made = run("mkfs", "-Q", "2,127.0.0.1,20001", "-Q", "0,127.0.0.1,20000", "--size", "256M", image);
        assertThat(made).contains("""
                  quorum config version:  1
                  quorum slots:           0: 127.0.0.1:20000
                                          2: 127.0.0.1:20001
                """);
        assertThat(run("print", "-S", image)).contains("""
                  quorum config version 1
                    quorum slot  0: 127.0.0.1:20000
                    quorum slot  2: 127.0.0.1:20001
                """);
        String fsid = made.lines().filter(line -> line.contains("fsid:")).findFirst().orElseThrow();

        String changed = run("change-quorum-config", "-F", "-Q", "14,10.0.0.9,5500", image);
        assertThat(changed)
                .startsWith("Successfully changed quorum config for scoutfs filesystem:\n  device path:            " + image + "\n"
                        + fsid + "\n")
                .endsWith("""
                          quorum config version:  2
                          quorum slots:           14: 10.0.0.9:5500
                        """);
        String printed = run("print", "-S", image);
        assertThat(printed).contains("  quorum config version 2\n    quorum slot 14: 10.0.0.9:5500\n");
        assertThat(printed).as("the claim was let go").contains("isReleased=true");
        assertThat(new CommandLine().run("check", image).status()).isZero();
        assertThat(run("change-quorum-config", "-F", "-Q", "1,10.0.0.9,5500", image)).contains("version:  3\n");
        assertThat(new CommandLine().run("check", image).status()).isZero();
    }

    @Test
    void aVolumeWithoutSlotsGetsThem() {
        String image = directory.resolve("volume.img").toString();
        assertThat(run("mkfs", "--size", "256M", image)).doesNotContain("quorum");
        assertThat(run("print", "-S", image)).doesNotContain("quorum slot ");
        assertThat(run("change-quorum-config", "-F", "-Q", "0,10.0.0.1,5500", image)).contains("version:  1\n");
    }

    @Test
    void whatIsMissingOrWrongIsSaid() {
        assertUsage("must specify --offline: the volume may be mounted nowhere", "change-quorum-config", "/x");
        assertUsage("must provide at least one quorum slot with --quorum-slot|-Q option", "change-quorum-config", "-F", "/x");
        assertUsage("quorum slot nr 0 and 2 have the same address 127.0.0.1:20000",
                "mkfs", "-Q", "0,127.0.0.1,20000", "-Q", "2,127.0.0.1,20000", "/x");
        CommandLine.Result missing = new CommandLine().run("change-quorum-config", "-F", "-Q", "0,10.0.0.1,5500", "/no/such");
        assertThat(missing.status()).isEqualTo(1);
        assertThat(missing.err()).contains("/no/such");
    }

    private static void assertUsage(String expected, String... words) {
        CommandLine.Result result = new CommandLine().run(words);
        assertThat(result.status()).isEqualTo(64);
        assertThat(result.err()).contains(expected);
    }
}
