package org.scoutfs.fuse;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.scoutfs.sys.Mounts;
import org.scoutfs.sys.Processes;

/**
 * Makes small requests to our own mount from one CPU, so that an answer goes to that CPU's queue in the kernel and moves it
 * on. Its threads serve nothing and hold nothing, and there are none until the first kick, which few mounts ever see.
 *
 * <p>A kick can itself be queued behind requests that wait; then the next one needs another thread. So there may be
 * {@value #THREADS_MAX}.
 */
final class Kicker {
    private static final Logger LOG = System.getLogger("org.scoutfs.fuse");
    private static final int THREADS_MAX = 64;

    private final int cpu;
    private final Path mountPoint;
    private final ExecutorService threads;

    Kicker(int cpu, Path mountPoint) {
        this.cpu = cpu;
        this.mountPoint = mountPoint;
        this.threads = new ThreadPoolExecutor(
                0,
                THREADS_MAX,
                1,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                Thread.ofPlatform()
                        .name("fuse-kick-" + cpu + " " + mountPoint + " ", 0)
                        .daemon(true)
                        .factory());
    }

    /** Asks for one request. Does not wait. */
    void kick() {
        try {
            threads.execute(this::askKernel);
        } catch (RejectedExecutionException enough) {
            // All of them are under way, and each moves the queue on when it is answered; or the mount has ended.
        }
    }

    private void askKernel() {
        try {
            Processes.pinThread(cpu);
            Mounts.askStatistics(mountPoint);
        } catch (IOException failure) {
            LOG.log(Level.DEBUG, "kick of the queue of CPU " + cpu + ": " + failure.getMessage());
        }
    }

    void stop() {
        threads.shutdown();
    }
}
