package org.scoutfs.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.System.Logger.Level;
import org.junit.jupiter.api.Test;

class MountLogTest {
    @Test
    void informationHasNoLevel() {
        assertThat(MountLog.line("scoutfs f.9f3c5a.r.000001", 1_000_000, Level.INFO, "mounted", null))
                .matches("1970-01-0\\d \\d\\d:\\d\\d:00\\.001 scoutfs f\\.9f3c5a\\.r\\.000001: mounted\n");
    }

    @Test
    void warningsAndErrorsAreNamed() {
        assertThat(MountLog.line("scoutfs", 0, Level.WARNING, "x", null)).endsWith(" scoutfs warning: x\n");
        assertThat(MountLog.line("scoutfs", 0, Level.ERROR, "x", null)).endsWith(" scoutfs error: x\n");
    }

    @Test
    void tracesAreIndented() {
        String lines = MountLog.line("scoutfs", 0, Level.ERROR, "x", new IOException("broken"));

        assertThat(lines.lines().skip(1)).isNotEmpty().allSatisfy(line -> assertThat(line).startsWith("  "));
        assertThat(lines).contains("\n  java.io.IOException: broken\n");
    }
}
