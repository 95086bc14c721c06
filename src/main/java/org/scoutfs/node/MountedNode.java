package org.scoutfs.node;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.FileBlockDevice;
import org.scoutfs.device.FileBlockDevice.Mode;
import org.scoutfs.device.SplitDevice;
import org.scoutfs.fuse.FuseHooks;
import org.scoutfs.fuse.FuseMount;
import org.scoutfs.fuse.FuseOptions;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.sys.SystemCallException;

/**
 * One mount, from its device to its mount point.
 *
 * <ol>
 *   <li>When {@link #start} returns, the file system is usable; when it throws, nothing is left mounted, started or claimed.
 *   <li>The last commit is durable, and the volume is let go of, before umount(2) returns (with type fuseblk), and before
 *       {@link #awaitEnd} returns in any case.
 *   <li>{@link #close} unmounts. A mount that is in use is taken out of the tree and gets a short time; then it is stopped all the same,
 *       with everything committed, and its users get errors.
 * </ol>
 * <p>Thread-safe. A signal that ends the process comes through a hook of the Java machine, which calls {@link #close}.
 */
public final class MountedNode implements AutoCloseable {
    private static final Logger LOG = System.getLogger("org.scoutfs.node");
    private static final Duration LAST_USERS_LIMIT = Duration.ofSeconds(5);

    private final MountRegistry registry;
    private final BlockDevice device;
    private final NodeStack stack;
    private final FuseMount mount;
    private final MountRegistry.Entry entry;
    private final @Nullable MetricsServer metrics;
    private final Thread terminator;
    private final AtomicBoolean isEnded = new AtomicBoolean();

    private MountedNode(
            MountRegistry registry,
            BlockDevice device,
            NodeStack stack,
            FuseMount mount,
            MountRegistry.Entry entry,
            @Nullable MetricsServer metrics) {
        this.registry = registry;
        this.device = device;
        this.stack = stack;
        this.mount = mount;
        this.entry = entry;
        this.metrics = metrics;
        this.terminator = Thread.ofPlatform().name("scoutfs-terminator").unstarted(this::terminate);
    }

    /**
     * Mounts.
     *
     * @param source a block device or plain file; of two devices, the data device
     * @param mountPoint as {@link MountRegistry#canonical} names it
     * @throws MountFailedException with what an administrator can do something about
     */
    public static MountedNode start(Path source, Path mountPoint, MountOptions options, Clock clock)
            throws IOException, InterruptedException {
        MountRegistry registry = MountRegistry.standard();
        String inTheWay = new DeadMounts(registry).clean(mountPoint, source);
        if (!inTheWay.isEmpty()) {
            throw new MountFailedException(Errno.EBUSY, inTheWay);
        }
        if (!Files.isDirectory(mountPoint)) {
            throw new MountFailedException(
                    Files.exists(mountPoint) ? Errno.ENOTDIR : Errno.ENOENT, mountPoint + " is no directory");
        }
        Counters counters = new Counters();
        BlockDevice device = openDevice(source, options, counters);
        try {
            ClusterOptions cluster = ClusterFit.fit(device, options, clock);
            NodeAddress at = options.metrics();
            @Nullable MetricsServer metrics = at == null ? null : MetricsServer.listen(at);
            try {
                return start(registry, device, cluster, metrics, source, mountPoint, options, counters, clock);
            } catch (IOException | InterruptedException | RuntimeException failure) {
                if (metrics != null) {
                    metrics.close();
                }
                throw failure;
            }
        } catch (IOException | InterruptedException | RuntimeException failure) {
            closeAfter(failure, device);
            throw failure;
        }
    }

    private static MountedNode start(
            MountRegistry registry,
            BlockDevice device,
            @Nullable ClusterOptions cluster,
            @Nullable MetricsServer metrics,
            Path source,
            Path mountPoint,
            MountOptions options,
            Counters counters,
            Clock clock)
            throws IOException, InterruptedException {
        NodeStack stack = NodeStack.start(
                device, NodeStack.Options.of(options), cluster, mountPoint.toString(), counters, clock);
        try {
            MountedNode node = mount(registry, device, stack, metrics, source, mountPoint, options);
            if (metrics != null) {
                metrics.start(stack::metrics);
                LOG.log(Level.INFO, "metrics are at http://" + options.metrics() + "/metrics");
            }
            return node;
        } catch (IOException | RuntimeException failure) {
            stopAfter(failure, stack);
            throw failure;
        }
    }

    private static MountedNode mount(
            MountRegistry registry,
            BlockDevice device,
            NodeStack stack,
            @Nullable MetricsServer metrics,
            Path source,
            Path mountPoint,
            MountOptions options)
            throws IOException {
        FuseHooks hooks = new FuseHooks() {
            @Override
            public void lastCommit() throws IOException {
                stack.stop();
            }

            @Override
            public void failed(Throwable cause) {
                stack.failed(cause);
            }
        };
        ClusterOptions cluster = options.cluster();
        FuseOptions how = (cluster == null
                        ? FuseOptions.alone(source.toString(), mountPoint)
                        : FuseOptions.shared(source.toString(), mountPoint, cluster.attributeNanos()))
                .readOnly(options.isReadOnly())
                .writeback(options.isWriteback())
                .mountFlags(options.kernelFlags())
                .awake(options.awake())
                .type(options.isPlainFuse() ? FuseOptions.Type.FUSE : FuseOptions.Type.AUTO)
                .uring(options.uring())
                .build();
        FuseMount mount = FuseMount.start(how, stack.fileSystem(), stack.ioctls(), hooks);
        stack.counters().addSource(mount::counters);
        try {
            stack.connect(mount.kernelCache());
            MountRegistry.Entry entry = registry.add(mountPoint, source.toString());
            MountedNode node = new MountedNode(registry, device, stack, mount, entry, metrics);
            Runtime.getRuntime().addShutdownHook(node.terminator);
            return node;
        } catch (IOException | RuntimeException failure) {
            mount.close();
            throw failure;
        }
    }

    /** One device, or two as one. Not exclusively: the kernel's mount is what holds a block device exclusively. */
    private static BlockDevice openDevice(Path source, MountOptions options, Counters counters) throws IOException {
        Mode mode = options.isReadOnly() ? Mode.READ_ONLY : Mode.READ_WRITE;
        Path meta = options.metaDevice();
        try {
            if (!options.isReadOnly() && options.cluster() == null) {
                refuseIfHeld(source);
                if (meta != null) {
                    refuseIfHeld(meta);
                }
            }
            BlockDevice first = FileBlockDevice.open(meta == null ? source : meta, mode, counters);
            if (meta == null) {
                return first;
            }
            try {
                return new SplitDevice(first, FileBlockDevice.open(source, mode, counters));
            } catch (IOException failure) {
                closeAfter(failure, first);
                throw failure;
            }
        } catch (SystemCallException failure) {
            throw new MountFailedException(failure.errno(), String.valueOf(failure.getMessage()));
        }
    }

    /** Something else that is mounted from the device, or a second claimant of it, would be found too late. */
    private static void refuseIfHeld(Path path) throws IOException {
        FileBlockDevice.open(path, Mode.EXCLUSIVE, new Counters()).close();
    }

    private static void stopAfter(Exception failure, NodeStack stack) {
        try {
            stack.stop();
        } catch (IOException second) {
            failure.addSuppressed(second);
        }
    }

    private static void closeAfter(Exception failure, BlockDevice device) {
        try {
            device.close();
        } catch (IOException second) {
            failure.addSuppressed(second);
        }
    }

    /** Where it is mounted, and how, in a few words. */
    public String describe() {
        return mount.source() + " as " + mount.type() + " over " + mount.transport();
    }

    /** As {@link FuseMount#notices}. */
    public List<String> notices() {
        return mount.notices();
    }

    /** Waits until it is unmounted, by whomever, and everything is on the device. */
    public void awaitEnd() throws IOException, InterruptedException {
        mount.awaitEnd();
        end();
    }

    /** Unmounts and waits for the end. */
    @Override
    public void close() throws IOException {
        if (!isEnded.get()) {
            unmount();
            end();
        }
    }

    private void unmount() throws IOException {
        try {
            mount.unmount();
        } catch (SystemCallException failure) {
            if (failure.errno() == Errno.EBUSY) {
                LOG.log(Level.WARNING, "in use: taken out of the tree, with a few seconds for its users");
                mount.unmountLazily();
            } else if (failure.errno() != Errno.EINVAL && failure.errno() != Errno.ENOENT) {
                throw failure;
            }
        }
        try {
            if (!mount.awaitEnd(LAST_USERS_LIMIT)) {
                LOG.log(Level.WARNING, "still in use: stopped all the same");
            }
        } catch (InterruptedException shutdown) {
            Thread.currentThread().interrupt();
        }
    }

    private void end() throws IOException {
        if (!isEnded.compareAndSet(false, true)) {
            return;
        }
        @Nullable IOException first = null;
        if (metrics != null) {
            metrics.close();
        }
        try {
            stack.stop();
        } catch (IOException failure) {
            LOG.log(Level.ERROR, "the end of the mount: what was not synced may be lost", failure);
            first = failure;
        }
        registry.remove(entry);
        device.close();
        LOG.log(Level.INFO, "unmounted");
        if (first != null) {
            throw first;
        }
    }

    /** The process is told to end. */
    private void terminate() {
        if (isEnded.get()) {
            return;
        }
        LOG.log(Level.INFO, "the process is told to end: unmounting");
        try {
            close();
        } catch (IOException failure) {
            LOG.log(Level.ERROR, "unmounting at the end of the process", failure);
        }
    }
}
