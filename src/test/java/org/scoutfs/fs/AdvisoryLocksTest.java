package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.FileSystem.FileLock;
import org.scoutfs.fs.FileSystem.FileLock.Kind;

class AdvisoryLocksTest {
    private static final long INO = 7;
    private static final long END = Long.MAX_VALUE;

    private final AdvisoryLocks locks = new AdvisoryLocks();

    @AfterEach
    void nothingIsLeft() {
        for (long owner = 1; owner <= 4; owner++) {
            locks.dropOwner(INO, owner);
            locks.dropOwner(INO + 1, owner);
            locks.dropHandle(INO, owner, owner, true);
        }
        assertThat(locks.heldCount()).isZero();
    }

    @Test
    void readersShareAndAWriterIsAlone() throws Exception {
        set(1, Kind.READ, 0, 99);
        set(2, Kind.READ, 50, END);
        assertThat(tried(3, Kind.WRITE, 99, 99)).isEqualTo(Errno.EAGAIN);
        assertThat(locks.test(INO, 3, new FileLock(10, 20, Kind.WRITE, 0))).isEqualTo(new FileLock(0, 99, Kind.READ, 1));
        assertThat(locks.test(INO, 3, new FileLock(10, 20, Kind.READ, 0))).isNull();
        locks.dropOwner(INO, 2);
        set(3, Kind.WRITE, 100, END);
        assertThat(tried(1, Kind.READ, 0, 100)).isEqualTo(Errno.EAGAIN);
    }

    @Test
    void anOwnersLocksAreSplitAndJoined() throws Exception {
        set(1, Kind.WRITE, 0, 99);
        set(1, Kind.UNLOCK, 40, 59);
        assertThat(locks.heldCount()).isEqualTo(2);
        set(2, Kind.WRITE, 40, 59);
        assertThat(tried(2, Kind.WRITE, 39, 59)).isEqualTo(Errno.EAGAIN);
        set(2, Kind.UNLOCK, 0, END);
        set(1, Kind.WRITE, 40, 59);
        assertThat(locks.heldCount()).as("neighbours are one").isEqualTo(1);
        set(1, Kind.READ, 10, 19);
        assertThat(locks.heldCount()).as("another kind is another lock").isEqualTo(3);
        set(2, Kind.READ, 10, 19);
        assertThat(tried(2, Kind.READ, 9, 19)).isEqualTo(Errno.EAGAIN);
    }

    @Test
    void aWaiterIsWokenAndThenHasTheLock() throws Exception {
        set(1, Kind.WRITE, 0, END);
        Request request = new Request(0, 0, 2);
        MustWait wait = waits(request, 2, Kind.WRITE, 5, 5, false);
        assertThat(wait.on()).isNotDone();
        locks.dropOwner(INO, 1);
        assertThat(wait.on()).isDone();
        locks.set(request, INO, 2, 2, new FileLock(5, 5, Kind.WRITE, 2), false, true);
        assertThat(tried(3, Kind.READ, 5, 5)).isEqualTo(Errno.EAGAIN);
    }

    @Test
    void aWaiterThatIsInterruptedLeavesNothingBehind() throws Exception {
        set(1, Kind.WRITE, 0, END);
        Request request = new Request(0, 0, 2);
        waits(request, 2, Kind.WRITE, 5, 5, false);
        request.interrupt();
        assertThat(errno(() -> locks.set(request, INO, 2, 2, new FileLock(5, 5, Kind.WRITE, 2), false, true)))
                .isEqualTo(Errno.EINTR);
        set(1, Kind.UNLOCK, 0, END);
        assertThat(locks.heldCount()).isZero();
    }

    @Test
    void aCircleIsRefused() throws Exception {
        set(1, Kind.WRITE, 0, 0);
        set(2, Kind.WRITE, 1, 1);
        set(3, Kind.WRITE, 2, 2);
        waits(new Request(0, 0, 1), 1, Kind.WRITE, 1, 1, false);
        Request second = new Request(0, 0, 2);
        waits(second, 2, Kind.READ, 2, 2, false);
        assertThat(errno(() -> locks.set(new Request(0, 0, 3), INO, 3, 3, new FileLock(0, 0, Kind.READ, 3), false, true)))
                .isEqualTo(Errno.EDEADLK);
        second.interrupt();
        assertThat(errno(() -> locks.set(second, INO, 2, 2, new FileLock(2, 2, Kind.READ, 2), false, true)))
                .isEqualTo(Errno.EINTR);
        waits(new Request(0, 0, 3), 3, Kind.READ, 0, 0, false); // no circle any more
    }

    @Test
    void flocksAreAFamilyOfTheirOwn() throws Exception {
        set(1, Kind.WRITE, 0, END);
        locks.set(new Request(0, 0, 2), INO, 2, 2, new FileLock(0, END, Kind.WRITE, 2), true, false);
        assertThat(errno(() -> locks.set(
                        new Request(0, 0, 3), INO, 3, 3, new FileLock(0, END, Kind.READ, 3), true, false)))
                .isEqualTo(Errno.EAGAIN);
        MustWait wait = waits(new Request(0, 0, 3), 3, Kind.READ, 0, END, true);
        locks.dropOwner(INO, 2);
        assertThat(wait.on()).as("a close of one of several descriptors keeps a flock").isNotDone();
        locks.dropHandle(INO, 2, 2, true);
        assertThat(wait.on()).isDone();
    }

    @Test
    void openFileDescriptionLocksGoWithTheHandle() throws Exception {
        locks.set(new Request(0, 0, 1), INO, 3, 1000, new FileLock(0, 9, Kind.WRITE, 1), false, false);
        locks.dropOwner(INO, 1);
        assertThat(tried(2, Kind.READ, 0, 0)).isEqualTo(Errno.EAGAIN);
        locks.dropHandle(INO, 3, 0, false);
        set(2, Kind.READ, 0, 0);
    }

    private void set(long owner, Kind kind, long start, long end) throws FsException, MustWait {
        locks.set(new Request(0, 0, (int) owner), INO, owner, owner, new FileLock(start, end, kind, (int) owner), false, false);
    }

    private Errno tried(long owner, Kind kind, long start, long end) {
        return errno(() -> set(owner, kind, start, end));
    }

    private MustWait waits(Request request, long owner, Kind kind, long start, long end, boolean flock) {
        FileLock lock = new FileLock(start, end, kind, (int) owner);
        Throwable thrown = catchThrowable(() -> locks.set(request, INO, owner, owner, lock, flock, true));
        assertThat(thrown).isInstanceOf(MustWait.class);
        return (MustWait) thrown;
    }

    private static Errno errno(org.assertj.core.api.ThrowableAssert.ThrowingCallable action) {
        Throwable thrown = catchThrowable(action);
        assertThat(thrown).isInstanceOf(FsException.class);
        return ((FsException) thrown).errno();
    }
}
