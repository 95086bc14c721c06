package org.scoutfs.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.scoutfs.testkit.Profile;

/** Many histories of a cluster; and that each rule is needed, by breaking it. */
class SimulationTest {
    private static final int HISTORIES = 250;
    private static final int OPERATIONS = 220;
    private static final int SECONDS = 120;
    private static final int SECONDS_LONG = 3600;
    private static final int MUTATED_HISTORIES_MAX = 4000;

    @Test
    void nothingForbiddenEverHappens() {
        Long only = Long.getLong("scoutfs.seed");
        if (only != null) {
            System.out.println(run(only, true));
            return;
        }
        // The normal run takes the same seeds on every machine, so that it is red for everybody or for nobody.
        long secondsMin = Long.getLong("scoutfs.simulation.seconds", Profile.isLong() ? Profile.scaled(SECONDS, SECONDS_LONG) : 0);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(secondsMin);
        long first = Profile.isLong() ? System.currentTimeMillis() << 20 : 1;
        long seed = first;
        long operations = 0;
        long evictions = 0;
        long takeOvers = 0;
        long merges = 0;
        while (seed < first + HISTORIES || System.nanoTime() < end) {
            Cluster.Report report = run(seed++, false);
            operations += report.operations();
            evictions += report.evictions();
            takeOvers += report.takeOvers();
            merges += report.merges();
            assertThat(report.operations()).isGreaterThanOrEqualTo(200);
            assertThat(report.faults()).isPositive();
        }
        long histories = seed - first;
        double seconds = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e9;
        System.out.printf("simulation: %d histories (%.0f per second of processor time), %d operations, %d take-overs, "
                        + "%d evictions, %d merges%n",
                histories, histories / seconds, operations, takeOvers, evictions, merges);
        assertThat(evictions).isPositive();
        assertThat(takeOvers).isGreaterThan(histories);
        assertThat(merges).isPositive();
    }

    private static Cluster.Report run(long seed, boolean isTold) {
        try {
            return Cluster.run(seed, OPERATIONS, Mutation.NONE, isTold);
        } catch (Oracle.Violation violation) {
            if (isTold) {
                throw violation;
            }
            System.err.printf("seed %d failed; again: -Dtest=SimulationTest -Dscoutfs.seed=%d%n", seed, seed);
            Cluster.run(seed, OPERATIONS, Mutation.NONE, true);
            throw violation;
        }
    }

    @ParameterizedTest
    @EnumSource(value = Mutation.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aBrokenRuleIsNoticed(Mutation mutation) {
        for (long seed = 1; seed <= MUTATED_HISTORIES_MAX; seed++) {
            try {
                Cluster.run(seed, OPERATIONS, mutation, false);
            } catch (Oracle.Violation found) {
                System.out.printf("simulation: %s is noticed by seed %d: %s%n", mutation, seed, found.getMessage().strip());
                return;
            }
        }
        fail(mutation + " was not noticed in " + MUTATED_HISTORIES_MAX + " histories");
    }

    @Test
    void theSameSeedGivesTheSameHistory() {
        assertThat(Cluster.run(7, OPERATIONS, Mutation.NONE, false)).isEqualTo(Cluster.run(7, OPERATIONS, Mutation.NONE, false));
    }
}
