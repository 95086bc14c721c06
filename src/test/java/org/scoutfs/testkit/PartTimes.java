package org.scoutfs.testkit;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Prints at the end of a run how long the tests of each package took, and how many there were; and the classes that took long. */
public final class PartTimes implements TestExecutionListener {
    private final Map<String, Long> started = new TreeMap<>();
    private static final double LONG_SECONDS = 5;

    private final Map<String, long[]> parts = new TreeMap<>();
    private final Map<String, Long> classes = new TreeMap<>();

    @Override
    public synchronized void executionStarted(TestIdentifier test) {
        started.put(test.getUniqueId(), System.nanoTime());
    }

    @Override
    public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
        Long start = started.remove(test.getUniqueId());
        if (start == null) {
            return;
        }
        long nanos = System.nanoTime() - start;
        // Time by class, since it holds what is prepared for all of its methods; count by method.
        test.getSource().ifPresent(source -> {
            if (source instanceof ClassSource type) {
                part(type.getClassName())[0] += nanos;
                classes.merge(type.getClassName(), nanos, Long::sum);
            } else if (source instanceof MethodSource method && test.isTest()) {
                part(method.getClassName())[1]++;
            }
        });
    }

    @Override
    public synchronized void testPlanExecutionFinished(TestPlan plan) {
        StringBuilder text = new StringBuilder("[parts] seconds  tests  package\n");
        parts.forEach((name, sums) ->
                text.append(String.format(Locale.ROOT, "[parts] %7.1f %6d  %s%n", sums[0] / 1e9, sums[1], name)));
        classes.entrySet().stream()
                .filter(one -> one.getValue() / 1e9 >= LONG_SECONDS)
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .forEach(one -> text.append(
                        String.format(Locale.ROOT, "[parts] %7.1f         %s%n", one.getValue() / 1e9, one.getKey())));
        System.out.print(text);
    }

    private long[] part(String className) {
        int dot = className.lastIndexOf('.');
        return parts.computeIfAbsent(className.substring(0, Math.max(dot, 0)), name -> new long[2]);
    }
}
