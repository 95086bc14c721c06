package org.scoutfs.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scoutfs.net.Message;
import org.scoutfs.net.Message.FileLockRange;

class FileLockTableTest {
    private static final long INO = 7;
    private static final long END = Long.MAX_VALUE;

    private record Said(long rid, Message message) {}

    private final List<Said> said = new ArrayList<>();
    private final FileLockTable table = new FileLockTable((rid, message) -> said.add(new Said(rid, message)));
    private long requestId;

    private static FileLockRange range(long owner, boolean isWrite, long start, long end) {
        return new FileLockRange(INO, false, owner, start, end, isWrite, 1);
    }

    private static FileLockRange flock(long owner, boolean isWrite) {
        return new FileLockRange(INO, true, owner, 0, END, isWrite, 1);
    }

    private boolean ask(long rid, FileLockRange lock) {
        said.clear();
        table.request(new Message.FileLockRequest(++requestId, rid, lock, false));
        Message.FileLockAnswer answer = said.stream()
                .map(Said::message)
                .filter(Message.FileLockAnswer.class::isInstance)
                .map(Message.FileLockAnswer.class::cast)
                .findFirst()
                .orElseThrow();
        assertThat(answer.requestId()).isEqualTo(requestId);
        return answer.inTheWay() == null;
    }

    @Test
    void readersShareAndAWriterIsAlone() {
        assertThat(ask(1, range(5, false, 0, 99))).isTrue();
        assertThat(ask(2, range(5, false, 50, END))).isTrue();
        assertThat(ask(3, range(5, true, 99, 99))).isFalse();
        table.release(2, range(5, false, 0, END));
        assertThat(ask(3, range(5, true, 100, END))).isTrue();
        assertThat(ask(1, range(5, false, 0, 100))).isFalse();
    }

    @Test
    void theTwoFamiliesDoNotSeeEachOther() {
        assertThat(ask(1, flock(5, true))).isTrue();
        assertThat(ask(2, range(5, true, 0, END))).isTrue();
        assertThat(ask(2, flock(5, false))).isFalse();
    }

    @Test
    void whoWasRefusedIsToldOnceWhenSomethingGoes() {
        assertThat(ask(1, flock(5, true))).isTrue();
        assertThat(ask(2, flock(6, true))).isFalse();
        assertThat(ask(2, flock(7, true))).isFalse();
        said.clear();
        table.release(1, flock(5, true));
        assertThat(said).containsExactly(new Said(2, new Message.FileLocksFreed(INO)));
        table.release(1, flock(5, true));
        assertThat(said).hasSize(1);
    }

    @Test
    void aLockThatBecomesOneForReadingLetsReadersIn() {
        assertThat(ask(1, flock(5, true))).isTrue();
        assertThat(ask(2, flock(6, false))).isFalse();
        assertThat(ask(1, flock(5, false))).isTrue();
        assertThat(said).contains(new Said(2, new Message.FileLocksFreed(INO)));
        assertThat(ask(2, flock(6, false))).isTrue();
    }

    @Test
    void theLocksOfOneThatIsGoneGo() {
        assertThat(ask(1, range(5, true, 0, 9))).isTrue();
        assertThat(ask(2, range(5, true, 5, 9))).isFalse();
        table.forget(1);
        assertThat(said).contains(new Said(2, new Message.FileLocksFreed(INO)));
        assertThat(ask(2, range(5, true, 5, 9))).isTrue();
        assertThat(table.size()).isEqualTo(1);
    }

    @Test
    void aPieceOfARangeGoes() {
        assertThat(ask(1, range(5, true, 0, 99))).isTrue();
        table.release(1, range(5, true, 40, 59));
        assertThat(ask(2, range(5, true, 40, 59))).isTrue();
        assertThat(ask(2, range(5, true, 39, 39))).isFalse();
        assertThat(ask(2, range(5, true, 60, 60))).isFalse();
    }

    @Test
    void nothingIsAnsweredUntilAllHoldersAreKnown() {
        table.close();
        table.request(new Message.FileLockRequest(1, 2, flock(6, true), false));
        table.request(new Message.FileLockRequest(1, 2, flock(6, true), false));
        assertThat(said).isEmpty();
        table.declare(1, List.of(flock(5, true)));
        table.open();
        assertThat(said).containsExactly(new Said(2, new Message.FileLockAnswer(1, flock(5, true))));
    }
}
