package org.scoutfs.fuse;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Errno;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.fs.Ioctls;
import org.scoutfs.fs.KernelCache;
import org.scoutfs.fuse.FuseOptions.Type;
import org.scoutfs.sys.CpuLatency;
import org.scoutfs.sys.FuseDevice;
import org.scoutfs.sys.LoopDevices;
import org.scoutfs.sys.LoopDevices.LoopDevice;
import org.scoutfs.sys.Mounts;
import org.scoutfs.sys.SystemCallException;

/**
 * One mounted file system, from mount(2) to its end.
 *
 * <p>The order at the end is always the same, whatever ended it (umount, a signal that made somebody call {@link #unmount}, an
 * abort): no more requests, then {@link FuseHooks#lastCommit}, then the descriptors are closed, then {@link #awaitEnd} returns. With
 * {@link Type#FUSEBLK} umount(2) itself waits for the last commit.
 *
 * <p>Nobody may keep a file of the mount open in this process, or use a path into it: the exit would wait for itself.
 *
 * <p>Thread-safe.
 */
public final class FuseMount implements AutoCloseable {
    /** The largest read and write; more brings nothing. */
    static final int WRITE_BYTES_MAX = 1 << 20;

    private static final Logger LOG = System.getLogger("org.scoutfs.fuse");
    private static final int BLOCK_SIZE = 4096;
    private static final int ELSEWHERE_THREADS = 16;
    private static final int NOTIFIER_THREADS = 32;
    private static final long THREAD_IDLE_SECONDS = 10;
    private static final long LAST_TASKS_SECONDS = 5;
    private static final int MODE_TYPE_MASK = 0xf000;
    private static final int MODE_BLOCK_DEVICE = 0x6000;

    // Constant after construction.
    private final FuseOptions options;
    private final FuseHooks hooks;
    private final String volume;
    private final RequestCounts counts = new RequestCounts();
    private final WaitingRequests waiting = new WaitingRequests();
    private final ExecutorService reruns;
    private final ExecutorService elsewhere;
    private final ExecutorService notifiers;
    /** Each of its threads may hang until a waiting request is answered, so there is no bound but the number of those. */
    private final ExecutorService expendable;
    private final AtomicBoolean lastCommitBegan = new AtomicBoolean();
    private final CountDownLatch lastCommitDone = new CountDownLatch(1);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    // Set once by open(), before any other thread knows this object.
    private @Nullable LoopDevice loop;
    private @Nullable FuseDevice device;
    private @Nullable KernelDrops drops;
    private @Nullable Alertness alertness;
    private String sourceShown;
    private String typeShown = "";
    private String transportShown = "/dev/fuse";
    private final List<Transport> transports = new ArrayList<>();
    private final List<String> notices = new ArrayList<>();

    private FuseMount(FuseOptions options, FuseHooks hooks) {
        this.options = options;
        this.hooks = hooks;
        this.sourceShown = options.source();
        this.volume = options.mountPoint().toString();
        int cpus = Runtime.getRuntime().availableProcessors();
        this.reruns = pool("fuse-rerun", Math.max(2, cpus));
        this.elsewhere = pool("fuse-ioctl", ELSEWHERE_THREADS);
        this.notifiers = pool("fuse-notify", NOTIFIER_THREADS);
        this.expendable = Executors.newCachedThreadPool(Thread.ofPlatform()
                .name("fuse-drop " + volume + " ", 0)
                .daemon(true)
                .factory());
    }

    private ExecutorService pool(String role, int threads) {
        ThreadFactory factory = Thread.ofPlatform()
                .name(role + " " + volume + " ", 0)
                .daemon(true)
                .factory();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads, threads, THREAD_IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /**
     * Mounts, and returns when the file system is usable.
     *
     * @throws IOException says why not; then nothing is mounted, and no hook has been called
     */
    public static FuseMount start(FuseOptions options, FileSystem fileSystem, Ioctls ioctls, FuseHooks hooks)
            throws IOException {
        FuseMount mount = new FuseMount(options, hooks);
        boolean isMounted = false;
        try {
            FuseDevice device = FuseDevice.open();
            mount.device = device;
            mount.mountAs(device);
            isMounted = true;
            mount.serve(device, fileSystem, ioctls);
            return mount;
        } catch (IOException | RuntimeException failure) {
            mount.abandon(isMounted);
            throw failure;
        }
    }

    // ---- mounting

    private void mountAs(FuseDevice device) throws IOException {
        String source = options.source();
        Type type = options.type();
        if (type != Type.FUSE) {
            boolean isFile = Files.isRegularFile(Path.of(source));
            if (isFile) {
                loop = tryLoop(type == Type.FUSEBLK);
                source = loop == null ? source : loop.path().toString();
            }
            if (loop != null || isBlockDevice(source)) {
                if (tryFuseblk(device, source, type == Type.FUSEBLK)) {
                    return;
                }
            } else if (type == Type.FUSEBLK) {
                throw new IOException(source + " is neither a block device nor a plain file");
            }
            if (loop != null) {
                loop.close();
                loop = null;
            }
        }
        mount(device, options.source(), "fuse.scoutfs", "");
        notice("mounted as type fuse: sync(2) is not durable on " + options.mountPoint() + ", fsync(2) is");
    }

    private void notice(String text) {
        notices.add(text);
        LOG.log(Level.INFO, text);
    }

    /** A loop device for the source, or null where this machine has none to give, as in most containers. */
    private @Nullable LoopDevice tryLoop(boolean mustSucceed) throws IOException {
        try {
            return LoopDevices.attach(Path.of(options.source()), options.readOnly(), BLOCK_SIZE);
        } catch (SystemCallException failure) {
            boolean canFallBack =
                    switch (failure.errno()) {
                        case EPERM, EACCES, ENOENT, ENODEV, ENXIO, ENOTTY -> true;
                        default -> false;
                    };
            if (mustSucceed || !canFallBack) {
                throw failure;
            }
            notice("no loop device: " + failure.getMessage() + "; trying type fuse");
            return null;
        }
    }

    private boolean tryFuseblk(FuseDevice device, String source, boolean mustSucceed) throws IOException {
        try {
            mount(device, source, "fuseblk.scoutfs", ",blksize=" + BLOCK_SIZE);
            return true;
        } catch (SystemCallException failure) {
            // No permission here, or a kernel without it; anything else (in use, no such directory) is for the user.
            boolean canFallBack = failure.errno() == Errno.EPERM || failure.errno() == Errno.ENODEV;
            if (mustSucceed || !canFallBack) {
                throw failure;
            }
            notice(failure.getMessage() + "; trying type fuse");
            return false;
        }
    }

    private void mount(FuseDevice device, String source, String type, String more) throws IOException {
        long flags = options.mountFlags() | (options.readOnly() ? Mounts.MS_RDONLY : 0);
        Mounts.mount(
                source,
                options.mountPoint(),
                type,
                flags,
                "fd=" + device.number() + ",rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other" + more);
        sourceShown = source;
        typeShown = type;
    }

    private static boolean isBlockDevice(String path) {
        try {
            int mode = (int) Files.getAttribute(Path.of(path), "unix:mode");
            return (mode & MODE_TYPE_MASK) == MODE_BLOCK_DEVICE;
        } catch (IOException absent) {
            return false;
        }
    }

    // ---- serving

    private void serve(FuseDevice device, FileSystem fileSystem, Ioctls ioctls) throws IOException {
        Handshake.Result agreed = Handshake.perform(device, options);
        if (!options.isAlone()) {
            drops = new KernelDrops(
                    (ino, offset, length) -> KernelNotifier.invalidate(device, ino, offset, length),
                    expendable,
                    waiting,
                    Clock.system());
        }
        Dispatcher dispatcher = new Dispatcher(
                fileSystem,
                ioctls,
                hooks,
                options.timeouts(),
                options.cacheDirectories(),
                options.kernelLocks(),
                options.writeback(),
                drops,
                waiting,
                elsewhere,
                this::makeDurable);
        watchLatency();
        int readers = agreed.overUring() ? 1 : Runtime.getRuntime().availableProcessors();
        DeviceTransport byDevice = new DeviceTransport(device, readers, dispatcher, counts, reruns, volume);
        transports.add(byDevice);
        if (agreed.overUring()) {
            transports.add(new RingTransport(device, byDevice, options.mountPoint(), dispatcher, counts));
            transportShown = "io_uring";
        }
        for (Transport transport : transports) {
            transport.start();
        }
        var unused = Thread.ofPlatform()
                .name("fuse-end " + volume)
                .daemon(true)
                .start(this::end);
        raiseReadAhead();
        LOG.log(
                Level.INFO,
                "mounted " + sourceShown + " on " + options.mountPoint() + " as " + typeShown + " over "
                        + transportShown + ", FUSE 7." + agreed.minor());
    }

    private void watchLatency() {
        boolean isWanted =
                switch (options.awake()) {
                    case AUTO -> CpuLatency.sleepsByHost();
                    case ON -> true;
                    case OFF -> false;
                };
        if (isWanted) {
            try {
                alertness = new Alertness(CpuLatency.open(), counts, volume);
                counts.tell(alertness);
            } catch (IOException failure) {
                LOG.log(Level.INFO, "CPUs may sleep between requests: " + failure);
            }
        }
    }

    /** The kernel starts with 128 KiB whatever the handshake says. */
    private void raiseReadAhead() {
        try {
            Mounts.MountPoint mounted = Mounts.find(options.mountPoint());
            if (mounted == null) {
                return;
            }
            boolean onDevice = mounted.type().startsWith("fuseblk");
            Path settings = Path.of("/sys/class/bdi/" + mounted.device() + (onDevice ? "-fuseblk" : ""));
            Files.writeString(settings.resolve("read_ahead_kb"), Integer.toString(options.readAheadKib()));
            // One file system may fill the page cache with dirty pages; the default of 1 % throttles mappings and write-back.
            Files.writeString(settings.resolve("strict_limit"), "0");
            Files.writeString(settings.resolve("max_ratio"), "100");
        } catch (IOException failure) {
            LOG.log(Level.WARNING, "read-ahead stays at the kernel's default: " + failure);
        }
    }

    // ---- what others ask

    /** For {@code fs}: makes the kernel forget. */
    public KernelCache kernelCache() {
        FuseDevice connected = device;
        if (connected == null) {
            throw new IllegalStateException("not mounted");
        }
        return new KernelNotifier(connected, notifiers, drops);
    }

    /** The block device that is mounted, or the source as it was given. */
    public String source() {
        return sourceShown;
    }

    /** {@code fuseblk.scoutfs} or {@code fuse.scoutfs}. */
    public String type() {
        return typeShown;
    }

    /** What the user must hear of how it was mounted, as it was logged too; empty where all is as asked. */
    public List<String> notices() {
        return List.copyOf(notices);
    }

    /** {@code io_uring} or {@code /dev/fuse}. */
    public String transport() {
        return transportShown;
    }

    /** How many requests of each kind came so far. */
    public Map<String, Long> requestCounts() {
        return counts.sums();
    }

    /** The same as counters of a mount: {@code fuse_requests} in all, and {@code fuse_lookup} and so on of each kind. */
    public Map<String, Long> counters() {
        return counts.asCounters();
    }

    /** How many requests wait for something now. */
    public int waitingRequests() {
        return waiting.count();
    }

    // ---- the end

    /**
     * Asks the kernel to unmount.
     *
     * @throws SystemCallException {@code EBUSY} while somebody uses it
     */
    public void unmount() throws IOException {
        Mounts.unmount(options.mountPoint(), Mounts.UMOUNT_NOFOLLOW);
    }

    /** Takes the mount out of the tree at once; it ends when its last user goes. */
    public void unmountLazily() throws IOException {
        Mounts.unmount(options.mountPoint(), Mounts.UMOUNT_NOFOLLOW | Mounts.MNT_DETACH);
    }

    /** Waits until the mount has ended and its last commit is made. */
    public void awaitEnd() throws InterruptedException {
        try {
            ended.get();
        } catch (ExecutionException bug) {
            throw new IllegalStateException(bug);
        }
    }

    /** @return whether it has ended in time */
    public boolean awaitEnd(Duration limit) throws InterruptedException {
        try {
            ended.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException running) {
            return false;
        } catch (ExecutionException bug) {
            throw new IllegalStateException(bug);
        }
    }

    /** Unmounts, lazily where it is in use, and waits for the end. */
    @Override
    public void close() throws IOException {
        if (!ended.isDone()) {
            try {
                unmount();
            } catch (SystemCallException failure) {
                if (failure.errno() == Errno.EBUSY) {
                    unmountLazily();
                } else if (failure.errno() != Errno.EINVAL && failure.errno() != Errno.ENOENT) {
                    throw failure;
                }
            }
        }
        try {
            awaitEnd();
        } catch (InterruptedException shutdown) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs until no request can come any more, and then cleans up. */
    private void end() {
        try {
            for (Transport transport : transports) {
                transport.awaitEnd();
            }
            stop(elsewhere);
            stop(reruns);
            makeDurable();
            stop(notifiers);
            stop(expendable);
            leaveMountPoint();
            release();
            ended.complete(null);
        } catch (InterruptedException | RuntimeException | Error bug) {
            LOG.log(Level.ERROR, "the end of the mount", bug);
            hooks.failed(bug);
            ended.completeExceptionally(bug);
        }
    }

    /** The last commit, once; whoever comes second waits for the first. */
    private void makeDurable() {
        if (lastCommitBegan.compareAndSet(false, true)) {
            try {
                hooks.lastCommit();
            } catch (IOException | RuntimeException failure) {
                LOG.log(Level.ERROR, "the last commit failed: what was not synced is lost", failure);
            } finally {
                lastCommitDone.countDown();
            }
        } else {
            try {
                lastCommitDone.await();
            } catch (InterruptedException shutdown) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void stop(ExecutorService pool) throws InterruptedException {
        pool.shutdown();
        if (!pool.awaitTermination(LAST_TASKS_SECONDS, TimeUnit.SECONDS)) {
            LOG.log(Level.WARNING, "a task of the mount is still running; it cannot be answered any more");
        }
    }

    /** After an abort the mount point is still there, and every access to it is an error. */
    private void leaveMountPoint() {
        try {
            Mounts.MountPoint mounted = Mounts.find(options.mountPoint());
            if (mounted != null && mounted.type().equals(typeShown) && mounted.source().equals(sourceShown)) {
                unmountLazily();
            }
        } catch (IOException gone) {
            LOG.log(Level.DEBUG, "unmount after the end", gone);
        }
    }

    private void release() {
        if (alertness != null) {
            alertness.close();
        }
        for (Transport transport : transports) {
            transport.close();
        }
        if (device != null) {
            device.close();
        }
        if (loop != null) {
            loop.close();
        }
    }

    /** Undoes a start that failed. */
    private void abandon(boolean isMounted) {
        if (isMounted) {
            try {
                unmountLazily();
            } catch (IOException failure) {
                LOG.log(Level.WARNING, "unmount after a failed start", failure);
            }
        }
        reruns.shutdown();
        elsewhere.shutdown();
        notifiers.shutdown();
        expendable.shutdown();
        release();
    }
}
