package org.scoutfs.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Rng;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.testkit.SeededTest;

class LockTableTest implements LockTable.Listener {
    private static final LockName A = new LockName(LockName.Kind.INODES, 1);
    private static final LockName B = new LockName(LockName.Kind.INODES, 2);

    private final List<String> said = new ArrayList<>();
    private final Map<Long, Long> grantOf = new HashMap<>();
    private final LockTable table = new LockTable(100, 7, this);

    @Override
    public void granted(long rid, LockName name, LockMode mode, long grantNumber, long highestSeq) {
        said.add("grant " + rid + " " + mode + " #" + grantNumber + " seq " + highestSeq);
        grantOf.put(rid, grantNumber);
    }

    @Override
    public void revoke(long rid, LockName name, @Nullable LockMode kept, long grantNumber) {
        said.add("revoke " + rid + " to " + kept + " #" + grantNumber);
    }

    private List<String> said() {
        List<String> all = List.copyOf(said);
        said.clear();
        return all;
    }

    @Test
    void readersShareAndAWriterWaitsForAll() {
        table.request(1, A, LockMode.READ);
        table.request(2, A, LockMode.READ);
        table.request(3, A, LockMode.WRITE);
        assertThat(said()).containsExactly("grant 1 READ #101 seq 7", "grant 2 READ #102 seq 7",
                "revoke 1 to null #101", "revoke 2 to null #102");
        table.release(1, A, null, 101);
        assertThat(said()).isEmpty();
        table.release(2, A, null, 102);
        assertThat(said()).containsExactly("grant 3 WRITE #103 seq 7");
        assertThat(table.isHeldForWrite(3, 103)).isTrue();
        assertThat(table.isHeldForWrite(1, 103)).isFalse();
    }

    @Test
    void aWriterMayKeepReadingWhenAReaderComes() {
        table.request(1, A, LockMode.WRITE);
        table.used(101, 20);
        table.request(2, A, LockMode.READ);
        assertThat(said()).containsExactly("grant 1 WRITE #101 seq 7", "revoke 1 to READ #101");
        table.release(1, A, LockMode.READ, 101);
        assertThat(said()).containsExactly("grant 2 READ #102 seq 20");
        assertThat(table.isHeldForWrite(1, 101)).isFalse();
    }

    @Test
    void nobodyOvertakes() {
        table.request(1, A, LockMode.READ);
        table.request(2, A, LockMode.WRITE);
        table.request(3, A, LockMode.READ);
        assertThat(said()).containsExactly("grant 1 READ #101 seq 7", "revoke 1 to null #101");
        table.release(1, A, null, 101);
        assertThat(said()).containsExactly("grant 2 WRITE #102 seq 7", "revoke 2 to READ #102");
        table.release(2, A, null, 102);
        assertThat(said()).containsExactly("grant 3 READ #103 seq 7");
    }

    @Test
    void aReleaseOfAnotherGrantIsIgnored() {
        table.request(1, A, LockMode.WRITE);
        table.release(1, A, null, 99);
        table.release(2, A, null, 101);
        table.release(1, B, null, 101);
        assertThat(table.isHeldForWrite(1, 101)).isTrue();
    }

    @Test
    void whoIsForgottenHoldsNothingAndWaitsForNothing() {
        table.request(1, A, LockMode.WRITE);
        table.request(2, A, LockMode.WRITE);
        table.request(3, A, LockMode.READ);
        said();
        table.forget(2);
        assertThat(said()).isEmpty();
        table.forget(1);
        assertThat(said()).containsExactly("grant 3 READ #102 seq 7");
        table.forget(3);
        assertThat(table.lockCount()).isZero();
    }

    @Test
    void theHighestSeqOutlivesTheLockInTheTable() {
        table.request(1, A, LockMode.WRITE);
        table.used(101, 33);
        table.release(1, A, null, 101);
        assertThat(table.lockCount()).isZero();
        said();
        table.request(2, A, LockMode.WRITE);
        assertThat(said()).containsExactly("grant 2 WRITE #102 seq 33");
    }

    @Test
    void anUpgradeWaitsForTheOtherReadersOnly() {
        table.request(1, A, LockMode.READ);
        table.request(2, A, LockMode.READ);
        said();
        table.request(1, A, LockMode.WRITE);
        assertThat(said()).containsExactly("revoke 2 to null #102");
        table.release(2, A, null, 102);
        assertThat(said()).containsExactly("grant 1 WRITE #103 seq 7");
    }

    @Test
    void whoHoldsEnoughIsToldAgainAndKeepsItsGrant() {
        table.request(1, A, LockMode.WRITE);
        table.request(1, A, LockMode.READ);
        assertThat(said()).containsExactly("grant 1 WRITE #101 seq 7", "grant 1 WRITE #101 seq 7");
        assertThat(table.isHeldForWrite(1, 101)).isTrue();
    }

    /** Holders answer revokes at random times; nobody conflicts, and everybody gets what was asked for in the end. */
    @SeededTest(runs = 20)
    void randomRequestsNeverConflictAndAllAreServed(long seed) {
        Rng rng = Rng.seeded(seed);
        Map<Long, LockMode> held = new HashMap<>();
        Map<Long, Long> numbers = new HashMap<>();
        Map<Long, LockMode> wanted = new HashMap<>();
        Map<Long, LockMode> revoked = new HashMap<>();
        Map<Long, Boolean> isRevoked = new HashMap<>();
        LockTable random = new LockTable(0, 0, new LockTable.Listener() {
            @Override
            public void granted(long rid, LockName name, LockMode mode, long grantNumber, long highestSeq) {
                held.put(rid, mode);
                numbers.put(rid, grantNumber);
                LockMode want = wanted.get(rid);
                if (want != null && mode.covers(want)) {
                    wanted.remove(rid);
                }
                held.forEach((other, otherMode) -> assertThat(other != rid && otherMode.conflictsWith(mode))
                        .as("%s holds %s while %s gets %s", other, otherMode, rid, mode)
                        .isFalse());
            }

            @Override
            public void revoke(long rid, LockName name, @Nullable LockMode kept, long grantNumber) {
                assertThat(numbers.get(rid)).isEqualTo(grantNumber);
                revoked.put(rid, kept);
                isRevoked.put(rid, true);
            }
        });
        for (int step = 0; step < 3000; step++) {
            long rid = 1 + rng.nextInt(5);
            if (isRevoked.getOrDefault(rid, false)) {
                LockMode kept = revoked.get(rid);
                isRevoked.put(rid, false);
                if (kept == null) {
                    held.remove(rid);
                } else {
                    held.put(rid, kept);
                }
                random.release(rid, A, kept, numbers.get(rid));
            } else if (!wanted.containsKey(rid) && step < 2900) {
                LockMode mode = rng.nextInt(2) == 0 ? LockMode.READ : LockMode.WRITE;
                if (held.get(rid) == null || !held.get(rid).covers(mode)) {
                    wanted.put(rid, mode);
                    random.request(rid, A, mode);
                }
            }
        }
        assertThat(wanted).isEmpty();
    }
}
