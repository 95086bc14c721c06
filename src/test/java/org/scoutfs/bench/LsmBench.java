package org.scoutfs.bench;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.scoutfs.base.Rng;

/**
 * The index on its own: puts in order and at random, look-ups hot and cold, scans. Prints one line for each figure:
 * engine, name, value, unit. bench/lsm runs it for both engines and makes the table.
 *
 * <p>Arguments: engine (scoutfs or rocksdb), folder, number of items, which loads (ordered, random, both).
 */
public final class LsmBench {
    private static final long MEMTABLE_BYTES = 64L << 20;
    private static final long CACHE_BYTES = 256L << 20;

    private final String engineName;
    private final Path folder;
    private final long items;
    private final Rng rng = Rng.seeded(1);
    private final byte[] values = new byte[1 << 16];

    private LsmBench(String engineName, Path folder, long items) {
        this.engineName = engineName;
        this.folder = folder;
        this.items = items;
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) rng.nextLong();
        }
    }

    public static void main(String[] args) throws Exception {
        LsmBench bench = new LsmBench(args[0], Path.of(args[1]), Long.parseLong(args[2]));
        if (!args[3].equals("random")) {
            bench.load("ordered");
        }
        if (!args[3].equals("ordered")) {
            bench.load("random");
        }
    }

    private LsmEngine open(String load) throws Exception {
        return engineName.equals("rocksdb")
                ? new RocksLsmEngine(folder.resolve("rocksdb-" + load), MEMTABLE_BYTES, CACHE_BYTES)
                : new ScoutfsLsmEngine(
                        folder.resolve("scoutfs-" + load), Math.max(1 << 19, items / 8), MEMTABLE_BYTES, CACHE_BYTES);
    }

    /** Keys like those of inodes, of 27 bytes; the number decides all. */
    private static byte[] key(long number) {
        return ByteBuffer.allocate(27).put((byte) 6).putLong(number >>> 1).put((byte) 1).putLong(number & 1).array();
    }

    /** Spreads numbers over the key space, each once. */
    private long scattered(long i) {
        long bits = 64 - Long.numberOfLeadingZeros(items - 1);
        long x = i;
        do {
            x = x * 0x9E3779B97F4A7C15L + 12345 & (1L << bits) - 1;
            x ^= x >>> bits / 2;
            x = x * 0xD1342543DE82EF95L & (1L << bits) - 1;
            x ^= x >>> bits / 2;
        } while (x >= items);
        return x;
    }

    private byte[] value(long number) {
        int size = 13 + (int) (number * 0x9E3779B97F4A7C15L >>> 32) % 55 + 55;
        int from = (int) (number * 31 & 0x7fff);
        return Arrays.copyOfRange(values, from, from + size);
    }

    private void load(String order) throws Exception {
        boolean isRandom = order.equals("random");
        try (LsmEngine engine = open(order)) {
            long bytes = 0;
            long start = System.nanoTime();
            long cpuStart = processCpu();
            for (long i = 0; i < items; i++) {
                long number = isRandom ? scattered(i) : i;
                byte[] value = value(number);
                engine.put(key(number), value);
                bytes += 27 + value.length;
            }
            engine.flush();
            double seconds = seconds(start);
            print("put " + order + ", CPU of all threads", (processCpu() - cpuStart) / 1e3 / items, "us");
            print("put " + order, items / seconds / 1e3, "k/s");
            start = System.nanoTime();
            mixedGets(order, engine);
            engine.settle();
            print("settle after " + order, seconds(start), "s");
            print("write amplification " + order, (double) engine.bytesWritten() / bytes, "x");
            note(engine.shape());
            if (isRandom) {
                reads(engine);
            } else {
                scanAll(engine);
            }
        }
    }

    /** While merges go on, if they do. */
    private void mixedGets(String order, LsmEngine engine) throws Exception {
        get(engine, "get, merging, after " + order, 100_000, items, false);
    }

    private void reads(LsmEngine engine) throws Exception {
        engine.reopen();
        get(engine, "get cold, first 20k", 20_000, items, false);
        get(engine, "get uniform", 300_000, items, false);
        long hot = Math.min(items, 10_000);
        get(engine, "get hot (warming)", 200_000, hot, false);
        get(engine, "get hot", 2_000_000, hot, false);
        get(engine, "get absent", 1_000_000, items, true);
        scans(engine, "scan of 10, hot", 200_000, 10, hot);
        scans(engine, "scan of 100, uniform", 20_000, 100, items);
        scanAll(engine);
    }

    private void scanAll(LsmEngine engine) throws Exception {
        long start = System.nanoTime();
        long cpuStart = cpu();
        int found = engine.scan(new byte[0], Integer.MAX_VALUE);
        if (found != items) {
            throw new IllegalStateException("scan found " + found + " of " + items);
        }
        print("scan of all", found / seconds(start) / 1e6, "M/s");
        print("scan of all, CPU", (cpu() - cpuStart) / (double) found, "ns/item");
    }

    private void get(LsmEngine engine, String name, int count, long range, boolean isAbsent) throws Exception {
        Rng random = Rng.seeded(7);
        long start = System.nanoTime();
        long cpuStart = cpu();
        for (int i = 0; i < count; i++) {
            long number = Long.remainderUnsigned(random.nextLong(), range);
            byte[] key = key(number);
            if (isAbsent) {
                key[12] = 1;
            }
            int size = engine.get(key);
            if ((size < 0) != isAbsent) {
                throw new IllegalStateException("item " + number + " of size " + size);
            }
        }
        double seconds = seconds(start);
        print(name, seconds / count * 1e6, "us");
        print(name + ", CPU", (cpu() - cpuStart) / 1e3 / count, "us");
    }

    private void scans(LsmEngine engine, String name, int count, int length, long range) throws Exception {
        Rng random = Rng.seeded(9);
        long start = System.nanoTime();
        long cpuStart = cpu();
        for (int i = 0; i < count; i++) {
            engine.scan(key(Long.remainderUnsigned(random.nextLong(), range)), length);
        }
        print(name, seconds(start) / count * 1e6, "us");
        print(name + ", CPU", (cpu() - cpuStart) / 1e3 / count, "us");
    }

    /** Of this thread: other work on the machine does not count. */
    private static long cpu() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static long processCpu() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private void print(String name, double value, String unit) {
        System.out.printf(Locale.ROOT, "%s\t%s\t%.3f\t%s%n", engineName, name, value, unit);
    }

    private void note(String text) {
        System.out.printf("# %s\t%s%n", engineName, text);
    }
}
