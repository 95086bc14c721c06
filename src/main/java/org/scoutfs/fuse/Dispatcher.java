package org.scoutfs.fuse;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.InvariantViolation;
import org.scoutfs.base.MustWait;
import org.scoutfs.base.PacedLog;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.fs.Ioctls;
import org.scoutfs.fuse.wire.Arguments;
import org.scoutfs.fuse.wire.Opcode;
import org.scoutfs.fuse.wire.Requests;
import org.scoutfs.fuse.wire.Timeouts;
import org.scoutfs.fuse.wire.Wire;

/**
 * Runs one request: finds the operation, calls it, and turns what it throws into the error of the reply. The one place where
 * exceptions become error numbers.
 *
 * <p>Thread-safe; it holds no state of any request.
 */
final class Dispatcher {
    private static final Logger LOG = System.getLogger("org.scoutfs.fuse");

    /** A program that reads a damaged block again and again fails as often as it likes. */
    private final PacedLog failures = new PacedLog(LOG, Clock.system());

    private final FileSystem fileSystem;
    private final FuseHooks hooks;
    private final NameOperations names;
    private final FileOperations files;
    private final InodeOperations inodes;
    private final IoctlOperations ioctls;
    private final WaitingRequests waiting;
    private final Executor elsewhere;
    private final Runnable onDestroy;

    /**
     * @param elsewhere threads that serve no queue: for private ioctls and the last commit
     * @param drops null where this mount is alone
     * @param onDestroy makes everything durable; waits
     */
    Dispatcher(
            FileSystem fileSystem,
            Ioctls ioctls,
            FuseHooks hooks,
            Timeouts timeouts,
            boolean cacheDirectories,
            boolean kernelLocks,
            boolean kernelKeepsWrites,
            @Nullable KernelDrops drops,
            WaitingRequests waiting,
            Executor elsewhere,
            Runnable onDestroy) {
        this.fileSystem = fileSystem;
        this.hooks = hooks;
        this.names = new NameOperations(fileSystem, timeouts);
        this.files = new FileOperations(fileSystem, timeouts, cacheDirectories, kernelLocks, kernelKeepsWrites, drops);
        this.inodes = new InodeOperations(fileSystem, timeouts);
        this.ioctls = new IoctlOperations(ioctls);
        this.waiting = waiting;
        this.elsewhere = elsewhere;
        this.onDestroy = onDestroy;
    }

    /** Runs a request on the thread that received it, or that it was brought back to after waiting. */
    Outcome run(Exchange exchange) {
        int opcode = exchange.opcode();
        return switch (opcode) {
            case Opcode.FORGET, Opcode.BATCH_FORGET, Opcode.INTERRUPT, Opcode.NOTIFY_REPLY -> runSilently(exchange);
            case Opcode.IOCTL, Opcode.DESTROY -> handOver(exchange);
            default -> runHere(exchange);
        };
    }

    private Outcome runHere(Exchange exchange) {
        fileSystem.enter();
        try {
            exchange.succeed(call(exchange));
        } catch (FsException answer) {
            exchange.fail(answer.errno());
        } catch (MustWait wait) {
            waiting.park(exchange, wait.on());
            return Outcome.TAKEN;
        } catch (IOException failure) {
            failures.log(Level.ERROR, describe(exchange) + ": " + failure.getMessage());
            exchange.fail(Errno.EIO);
        } catch (InvariantViolation bug) {
            LOG.log(Level.ERROR, () -> describe(exchange) + ": our bug, no more writes", bug);
            hooks.failed(bug);
            exchange.fail(Errno.EIO);
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError | AssertionError bug) {
            LOG.log(Level.ERROR, () -> describe(exchange) + ": our bug, no more writes", bug);
            hooks.failed(bug);
            exchange.fail(Errno.EIO);
        } finally {
            fileSystem.leave();
        }
        return Outcome.ANSWERED;
    }

    private static String describe(Exchange exchange) {
        return Opcode.name(exchange.opcode()) + " of inode " + exchange.ino();
    }

    /** @return the size of the reply's body */
    private int call(Exchange x) throws FsException, MustWait, IOException {
        Arguments arguments = x.openArguments();
        return switch (x.opcode()) {
            case Opcode.LOOKUP -> names.lookup(x, arguments);
            case Opcode.MKNOD -> names.mknod(x, arguments);
            case Opcode.MKDIR -> names.mkdir(x, arguments);
            case Opcode.SYMLINK -> names.symlink(x, arguments);
            case Opcode.LINK -> names.link(x, arguments);
            case Opcode.UNLINK -> names.unlink(x, arguments);
            case Opcode.RMDIR -> names.rmdir(x, arguments);
            case Opcode.RENAME -> names.rename(x, arguments, 0);
            case Opcode.RENAME2 -> names.rename(x, arguments, x.u32(Requests.RENAME2_FLAGS));
            case Opcode.READLINK -> names.readlink(x);

            case Opcode.OPEN -> files.open(x);
            case Opcode.CREATE -> files.create(x, arguments);
            case Opcode.TMPFILE -> files.tmpfile(x);
            case Opcode.READ -> files.read(x);
            case Opcode.WRITE -> files.write(x, arguments);
            case Opcode.FLUSH -> files.flush(x);
            case Opcode.RELEASE -> files.release(x);
            case Opcode.FSYNC, Opcode.FSYNCDIR -> files.fsync(x);
            case Opcode.FALLOCATE -> files.fallocate(x);
            case Opcode.LSEEK -> files.seek(x);
            case Opcode.COPY_FILE_RANGE -> files.copyFileRange(x, false);
            case Opcode.COPY_FILE_RANGE_64 -> files.copyFileRange(x, true);
            case Opcode.OPENDIR -> files.openDirectory(x);
            case Opcode.READDIR -> files.readDirectory(x, false);
            case Opcode.READDIRPLUS -> files.readDirectory(x, true);
            case Opcode.RELEASEDIR -> files.releaseDirectory(x);

            case Opcode.GETATTR -> inodes.getAttributes(x);
            case Opcode.STATX -> inodes.statx(x);
            case Opcode.SETATTR -> inodes.setAttributes(x);
            case Opcode.GETXATTR -> inodes.getXattr(x, arguments);
            case Opcode.LISTXATTR -> inodes.listXattrs(x);
            case Opcode.SETXATTR -> inodes.setXattr(x, arguments);
            case Opcode.REMOVEXATTR -> inodes.removeXattr(x, arguments);
            case Opcode.GETLK -> inodes.testLock(x);
            case Opcode.SETLK -> inodes.setLock(x, false);
            case Opcode.SETLKW -> inodes.setLock(x, true);
            case Opcode.STATFS -> inodes.statfs(x);
            case Opcode.SYNCFS -> inodes.syncFileSystem(x);

            case Opcode.IOCTL -> ioctls.call(x, arguments);
            // The kernel remembers this answer: it checks access by itself, finds every file ready, and maps no blocks.
            default -> throw FsException.of(Errno.ENOSYS);
        };
    }

    /** What must not run on a thread that serves a queue: the kernel may need that queue before the call returns. */
    private Outcome handOver(Exchange exchange) {
        boolean isDestroy = exchange.opcode() == Opcode.DESTROY;
        try {
            elsewhere.execute(() -> {
                if (isDestroy) {
                    onDestroy.run();
                    exchange.succeed(0);
                } else if (runHere(exchange) == Outcome.TAKEN) {
                    return;
                }
                exchange.answerFromElsewhere();
            });
            return Outcome.TAKEN;
        } catch (RejectedExecutionException ending) {
            exchange.fail(isDestroy ? Errno.EIO : Errno.EINTR);
            return Outcome.ANSWERED;
        }
    }

    private Outcome runSilently(Exchange exchange) {
        try {
            Arguments arguments = exchange.openArguments();
            switch (exchange.opcode()) {
                case Opcode.FORGET -> fileSystem.forget(exchange.ino(), exchange.u64(Requests.FORGET_COUNT));
                case Opcode.BATCH_FORGET -> forgetAll(exchange, arguments);
                case Opcode.INTERRUPT -> waiting.interrupt(exchange.u64(Requests.INTERRUPT_UNIQUE));
                default -> {}
            }
        } catch (FsException malformed) {
            LOG.log(Level.WARNING, () -> "malformed " + describe(exchange));
        } catch (RuntimeException bug) {
            LOG.log(Level.ERROR, () -> describe(exchange) + ": our bug, no more writes", bug);
            hooks.failed(bug);
        }
        return Outcome.SILENT;
    }

    private void forgetAll(Exchange exchange, Arguments arguments) throws FsException {
        long count = Integer.toUnsignedLong(exchange.u32(Requests.BATCH_FORGET_COUNT));
        MemorySegment list = arguments.view(count * Requests.FORGET_ONE_SIZE);
        for (long i = 0; i < count; i++) {
            long at = i * Requests.FORGET_ONE_SIZE;
            fileSystem.forget(
                    Wire.ino(list.get(Wire.U64, at + Requests.FORGET_ONE_NODE_ID)),
                    list.get(Wire.U64, at + Requests.FORGET_ONE_COUNT));
        }
    }
}
