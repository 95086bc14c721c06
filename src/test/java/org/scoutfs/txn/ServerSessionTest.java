package org.scoutfs.txn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServerSessionTest {
    private final ServerSession session = new ServerSession(5);
    private final List<IOException> told = new ArrayList<>();

    @Test
    void whoAsksBeforeTheServerHasGoneIsToldOnce() {
        session.onClosed(told::add);
        IOException cause = new IOException("gone");
        session.closed(cause);
        session.closed(new IOException("again"));
        assertThat(told).containsExactly(cause);
    }

    @Test
    void whoAsksAfterwardsIsToldAtOnce() {
        IOException cause = new IOException("gone");
        session.closed(cause);
        session.onClosed(told::add);
        assertThat(told).containsExactly(cause);
    }

    @Test
    void nobodyIsToldOfTheEndThatThisSideMade() {
        session.close();
        session.closed(new IOException("the answer to our end"));
        session.onClosed(told::add);
        assertThat(told).isEmpty();
    }
}
