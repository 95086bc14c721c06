package org.scoutfs.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;

/** What many histories did together. */
final class Totals {
    private final double secondsBefore = seconds();
    private final long[] faults = new long[Fault.values().length];
    private long histories;
    private long operations;
    private long commits;
    private long merges;
    private long evictions;
    private long takeOvers;
    private long unmounts;
    private long events;

    private static double seconds() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e9;
    }

    void add(Cluster.Report report) {
        histories++;
        operations += report.operations();
        commits += report.commits();
        merges += report.merges();
        evictions += report.evictions();
        takeOvers += report.takeOvers();
        unmounts += report.unmounts();
        events += report.events();
        for (int i = 0; i < faults.length; i++) {
            faults[i] += report.faults()[i];
        }
    }

    /** Nothing that is to be tried has been left out. */
    void assertAllKinds() {
        assertThat(evictions).isPositive();
        assertThat(takeOvers).isGreaterThan(histories);
        assertThat(merges).isPositive();
        assertThat(unmounts).isPositive();
        for (Fault fault : Fault.values()) {
            assertThat(faults[fault.ordinal()]).as("%s", fault).isPositive();
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(String.format(
                "%d histories (%.0f per second of processor time), %d operations, %d commits, %d merges, %d take-overs, %d evictions, "
                        + "%d unmounts, %d events; faults:",
                histories, histories / (seconds() - secondsBefore), operations, commits, merges, takeOvers, evictions, unmounts, events));
        for (Fault fault : Fault.values()) {
            text.append(' ').append(fault).append('=').append(faults[fault.ordinal()]);
        }
        return text.toString();
    }
}
