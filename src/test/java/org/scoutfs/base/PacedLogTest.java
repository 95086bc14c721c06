package org.scoutfs.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.ResourceBundle;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PacedLogTest {
    private final List<String> lines = new ArrayList<>();
    private long nanos = -5;

    private final System.Logger log = new System.Logger() {
        @Override
        public String getName() {
            return "test";
        }

        @Override
        public boolean isLoggable(Level level) {
            return true;
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String line, Throwable thrown) {
            throw new AssertionError("no line of a paced log has a stack trace");
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String line, Object... parameters) {
            lines.add(level + " " + line);
        }
    };

    private final Clock clock = new Clock() {
        @Override
        public long monotonicNanos() {
            return nanos;
        }

        @Override
        public long wallNanos() {
            throw new AssertionError("a pace is no date");
        }
    };

    @Test
    void aFewAtOnceThenOneInTenSecondsThatCountsTheOthers() {
        PacedLog paced = new PacedLog(log, clock);
        for (int i = 0; i < 300; i++) {
            paced.log(System.Logger.Level.ERROR, "line {0} " + i);
        }
        assertThat(lines).hasSize(20).startsWith("ERROR line {0} 0").endsWith("ERROR line {0} 19");
        nanos += TimeUnit.SECONDS.toNanos(10) - 1;
        paced.log(System.Logger.Level.ERROR, "too early");
        assertThat(lines).hasSize(20);
        nanos++;
        paced.log(System.Logger.Level.WARNING, "in time");
        paced.log(System.Logger.Level.WARNING, "too many");
        assertThat(lines).hasSize(21).endsWith("WARNING in time (and 281 lines like this before)");
        nanos += TimeUnit.HOURS.toNanos(1);
        for (int i = 0; i < 30; i++) {
            paced.log(System.Logger.Level.INFO, "later");
        }
        assertThat(lines).hasSize(41).contains("INFO later (and 1 lines like this before)").endsWith("INFO later");
    }
}
