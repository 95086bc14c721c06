package org.scoutfs.simulation;

import java.lang.management.ManagementFactory;
import java.util.Locale;

/** Runs histories by hand: {@code Try SEED COUNT [MUTATION]}; one seed tells its history. */
final class Try {
    private Try() {}

    public static void main(String[] args) {
        long first = Long.parseLong(args[0]);
        long count = Long.parseLong(args[1]);
        Mutation mutation = args.length > 2 ? Mutation.valueOf(args[2].toUpperCase(Locale.ROOT)) : Mutation.NONE;
        long events = 0;
        int failed = 0;
        long evictions = 0;
        long merges = 0;
        for (long seed = first; seed < first + count; seed++) {
            try {
                Cluster.Report report = Cluster.run(seed, 220, mutation, count == 1);
                events += report.events();
                evictions += report.evictions();
                merges += report.merges();
                if (seed % 1000 == 0) {
                    System.out.println("seed " + seed + " at " + cpu() + " s");
                }
            } catch (Oracle.Violation violation) {
                failed++;
                if (Boolean.getBoolean("scoutfs.simulation.first")) {
                    System.out.println(seed - first + 1 + " histories: " + violation.getMessage().strip());
                    return;
                }
                System.out.println(violation.getMessage());
                if (count == 1) {
                    violation.getCause().printStackTrace(System.out);
                }
            }
        }
        double seconds = cpu();
        System.out.printf("%d histories, %d failed, %.0f/s of processor time, %d events each, %d evictions, %d merges%n", count, failed, count / seconds,
                events / count, evictions, merges);
    }

    private static double cpu() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e9;
    }
}
