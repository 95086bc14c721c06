package org.scoutfs.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.lsm.CompactionOptions;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message;
import org.scoutfs.volume.Geometry;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.VolumeState;

/** A node that comes back on a new connection believes nothing before the answer to its declaration. */
class DeclarationOrderTest {
    private static final long LEASE = 1_000_000_000;
    private static final LockName LOCK = new LockName(LockName.Kind.INODES, 4);

    @Test
    void aLockIsWantedBackAfterTheAnswerAndNotBeforeIt() throws Exception {
        VolumeState state = VolumeState.empty(new Geometry(20_000, 0));
        state.apply(new StateEdit.EpochBegan(2, 99, ProcessIdentity.NONE));
        ServerCore core = new ServerCore(
                state, new ServerOptions(40, 20, 8, 64, 16, 1, CompactionOptions.TINY), 1, false, LeaseOptions.of(LEASE), 0);
        core.confirmAuthority(0);
        core.receive(new Message.Join(1, 11, false), ProcessIdentity.NONE, 1);
        core.receive(new Message.Join(1, 22, false), ProcessIdentity.NONE, 1);
        core.receive(new Message.LockRequest(11, LOCK, LockMode.WRITE), ProcessIdentity.NONE, 2);
        long grant = core.takeOutput().messages().stream()
                .map(Output.Outgoing::message)
                .filter(Message.LockGranted.class::isInstance)
                .mapToLong(message -> ((Message.LockGranted) message).grantNumber())
                .findFirst()
                .orElseThrow();
        core.receive(new Message.LockRequest(22, LOCK, LockMode.WRITE), ProcessIdentity.NONE, 3);
        Output lostWithTheConnection = core.takeOutput();
        assertThat(lostWithTheConnection.messages()).isNotEmpty();

        core.receive(new Message.DeclareLocks(11, 1, List.of(new Message.HeldGrant(LOCK, LockMode.WRITE, grant))),
                ProcessIdentity.NONE, 4);
        core.receive(new Message.Declare(11, 1, 2, 0, 1, List.of()), ProcessIdentity.NONE, 5);

        List<Class<?>> heard = new ArrayList<>();
        core.takeOutput().messages().forEach(one -> {
            if (one.rid() == 11) {
                heard.add(one.message().getClass());
            }
        });
        assertThat(heard).containsSubsequence(Message.Declared.class, Message.LockRevoke.class);
    }
}
