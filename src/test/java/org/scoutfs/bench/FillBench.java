package org.scoutfs.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counter;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.FileBlockDevice;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.item.IndexKeys;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.node.MountOptions;
import org.scoutfs.node.NodeStack;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.txn.Transactions;
import org.scoutfs.volume.Mkfs;

/**
 * Fills a volume with empty files, without a kernel, and shows whether it becomes slower on the way: what bench/fill does on a mount. After
 * each step it also walks the index of the files that were changed last. Arguments: image, files, files in a step.
 */
public final class FillBench {
    private static final int PER_DIRECTORY = 10_000;
    private static final int WALKED = 100;

    private FillBench() {}

    public static void main(String[] args) throws Exception {
        Path image = Path.of(args[0]);
        long files = Long.parseLong(args[1]);
        long step = Long.parseLong(args[2]);
        long blocks = Math.max(1 << 20, files / 2);
        Counters counters = new Counters();
        try (BlockDevice device = FileBlockDevice.create(image, blocks, counters)) {
            var slot = Mkfs.run(
                    device,
                    Mkfs.Options.oneDevice(blocks),
                    (d, volumeId, id, space) -> null,
                    Rng.secure(),
                    Clock.system());
            assert slot != null;
            NodeStack stack = NodeStack.start(
                    device,
                    NodeStack.Options.of(MountOptions.DEFAULTS),
                    "fill",
                    counters,
                    Clock.system());
            fill(stack, counters, files, step);
            stack.stop();
        } finally {
            Files.delete(image);
        }
    }

    private static void fill(NodeStack stack, Counters counters, long files, long step) throws Exception {
        FsClient client = new FsClient(stack.fileSystem());
        System.out.printf("%10s %9s %8s %9s %8s %9s  %s%n", "files", "files/s", "cpu us", "heap MiB", "MiB out", "walk us", "version");
        long parent = 0;
        long start = System.nanoTime();
        long cpuBefore = cpu();
        for (long i = 0; i < files; i++) {
            if (i % PER_DIRECTORY == 0) {
                byte[] directory = ("d" + i / PER_DIRECTORY).getBytes(StandardCharsets.UTF_8);
                parent = client.call(request -> stack.fileSystem().mkdir(request, FsClient.ROOT, directory, 0755, 0)).ino();
            }
            byte[] name = ("f" + i).getBytes(StandardCharsets.UTF_8);
            long in = parent;
            FileSystem.Created created =
                    client.call(request -> stack.fileSystem().create(request, in, name, 0301, 0644, 0));
            stack.fileSystem().release(created.attributes().ino(), created.file().handle(), 0, false);
            stack.fileSystem().forget(created.attributes().ino(), 1);
            if ((i + 1) % step == 0) {
                double seconds = (System.nanoTime() - start) / 1e9;
                double cpu = (cpu() - cpuBefore) / 1e3 / step;
                long heap = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory() >> 20;
                System.out.printf(Locale.ROOT, "%10d %9.0f %8.1f %9d %8d %9.0f  %s%n", i + 1, step / seconds, cpu, heap,
                        counters.value(Counter.DEVICE_WRITE_BYTES) >> 20, walk(stack), stack.transactions().version());
                start = System.nanoTime();
                cpuBefore = cpu();
            }
        }
    }

    /** Microseconds of CPU time of the slowest of some walks of the files that were changed last; the first one finds its blocks cold. */
    private static double walk(NodeStack stack) throws Exception {
        stack.transactions().commit().get();
        long[] nanos = new long[5];
        for (int i = 0; i < nanos.length; i++) {
            long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            try (Transactions.PublishedView view = stack.transactions().published()) {
                long last = view.stableSeq();
                int found = 0;
                try (Cursor cursor = view.scan(
                        IndexKeys.of(Keys.Type.META_SEQ, last, 0), IndexKeys.of(Keys.Type.META_SEQ, last, -1))) {
                    while (found < WALKED && cursor.next()) {
                        found++;
                    }
                }
            }
            nanos[i] = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
        }
        return Arrays.stream(nanos).max().orElse(0) / 1e3;
    }

    private static long cpu() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
