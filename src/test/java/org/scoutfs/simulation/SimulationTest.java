package org.scoutfs.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.scoutfs.testkit.Profile;

/** Many histories of a cluster, in one thread beside the other tests; and that each rule is needed, by breaking it. */
@Execution(ExecutionMode.CONCURRENT)
class SimulationTest {
    private static final int HISTORIES_MIN = 250;
    private static final int HISTORIES_MAX = 3_000;
    private static final int OPERATIONS = 220;
    private static final int SECONDS = 120;
    private static final int SECONDS_LONG = 3600;
    private static final int MUTATED_HISTORIES_MAX = 4000;

    /**
     * The normal run takes the same seeds on every machine, so that it is red for everybody or for nobody, and as many as two minutes
     * allow; a faster machine comes to an end before that. The long one takes new seeds.
     */
    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void nothingForbiddenEverHappens() {
        Long only = Long.getLong("scoutfs.seed");
        if (only != null) {
            System.out.println(run(only, true));
            return;
        }
        boolean isLong = Profile.isLong();
        long seconds = Long.getLong("scoutfs.simulation.seconds", isLong ? Profile.scaled(SECONDS, SECONDS_LONG) : SECONDS);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        long first = isLong ? System.currentTimeMillis() << 20 : 1;
        long last = isLong ? Long.MAX_VALUE : HISTORIES_MAX;
        long seed = first;
        Totals totals = new Totals();
        while (seed < first + HISTORIES_MIN || seed <= last && System.nanoTime() < end) {
            Cluster.Report report = run(seed++, false);
            totals.add(report);
            assertThat(report.operations()).isGreaterThanOrEqualTo(200);
            assertThat(IntStream.of(report.faults()).sum()).isPositive();
        }
        System.out.println("simulation: " + totals);
        totals.assertAllKinds();
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
    @Execution(ExecutionMode.SAME_THREAD)
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
    @Execution(ExecutionMode.SAME_THREAD)
    void theSameSeedGivesTheSameHistory() {
        assertThat(Cluster.run(7, OPERATIONS, Mutation.NONE, false))
                .usingRecursiveComparison()
                .isEqualTo(Cluster.run(7, OPERATIONS, Mutation.NONE, false));
    }
}
