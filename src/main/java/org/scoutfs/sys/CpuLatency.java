package org.scoutfs.sys;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * How long the CPUs of this machine may take to wake up: the kernel's {@code /dev/cpu_dma_latency} (its document
 * {@code power/pm_qos_interface}). The limit goes with the process, however that ends. Not thread-safe.
 */
public final class CpuLatency implements AutoCloseable {
    private static final Path DEVICE = Path.of("/dev/cpu_dma_latency");
    private static final Path DRIVER = Path.of("/sys/devices/system/cpu/cpuidle/current_driver");
    /** What is written for no limit. */
    public static final int ANY = 2_000_000_000;
    private static final int NONE = 0;
    /** What the first sleep state of a real CPU takes; the deeper ones take a hundred. */
    private static final int SHORT = 2;

    private final FileChannel device;
    private final int limitMicros;

    /** @throws IOException where the kernel has no such device, or we may not use it */
    public static CpuLatency open() throws IOException {
        // A virtual CPU that sleeps has to be woken by the host; only one that does not sleep at all is quick.
        return new CpuLatency(DEVICE, sleepsByHost() ? NONE : SHORT);
    }

    /**
     * @param device takes the limit in microseconds, as a native 32-bit number
     * @param limitMicros for {@link #limit}
     */
    public CpuLatency(Path device, int limitMicros) throws IOException {
        this.device = FileChannel.open(device, StandardOpenOption.WRITE);
        this.limitMicros = limitMicros;
        set(ANY); // an open device that nobody has written to is a limit of nothing
    }

    /**
     * Whether these are virtual CPUs whose kernel can be told not to give them back to the host when they are idle: the driver for
     * idle CPUs is then {@code haltpoll}.
     */
    public static boolean sleepsByHost() {
        try {
            return Files.readString(DRIVER).strip().equals("haltpoll");
        } catch (IOException absent) {
            return false;
        }
    }

    /** From now on CPUs stay awake. */
    public void limit() throws IOException {
        set(limitMicros);
    }

    /** From now on they sleep as they like. */
    public void release() throws IOException {
        set(ANY);
    }

    private void set(int micros) throws IOException {
        device.write(ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(0, micros));
    }

    @Override
    public void close() throws IOException {
        device.close();
    }
}
