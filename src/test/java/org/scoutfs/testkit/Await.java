package org.scoutfs.testkit;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** Waits for something to become true, with a deadline that dumps the threads when it passes. */
public final class Await {
    private static final Duration STEP = Duration.ofMillis(2);

    private Await() {}

    public static void that(String what, Duration deadline, Callable<Boolean> condition) {
        try {
            Awaitility.await(what)
                    .pollInSameThread()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(STEP)
                    .atMost(deadline)
                    .until(condition);
        } catch (ConditionTimeoutException late) {
            throw new AssertionError("not after " + deadline.toMillis() + " ms: " + what + "\n" + threads(), late);
        }
    }

    private static String threads() {
        StringBuilder text = new StringBuilder();
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            text.append(thread.getName()).append(' ').append(thread.getState()).append('\n');
            for (StackTraceElement frame : stack) {
                text.append("    at ").append(frame).append('\n');
            }
        });
        return text.toString();
    }
}
