package org.scoutfs.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Rng;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.net.Tls;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.MemoryRegister;
import org.scoutfs.testkit.TestCertificates;

/** Real Ratis voters in this process, on ports of the loopback. Every wait is for something that has to come; none is a race. */
class RaftQuorumTest {
    private static final long VOLUME = 0x1234_5678L;
    private static final Duration DEADLINE = Duration.ofSeconds(90);
    private static final RaftTimes TIMES = new RaftTimes(600, 1000, 2000);

    @TempDir Path dir;

    private final MemoryRegister register = new MemoryRegister();
    private final Map<Integer, Voter> voters = new HashMap<>();
    private List<QuorumSlot> slots = List.of();
    private @Nullable Tls tls;

    /** One mount's voter, which always wants to lead, as a server does. */
    private static final class Voter implements Quorum.Listener {
        final RaftQuorum quorum;
        final List<Long> epochs = new CopyOnWriteArrayList<>();
        final List<Long> lost = new CopyOnWriteArrayList<>();
        final List<Reign> heard = new CopyOnWriteArrayList<>();
        final CompletableFuture<String> end = new CompletableFuture<>();

        Voter(RaftQuorum quorum) {
            this.quorum = quorum;
            quorum.listen(this);
            Thread.ofPlatform().daemon(true).start(this::reign);
        }

        private void reign() {
            try {
                long newest = 0;
                while (true) {
                    long epoch = quorum.awaitLeadership(newest);
                    newest = epoch;
                    epochs.add(epoch);
                    Await.that("the end of epoch " + epoch, Duration.ofMinutes(10), () -> lost.contains(epoch));
                }
            } catch (IOException | InterruptedException e) {
                end.complete(String.valueOf(e.getMessage()));
            }
        }

        @Override
        public void began(Reign reign) {
            heard.add(reign);
        }

        @Override
        public void lost(long epoch, String why) {
            lost.add(epoch);
        }

        boolean leads() throws IOException {
            return !epochs.isEmpty() && quorum.isLeader(epochs.getLast());
        }
    }

    @AfterEach
    void stopAll() {
        voters.values().forEach(voter -> voter.quorum.stop());
    }

    /** Ports that nobody has, and that the kernel gives to nobody: below those that it chooses from. */
    private void configure(int count) throws IOException {
        Rng rng = Rng.secure();
        List<QuorumSlot> made = new ArrayList<>();
        while (made.size() < count) {
            int port = 20_000 + rng.nextInt(10_000);
            boolean isNew = made.stream().noneMatch(slot -> slot.port() == port);
            if (isNew && isFree(port)) {
                made.add(new QuorumSlot(made.size(), "127.0.0.1", port));
            }
        }
        slots = made;
    }

    private static boolean isFree(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.isBound();
        } catch (BindException taken) {
            return false;
        }
    }

    private RaftSettings settings(int slot, long version) {
        return new RaftSettings(VOLUME, version, slots, slot, dir, 100 + slot,
                new NodeAddress("127.0.0.1", 1000 + slot), "node" + slot, tls, TIMES);
    }

    private Voter start(int slot, long version) throws IOException {
        Voter voter = new Voter(RaftQuorum.start(settings(slot, version), register, Clock.system()));
        voters.put(slot, voter);
        return voter;
    }

    private void stop(Voter voter) {
        voter.quorum.stop();
        voters.values().remove(voter);
    }

    private void startAll() throws IOException {
        for (QuorumSlot slot : slots) {
            start(slot.number(), 1);
        }
    }

    private Voter awaitLeader() {
        List<Voter> found = new ArrayList<>();
        Await.that("a leader", DEADLINE, () -> {
            found.clear();
            for (Voter voter : voters.values()) {
                if (voter.leads()) {
                    found.add(voter);
                }
            }
            return found.size() == 1;
        });
        return found.getFirst();
    }

    private static long epoch(Voter voter) {
        return voter.epochs.getLast();
    }

    @Test
    void oneIsElectedAndAllKnowWho() throws Exception {
        configure(3);
        startAll();
        Voter leader = awaitLeader();
        long epoch = epoch(leader);
        RaftFollower client = RaftFollower.start(settings(-1, 1), register, null);
        try {
            Await.that("all know", DEADLINE, () -> {
                Reign atClient = client.reign();
                boolean isKnown = atClient != null && atClient.epoch() >= epoch;
                for (Voter voter : voters.values()) {
                    Reign reign = voter.quorum.reign();
                    isKnown &= reign != null && reign.epoch() >= epoch;
                }
                return isKnown;
            });
            Reign reign = client.reign();
            assertThat(reign).isNotNull();
            assertThat(reign.address().port()).isEqualTo(1000 + reign.slot());
            assertThat(reign.nodeName()).isEqualTo("node" + reign.slot());
            assertThat(client.isLeader(reign.epoch())).isFalse();
            assertThat(client.members()).hasSize(3);
        } finally {
            client.close();
        }
        assertThat(leader.quorum.isLeader(epoch + 1)).isFalse();
        assertThat(leader.quorum.members()).extracting(Member::slot).containsExactly(0, 1, 2);
        for (Voter voter : voters.values()) {
            if (voter != leader) {
                assertThat(voter.quorum.isLeader(epoch)).isFalse();
            }
        }
    }

    /** Kill the leader, and the next one; then there is no majority. */
    @Test
    void epochsRiseAcrossDeathsAndRestarts() throws Exception {
        configure(3);
        startAll();
        Voter first = awaitLeader();
        long firstEpoch = epoch(first);
        int firstSlot = slotOf(first);
        stop(first);
        Voter second = awaitLeader();
        long secondEpoch = epoch(second);
        assertThat(secondEpoch).isGreaterThan(firstEpoch);
        assertThat(first.quorum.isLeader(firstEpoch)).isFalse();
        Await.that("it hears that it lost", DEADLINE, () -> first.lost.contains(firstEpoch));
        // The dead one comes back with its directory, the same voter.
        Voter back = start(firstSlot, 1);
        assertThat(back.quorum.identity()).isEqualTo("slot" + firstSlot + ".0");
        Await.that("it hears of the reign", DEADLINE, () -> {
            Reign reign = back.quorum.reign();
            return reign != null && reign.epoch() >= secondEpoch;
        });
        // Without a majority nobody leads, and who led finds out.
        Voter leader = awaitLeader();
        long last = epoch(leader);
        for (Voter voter : List.copyOf(voters.values())) {
            if (voter != leader) {
                stop(voter);
            }
        }
        Await.that("it does not lead alone", DEADLINE, () -> leader.lost.contains(last));
        assertThat(leader.quorum.isLeader(last)).isFalse();
        // One of the others is enough again.
        int slot = slots.stream().map(QuorumSlot::number).filter(n -> !voters.containsKey(n)).findFirst().orElseThrow();
        start(slot, 1);
        assertThat(epoch(awaitLeader())).isGreaterThan(last);
    }

    private int slotOf(Voter voter) {
        return voters.entrySet().stream()
                .filter(entry -> entry.getValue() == voter)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aLostDirectoryVotesUnderANewNameOnceAdmitted() throws Exception {
        configure(3);
        startAll();
        Voter leader = awaitLeader();
        int slot = (slotOf(leader) + 1) % 3;
        stop(voters.get(slot));
        VoterDirectoryTest.deleteAll(dir.resolve(Long.toHexString(VOLUME)).resolve("slot-" + slot));
        Voter again = start(slot, 1);
        assertThat(again.quorum.identity()).isEqualTo("slot" + slot + ".1");
        Await.that("it is admitted", DEADLINE, () -> {
            return again.quorum.reign() != null && again.quorum.isSettled();
        });
        // It counts: with it and one other there is a majority.
        Voter now = awaitLeader();
        int other = slotOf(now) == slot ? (slot + 1) % 3 : 3 - slot - slotOf(now);
        stop(voters.get(other == slot ? slotOf(now) : other));
        awaitLeader();
    }

    @Test
    void anOldConfigurationsDirectoryCannotSpeak() throws Exception {
        configure(1);
        RaftQuorum old = RaftQuorum.start(settings(0, 1), register, Clock.system());
        try {
            assertThat(old.awaitLeadership(1000)).isGreaterThan(1000);
        } finally {
            old.stop();
        }
        // The volume has a new configuration: a new quorum, which knows nothing of the old one but what the device says.
        RaftQuorum fresh = RaftQuorum.start(settings(0, 2), register, Clock.system());
        try {
            long epoch = fresh.awaitLeadership(0);
            assertThat(epoch).as("nothing of the old log is read").isLessThan(1000);
            assertThat(fresh.isLeader(epoch)).isTrue();
        } finally {
            fresh.stop();
        }
    }

    @Test
    void theDevicesEpochIsExceeded() throws Exception {
        configure(1);
        RaftQuorum quorum = RaftQuorum.start(settings(0, 1), register, Clock.system());
        long second;
        try {
            long first = quorum.awaitLeadership(41);
            assertThat(first).isGreaterThan(41);
            second = quorum.awaitLeadership(7);
            assertThat(second).isGreaterThan(first);
            assertThat(quorum.isLeader(first)).isFalse();
            assertThat(quorum.isLeader(second)).isTrue();
        } finally {
            quorum.close();
        }
        assertThat(quorum.isLeader(second)).isFalse();
        assertThatThrownBy(() -> quorum.awaitLeadership(50)).hasMessageContaining("closed");
    }

    @Test
    void resigningMakesAnotherOneLeader() throws Exception {
        configure(3);
        startAll();
        Voter leader = awaitLeader();
        long epoch = epoch(leader);
        leader.quorum.close();
        voters.values().remove(leader);
        assertThat(leader.end.get(DEADLINE.toSeconds(), TimeUnit.SECONDS)).contains("closed");
        assertThat(epoch(awaitLeader())).isGreaterThan(epoch);
    }

    @Test
    void votersWithTlsTrustTheirCaOnly() throws Exception {
        TestCertificates ca = new TestCertificates("ca");
        tls = Tls.of(ca.node(dir.resolve("tls"), "node"));
        configure(3);
        start(0, 1);
        start(1, 1);
        Voter leader = awaitLeader();
        tls = Tls.of(new TestCertificates("ca").node(dir.resolve("other"), "stranger"));
        RaftFollower stranger = RaftFollower.start(settings(-1, 1), register, null);
        tls = Tls.of(dir.resolve("tls"));
        RaftFollower friend = RaftFollower.start(settings(-1, 1), register, null);
        try {
            Await.that("the friend hears", DEADLINE, () -> friend.reign() != null);
            assertThat(stranger.reign()).isNull();
        } finally {
            stranger.close();
            friend.close();
        }
        assertThat(leader.epochs).isNotEmpty();
    }

    @Test
    void aSlotThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> RaftQuorum.start(settings(3, 1), register, Clock.system()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no quorum slot 3");
    }
}
