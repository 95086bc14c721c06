package org.scoutfs.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.FsException;
import org.scoutfs.base.InvariantViolation;
import org.scoutfs.base.MustWait;
import org.scoutfs.lock.LockClient.Use;
import org.scoutfs.lock.LockClient.Want;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.LockName.Kind;
import org.scoutfs.net.Message;

/** The server is a list of what was sent; the test speaks its part. */
class NodeLocksTest {
    private static final long RID = 7;
    private static final LockName A = new LockName(Kind.INODES, 1);
    private static final LockName B = new LockName(Kind.INODES, 2);

    private final List<Message> sent = new ArrayList<>();
    private final List<Message.LockGranted> granted = new ArrayList<>();
    private final List<CompletableFuture<LockMode>> revokes = new ArrayList<>();
    private final NodeLocks locks = new NodeLocks(RID, sent::add, granted::add, (name, kept) -> {
        CompletableFuture<LockMode> done = new CompletableFuture<>();
        revokes.add(done);
        return done;
    });

    @Test
    void whatARevokeCausesGetsThroughTheGateUntilTheHandlerIsDone() throws Exception {
        grant(A, LockMode.WRITE, 1);
        revoke(A, null, 1);
        assertThat(revokes).hasSize(1);
        Use late = locks.tryUseGated(A, LockMode.WRITE);
        assertThat(late).isNotNull();
        assertThat(locks.changedGrants()).as("what it changes is named").containsExactly(1L);
        locks.changesCommitted();
        revokes.getFirst().complete(null);
        assertThat(sent).as("it is still inside").isEmpty();
        assertThat(locks.tryUseGated(A, LockMode.READ)).as("after the handler").isNull();
        late.close();
        assertThat(sent).containsExactly(new Message.LockReleased(RID, A, null, 1));
        assertThat(locks.tryUseGated(A, LockMode.READ)).as("not held").isNull();
    }

    @Test
    void asksOnceAndIsHeldAfterTheGrant() throws Exception {
        MustWait first = mustWait(A, LockMode.READ);
        MustWait second = mustWait(A, LockMode.READ);
        assertThat(sent).containsExactly(new Message.LockRequest(RID, A, LockMode.READ));
        grant(A, LockMode.READ, 1);
        assertThat(first.on()).isCompleted();
        assertThat(second.on()).isCompleted();
        assertThat(granted).hasSize(1);
        locks.acquire(A, LockMode.READ).close();
        assertThat(sent).hasSize(1);
    }

    @Test
    void theGrantsVersionIsPublishedBeforeAnyOperationGetsIn() throws Exception {
        List<String> order = new ArrayList<>();
        NodeLocks[] holder = new NodeLocks[1];
        NodeLocks ordered = new NodeLocks(RID, message -> {}, grant -> {
            order.add("published");
            assertThatThrownBy(() -> holder[0].acquire(A, LockMode.READ)).isInstanceOf(MustWait.class);
        }, (name, kept) -> CompletableFuture.completedFuture(kept));
        holder[0] = ordered;
        MustWait wait = catchThrowableOfType(MustWait.class, () -> ordered.acquire(A, LockMode.READ));
        var unused = wait.on().thenRun(() -> order.add("woken"));
        ordered.receive(new Message.LockGranted(A, LockMode.READ, 1, List.of(), 0));
        assertThat(order).containsExactly("published", "woken");
    }

    @Test
    void aStrongerWishIsAskedForThoughTheWeakerOneIsHeld() throws Exception {
        grant(A, LockMode.READ, 1);
        mustWait(A, LockMode.WRITE);
        assertThat(sent).containsExactly(new Message.LockRequest(RID, A, LockMode.WRITE));
        locks.acquire(A, LockMode.READ).close(); // and meanwhile reading goes on
        grant(A, LockMode.WRITE, 2);
        locks.acquire(A, LockMode.WRITE).close();
    }

    @Test
    void severalAreTakenAllOrNone() throws Exception {
        grant(A, LockMode.WRITE, 1);
        assertThatThrownBy(() -> locks.acquire(List.of(new Want(B, LockMode.READ), new Want(A, LockMode.WRITE))))
                .isInstanceOf(MustWait.class);
        revoke(A, null, 1);
        assertThat(revokes).as("A was given up when B was not to be had").hasSize(1);
    }

    @Test
    void duplicatesAreMergedToTheStrongerMode() throws Exception {
        grant(A, LockMode.WRITE, 1);
        try (Use use = locks.acquire(List.of(
                new Want(A, LockMode.READ), new Want(A, LockMode.WRITE), new Want(A, LockMode.READ)))) {
            assertThat(use).isNotNull();
            assertThat(locks.changedGrants()).containsExactly(1L);
            revoke(A, null, 1);
            assertThat(revokes).isEmpty();
            locks.changesCommitted();
        }
        assertThat(revokes).hasSize(1);
    }

    @Test
    void aRevokeWaitsForTheUsersAndKeepsNewOnesOut() throws Exception {
        grant(A, LockMode.WRITE, 1);
        Use one = locks.acquire(A, LockMode.WRITE);
        Use two = locks.acquire(A, LockMode.READ);
        revoke(A, null, 1);
        MustWait late = mustWait(A, LockMode.READ);
        assertThat(revokes).isEmpty();
        one.close();
        assertThat(revokes).isEmpty();
        two.close();
        assertThat(revokes).hasSize(1);
        assertThat(sent).isEmpty();
        revokes.getFirst().complete(null);
        assertThat(sent).containsExactly(new Message.LockReleased(RID, A, null, 1));
        assertThat(late.on()).as("woken, to ask again").isCompleted();
        mustWait(A, LockMode.READ);
        assertThat(sent).endsWith(new Message.LockRequest(RID, A, LockMode.READ));
    }

    @Test
    void whatIsKeptAsReadServesReaders() throws Exception {
        grant(A, LockMode.WRITE, 1);
        revoke(A, LockMode.READ, 1);
        revokes.getFirst().complete(LockMode.READ);
        assertThat(sent).containsExactly(new Message.LockReleased(RID, A, LockMode.READ, 1));
        locks.acquire(A, LockMode.READ).close();
        mustWait(A, LockMode.WRITE);
    }

    @Test
    void staleRevokesAndGrantsAreIgnored() throws Exception {
        grant(A, LockMode.READ, 5);
        revoke(A, null, 4);
        assertThat(revokes).isEmpty();
        grant(A, LockMode.WRITE, 4);
        mustWait(A, LockMode.WRITE);
        revoke(B, null, 1);
        assertThat(revokes).isEmpty();
    }

    @Test
    void theSameRevokeTwiceIsHandledOnce() throws Exception {
        grant(A, LockMode.READ, 1);
        revoke(A, null, 1);
        revoke(A, null, 1);
        assertThat(revokes).hasSize(1);
        revokes.getFirst().complete(null);
        revoke(A, null, 1);
        assertThat(revokes).hasSize(1);
        Message.LockReleased released = new Message.LockReleased(RID, A, null, 1);
        assertThat(sent).as("what is not held is said so: the first answer may not have arrived").containsExactly(released, released);
    }

    @Test
    void aRevokeWaitsForTheCommitThatNamesTheGrant() throws Exception {
        grant(A, LockMode.WRITE, 1);
        locks.acquire(A, LockMode.WRITE).close();
        assertThat(locks.changedGrants()).containsExactly(1L);
        revoke(A, null, 1);
        revokes.getFirst().complete(null);
        assertThat(sent).as("the commit under way names grant 1").isEmpty();
        locks.changesCommitted();
        assertThat(sent).containsExactly(new Message.LockReleased(RID, A, null, 1));
    }

    @Test
    void aUserThatOutlivesTheBarrierCountsForTheNextTransactionToo() throws Exception {
        grant(A, LockMode.WRITE, 1);
        try (Use use = locks.acquire(A, LockMode.WRITE)) {
            assertThat(use).isNotNull();
            assertThat(locks.changedGrants()).containsExactly(1L);
            locks.changesCommitted();
        }
        assertThat(locks.changedGrants()).containsExactly(1L);
        locks.changesCommitted();
        assertThat(locks.changedGrants()).isEmpty();
    }

    @Test
    void aGrantThatWasGivenBackIsNotNamedByLaterCommits() throws Exception {
        grant(A, LockMode.WRITE, 1);
        locks.acquire(A, LockMode.WRITE).close();
        revoke(A, null, 1);
        revokes.getFirst().complete(null);
        assertThat(locks.changedGrants()).isEmpty();
    }

    @Test
    void readersAreNotNamedByCommits() throws Exception {
        grant(A, LockMode.WRITE, 1);
        locks.acquire(A, LockMode.READ).close();
        assertThat(locks.changedGrants()).isEmpty();
    }

    @Test
    void aFailedHandlerStopsTheClientAndKeepsTheLock() throws Exception {
        grant(A, LockMode.WRITE, 1);
        revoke(A, null, 1);
        MustWait late = mustWait(A, LockMode.READ);
        revokes.getFirst().completeExceptionally(new IOException("planned"));
        assertThat(sent).isEmpty();
        assertThat(late.on()).isCompleted();
        assertThatThrownBy(() -> locks.acquire(A, LockMode.READ)).isInstanceOf(FsException.class);
    }

    @Test
    void closingTwiceIsABug() throws Exception {
        grant(A, LockMode.READ, 1);
        Use use = locks.acquire(A, LockMode.READ);
        use.close();
        assertThatThrownBy(use::close).isInstanceOf(InvariantViolation.class);
    }

    private MustWait mustWait(LockName name, LockMode mode) {
        MustWait wait = catchThrowableOfType(MustWait.class, () -> locks.acquire(name, mode));
        assertThat(wait).isNotNull();
        assertThat(wait.on()).isNotCompleted();
        return wait;
    }

    private void grant(LockName name, LockMode mode, long number) {
        locks.receive(new Message.LockGranted(name, mode, number, List.of(), 0));
    }

    private void revoke(LockName name, LockMode kept, long number) {
        locks.receive(new Message.LockRevoke(name, kept, number));
    }
}
