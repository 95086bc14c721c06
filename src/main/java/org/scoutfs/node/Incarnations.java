package org.scoutfs.node;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.ClaimBlock;
import org.scoutfs.fs.AttributeChange;
import org.scoutfs.fs.Attributes;
import org.scoutfs.fs.CallerMemory;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.fs.Ioctls;
import org.scoutfs.fs.KernelCounts;
import org.scoutfs.fs.Request;
import org.scoutfs.server.LeaseOptions;
import org.scoutfs.server.LocalServer;
import org.scoutfs.txn.EvictedException;
import org.scoutfs.txn.ServerSession;

/**
 * The incarnations of a mount in a cluster, one after the other, as one file system.
 *
 * <pre>
 *   serving ──evicted──► away: requests wait ──► the kernel dropped all, the last request left, no I/O under way ──► joined anew,
 *      ▲                                                                   the old incarnation's goodbye said         │
 *      └───────────────────────────────────────────────────────────────────────────────────────────────────────────┘
 * </pre>
 * <ol>
 *   <li>No request is answered between an eviction and the moment when the kernel has dropped everything that it had.
 *   <li>What was not committed is lost. A file that was open for writing says so once, at its next fsync or close; syncfs says it
 *       once. File locks are lost without a word.
 *   <li>Open files stay open, and what the kernel references stays referenced: {@link KernelCounts} outlives the incarnation.
 * </ol>
 * <p>Thread-safe. {@code mutex} guards the change from one to the next.
 */
final class Incarnations implements FileSystem, Ioctls {
    private static final Logger LOG = System.getLogger("org.scoutfs.cluster");
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long DRAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long DROP_SECONDS = 10;
    private static final int DROPS_MAX = 30;
    private static final long DRAINS_PER_LINE = TimeUnit.SECONDS.toNanos(30) / DRAIN_NANOS;

    private final NodeIncarnation.Mount mount;
    private final ClusterMember member;
    private final ClusterOptions cluster;
    private final LeaseOptions leases;
    private final Clock leaseClock;
    private final KernelCounts counts = new KernelCounts();
    private final Set<Long> lostWrites = ConcurrentHashMap.newKeySet();
    private final ThreadLocal<NodeIncarnation> entered = new ThreadLocal<>();
    private final AtomicLong rejoins = new AtomicLong();
    private volatile boolean isGivenUp;
    private volatile boolean isSyncLost;
    private volatile @Nullable NodeIncarnation current;
    private volatile @Nullable CompletableFuture<Void> away;

    private final ReentrantLock mutex = new ReentrantLock();
    // Guarded by mutex.
    private @Nullable Thread rejoining;
    private boolean isStopped;

    private Incarnations(
            NodeIncarnation.Mount mount, ClusterMember member, ClusterOptions cluster, LeaseOptions leases, Clock leaseClock) {
        this.mount = mount;
        this.member = member;
        this.cluster = cluster;
        this.leases = leases;
        this.leaseClock = leaseClock;
    }

    /** @param leaseClock counts suspended time */
    static Incarnations start(
            NodeIncarnation.Mount mount, ClusterMember member, ClusterOptions cluster, LeaseOptions leases, Clock leaseClock, long rid)
            throws IOException, InterruptedException {
        Incarnations all = new Incarnations(mount, member, cluster, leases, leaseClock);
        all.current = all.join(rid);
        return all;
    }

    private NodeIncarnation join(long rid) throws IOException, InterruptedException {
        ServerSession session = new ServerSession(rid, leases.leaseNanos(), mount.counters());
        ServerLink link = ServerLink.start(member, session, mount.volume(), cluster, leaseClock);
        return new NodeIncarnation(mount, session, link, counts, this::evicted);
    }

    NodeIncarnation current() {
        NodeIncarnation now = current;
        if (now == null) {
            throw new IllegalStateException("the mount did not start");
        }
        return now;
    }

    /** How often this mount was evicted and joined again. */
    long rejoins() {
        return rejoins.get();
    }

    // ---- from one to the next ----------------------------------------------------------------------------------------

    /** On the connection's thread. */
    private void evicted(NodeIncarnation which, EvictedException why) {
        mutex.lock();
        try {
            if (which != current) {
                which.refuseLocks(); // it was still starting, and fails now
                return;
            }
            if (isStopped || away != null) {
                return;
            }
            LOG.log(Level.ERROR, why.getMessage() + ". What was not committed is lost; the mount joins again");
            away = new CompletableFuture<>();
            rejoining = Thread.ofPlatform().name("scoutfs-rejoin").daemon(true).start(() -> rejoin(which));
        } finally {
            mutex.unlock();
        }
    }

    private void rejoin(NodeIncarnation old) {
        try {
            lostWrites.addAll(counts.writable());
            isSyncLost = true;
            old.stopTaking();
            if (!dropAll()) {
                giveUp();
                return;
            }
            drain(old);
            try {
                old.close();
            } catch (IOException expected) {
                LOG.log(Level.DEBUG, "the incarnation before had failed", expected);
            }
            NodeIncarnation next = joinAtLast();
            try {
                next.sayGoodbyeFor(old.rid());
            } catch (IOException failure) {
                LOG.log(Level.WARNING, "the space of the incarnation before stays out of use for now", failure);
            }
            arrived(next);
        } catch (InterruptedException stopped) {
            LOG.log(Level.DEBUG, "unmounted instead of joined again");
        } catch (RuntimeException bug) {
            LOG.log(Level.ERROR, "a bug: this mount does not join again", bug);
        }
    }

    /** @return false when the kernel did not do it within {@value #DROPS_MAX} tries of {@value #DROP_SECONDS} s */
    private boolean dropAll() throws InterruptedException {
        for (int tries = 0; tries < DROPS_MAX; tries++) {
            try {
                Object unused = counts.dropAll(mount.kernel()).get(DROP_SECONDS, TimeUnit.SECONDS);
                return true;
            } catch (ExecutionException | TimeoutException failure) {
                LOG.log(Level.WARNING, "the kernel still keeps what it had of the incarnation before: " + failure);
            }
        }
        return false;
    }

    /**
     * Waits for the requests that are inside. Nobody waits for a lock or for a server there any more, so each ends when the device has
     * answered it; and before that the incarnation's goodbye must not be said, which gives its blocks to others. So this has no limit of
     * its own, and says what it waits for.
     */
    private static void drain(NodeIncarnation old) throws InterruptedException {
        for (long rests = 1; old.users.get() > 0; rests++) {
            rest(DRAIN_NANOS);
            if (rests % DRAINS_PER_LINE == 0) {
                LOG.log(Level.WARNING, old.users.get() + " requests of the incarnation before still wait for the device");
            }
        }
    }

    /** As long as it takes: where there is no server, operations of a mount wait, also of one that was evicted. */
    private NodeIncarnation joinAtLast() throws InterruptedException {
        String told = "";
        while (true) {
            try {
                checkDevice();
                long rid = LocalServer.newRid(Rng.secure());
                return join(rid);
            } catch (IOException failure) {
                String why = String.valueOf(failure.getMessage());
                LOG.log(why.equals(told) ? Level.DEBUG : Level.WARNING, "this mount cannot join again yet: " + why);
                told = why;
                rest(RETRY_NANOS);
            }
        }
    }

    /** Who joins without a device takes locks that it cannot give back: each attempt would keep the others waiting for a lease. */
    private void checkDevice() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            mount.volume()
                    .device()
                    .read(ClaimBlock.BLKNO, arena.allocate(BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE));
        }
    }

    /** Requests get errors from now on: unmount it. */
    private void giveUp() {
        LOG.log(Level.ERROR, "the kernel does not let go of what it had: this mount cannot join again, and answers EIO. Unmount it");
        CompletableFuture<Void> waiting;
        mutex.lock();
        try {
            isGivenUp = true;
            rejoining = null;
            waiting = away;
            away = null;
        } finally {
            mutex.unlock();
        }
        if (waiting != null) {
            waiting.complete(null);
        }
    }

    private static void rest(long nanos) throws InterruptedException {
        LockSupport.parkNanos(nanos);
        if (Thread.interrupted()) {
            throw new InterruptedException("the mount ends");
        }
    }

    private void arrived(NodeIncarnation next) {
        CompletableFuture<Void> waiting;
        mutex.lock();
        try {
            current = next;
            rejoining = null;
            waiting = away;
            away = null;
        } finally {
            mutex.unlock();
        }
        rejoins.incrementAndGet();
        MountLog.name(mount.volume().volumeId(), next.rid());
        LOG.log(Level.INFO, "joined again");
        if (waiting != null) {
            waiting.complete(null);
        }
    }

    void close() throws IOException {
        Thread under;
        mutex.lock();
        try {
            isStopped = true;
            under = rejoining;
        } finally {
            mutex.unlock();
        }
        if (under != null) {
            under.interrupt();
            try {
                under.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        current().close();
    }

    // ---- requests ----------------------------------------------------------------------------------------------------

    @Override
    public void enter() {
        NodeIncarnation now = current();
        now.users.incrementAndGet();
        entered.set(now);
        now.fileSystem().enter();
    }

    @Override
    public void leave() {
        NodeIncarnation was = entered.get();
        entered.remove();
        if (was != null) {
            was.fileSystem().leave();
            was.users.decrementAndGet();
        }
    }

    /** The incarnation that serves; waits while there is none. */
    private NodeIncarnation inside() throws MustWait, FsException {
        CompletableFuture<Void> waiting = away;
        if (waiting != null) {
            throw MustWait.on(waiting);
        }
        if (isGivenUp) {
            throw FsException.of(Errno.EIO);
        }
        return current();
    }

    @Override
    public void forget(long ino, long count) {
        current().fileSystem().forget(ino, count);
    }

    @Override
    public void release(long ino, long handle, long lockOwner, boolean unlockFlock) {
        current().fileSystem().release(ino, handle, lockOwner, unlockFlock);
    }

    @Override
    public void releaseDirectory(long ino, long handle) {
        current().fileSystem().releaseDirectory(ino, handle);
    }

    @Override
    public int write(
            Request request,
            long ino,
            long handle,
            long offset,
            MemorySegment from,
            boolean append,
            boolean fromPageCache,
            boolean killPrivileges)
            throws FsException, MustWait, IOException {
        if (fromPageCache && away != null) {
            throw FsException.of(Errno.EIO); // the kernel drops it now, and waits for this answer
        }
        return inside().fileSystem().write(request, ino, handle, offset, from, append, fromPageCache, killPrivileges);
    }

    @Override
    public void flush(Request request, long ino, long handle, long lockOwner) throws FsException, MustWait, IOException {
        inside().fileSystem().flush(request, ino, handle, lockOwner);
        sayLost(ino);
    }

    @Override
    public void fsync(Request request, long ino, long handle, boolean dataOnly) throws FsException, MustWait, IOException {
        NodeIncarnation now = inside();
        sayLost(ino);
        now.fileSystem().fsync(request, ino, handle, dataOnly);
    }

    private void sayLost(long ino) throws FsException {
        if (!lostWrites.isEmpty() && lostWrites.remove(ino)) {
            throw FsException.of(Errno.EIO);
        }
    }

    @Override
    public void syncFileSystem(Request request) throws FsException, MustWait, IOException {
        NodeIncarnation now = inside();
        if (isSyncLost) {
            isSyncLost = false;
            throw FsException.of(Errno.EIO);
        }
        now.fileSystem().syncFileSystem(request);
    }

    @Override
    public Reply call(
            Request request,
            long ino,
            long handle,
            boolean isDirectory,
            int command,
            long argument,
            MemorySegment in,
            int outSize,
            CallerMemory caller)
            throws FsException, MustWait, IOException {
        return inside().ioctls().call(request, ino, handle, isDirectory, command, argument, in, outSize, caller);
    }

    @Override
    public Attributes lookup(Request request, long parentIno, byte[] name)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().lookup(request, parentIno, name);
    }

    @Override
    public Attributes mknod(
            Request request, long parentIno, byte[] name, int mode, int rdev, int umask)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().mknod(request, parentIno, name, mode, rdev, umask);
    }

    @Override
    public Attributes mkdir(Request request, long parentIno, byte[] name, int mode, int umask)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().mkdir(request, parentIno, name, mode, umask);
    }

    @Override
    public Attributes symlink(Request request, long parentIno, byte[] name, byte[] target)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().symlink(request, parentIno, name, target);
    }

    @Override
    public Attributes link(Request request, long ino, long newParentIno, byte[] newName)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().link(request, ino, newParentIno, newName);
    }

    @Override
    public void unlink(Request request, long parentIno, byte[] name)
            throws FsException, MustWait, IOException {
        inside().fileSystem().unlink(request, parentIno, name);
    }

    @Override
    public void rmdir(Request request, long parentIno, byte[] name)
            throws FsException, MustWait, IOException {
        inside().fileSystem().rmdir(request, parentIno, name);
    }

    @Override
    public void rename(
            Request request, long oldParentIno, byte[] oldName, long newParentIno, byte[] newName, int flags)
            throws FsException, MustWait, IOException {
        inside().fileSystem().rename(request, oldParentIno, oldName, newParentIno, newName, flags);
    }

    @Override
    public byte[] readlink(Request request, long ino)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().readlink(request, ino);
    }

    @Override
    public Attributes getAttributes(Request request, long ino)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().getAttributes(request, ino);
    }

    @Override
    public Attributes setAttributes(Request request, long ino, AttributeChange change)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().setAttributes(request, ino, change);
    }

    @Override
    public OpenFile open(Request request, long ino, int flags, boolean killPrivileges)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().open(request, ino, flags, killPrivileges);
    }

    @Override
    public Created create(
            Request request, long parentIno, byte[] name, int flags, int mode, int umask)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().create(request, parentIno, name, flags, mode, umask);
    }

    @Override
    public Created tmpfile(Request request, long parentIno, int flags, int mode, int umask)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().tmpfile(request, parentIno, flags, mode, umask);
    }

    @Override
    public int read(Request request, long ino, long handle, long offset, MemorySegment into)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().read(request, ino, handle, offset, into);
    }

    @Override
    public void fallocate(
            Request request, long ino, long handle, long offset, long length, int mode)
            throws FsException, MustWait, IOException {
        inside().fileSystem().fallocate(request, ino, handle, offset, length, mode);
    }

    @Override
    public long seek(Request request, long ino, long handle, long offset, int whence)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().seek(request, ino, handle, offset, whence);
    }

    @Override
    public long copyFileRange(
             Request request, long fromIno, long fromHandle, long fromOffset, long toIno, long toHandle, long toOffset, long length)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().copyFileRange(request, fromIno, fromHandle, fromOffset, toIno, toHandle, toOffset, length);
    }

    @Override
    public long openDirectory(Request request, long ino)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().openDirectory(request, ino);
    }

    @Override
    public void readDirectory(
            Request request, long ino, long handle, long cookie, boolean withAttributes, DirectorySink sink)
            throws FsException, MustWait, IOException {
        inside().fileSystem().readDirectory(request, ino, handle, cookie, withAttributes, sink);
    }

    @Override
    public byte[] getXattr(Request request, long ino, byte[] name)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().getXattr(request, ino, name);
    }

    @Override
    public byte[] listXattrs(Request request, long ino)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().listXattrs(request, ino);
    }

    @Override
    public void setXattr(
            Request request, long ino, byte[] name, byte[] value, int flags, boolean clearSetgid)
            throws FsException, MustWait, IOException {
        inside().fileSystem().setXattr(request, ino, name, value, flags, clearSetgid);
    }

    @Override
    public void removeXattr(Request request, long ino, byte[] name)
            throws FsException, MustWait, IOException {
        inside().fileSystem().removeXattr(request, ino, name);
    }

    @Override
    public @Nullable FileLock testLock(
            Request request, long ino, long handle, long owner, FileLock wanted)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().testLock(request, ino, handle, owner, wanted);
    }

    @Override
    public void setLock(
            Request request, long ino, long handle, long owner, FileLock lock, boolean flock, boolean wait)
            throws FsException, MustWait, IOException {
        inside().fileSystem().setLock(request, ino, handle, owner, lock, flock, wait);
    }

    @Override
    public Statistics statfs(Request request)
            throws FsException, MustWait, IOException {
        return inside().fileSystem().statfs(request);
    }
}
