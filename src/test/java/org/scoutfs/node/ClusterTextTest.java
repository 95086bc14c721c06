package org.scoutfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.quorum.Member;
import org.scoutfs.quorum.Reign;

class ClusterTextTest {
    private static final long SECOND = 1_000_000_000L;

    private static final Message.ClusterState STATE = new Message.ClusterState(1, 7, 90 * SECOND, SECOND, 123, 456, SECOND / 2, 9,
            List.of(
                    new Message.MountState(0xa1, "node1", 11, 6, Message.Standing.JOINED, false, 8 * SECOND, 2, 512),
                    new Message.MountState(0xb2, "node2", 22, 5, Message.Standing.QUARANTINED, false, 0, 0, 256),
                    new Message.MountState(0xc3, "node1", 11, 7, Message.Standing.SERVER, false, 0, 0, 1024)));

    private static final Reign REIGN = new Reign(7, 1, 0xa1, new NodeAddress("10.0.0.2", 4000), "node1", 1_000_000 * SECOND);

    private static ClusterView view(Message.ClusterState state) {
        return new ClusterView(0x1234, "archive", 3, 1024, 0xa1, false, true, 8 * SECOND, 0, REIGN,
                List.of(new Member(0, new NodeAddress("10.0.0.1", 5500), Member.Role.FOLLOWER, SECOND / 10),
                        new Member(1, new NodeAddress("10.0.0.2", 5500), Member.Role.LEADER, 0)),
                state);
    }

    @Test
    void saysWhoServesWhoIsThereAndWhatIsInQuarantine() {
        assertThat(ClusterText.cluster(view(STATE)).lines()).containsExactly(
                "volume 0000000000001234, cluster archive, quorum configuration 3",
                "server: node1 (slot 1, 10.0.0.2:4000), epoch 7, elected 1970-01-12T13:46:40Z, serving for 90.0s",
                "this mount: 00000000000000a1, the server, lease for 8.0s",
                "version 123, last commit 0.5s-ago, stable up to 456, 9 locks",
                "",
                "SLOT  ADDRESS        ROLE      HEARD",
                "0     10.0.0.1:5500  follower  0.1s-ago",
                "1     10.0.0.2:5500  leader    0.0s-ago",
                "",
                "MOUNT             HOST   PID  STATE        EPOCH  LEASE  LAG  MIB",
                "00000000000000a1  node1  11   joined       6      8.0s   2    2",
                "00000000000000b2  node2  22   quarantined  5      -      0    1",
                "00000000000000c3  node1  11   server       7      -      0    4",
                "1 MiB are in quarantine: 1 mounts or servers did not say goodbye and may still write there.",
                "It ends by itself when the host's next server or mount sees the process gone. Where one certainly is (its host is off):",
                "scoutfs cluster --gone MOUNT");
    }

    @Test
    void aServerThatDoesNotAnswerLeavesWhatTheMountKnows() {
        assertThat(ClusterText.cluster(view(null)).lines())
                .contains("server: node1 (slot 1, 10.0.0.2:4000), epoch 7, elected 1970-01-12T13:46:40Z, does not answer")
                .contains("0     10.0.0.1:5500  follower  0.1s-ago")
                .noneMatch(line -> line.contains("quarantine"));
    }

    @Test
    void locksSayWhoHoldsAndWhoWaits() {
        Message.LockList list = new Message.LockList(1, List.of(
                new Message.LockState(new LockName(LockName.Kind.RENAME, 0),
                        List.of(new Message.LockHolder(0xa1, LockMode.READ, 5, SECOND, false)), List.of()),
                new Message.LockState(new LockName(LockName.Kind.INODES, 2),
                        List.of(new Message.LockHolder(0xa1, LockMode.WRITE, 6, 2 * SECOND, true)),
                        List.of(new Message.LockWaiter(0xb2, LockMode.READ, SECOND / 2)))), true);
        assertThat(ClusterText.locks(list, 1024, STATE).lines()).containsExactly(
                "RANGE      IS       MODE   MOUNT             HOST   SINCE  GRANT",
                "rename     held     READ   00000000000000a1  node1  1.0s   5",
                "2048-3071  revoked  WRITE  00000000000000a1  node1  2.0s   6",
                "2048-3071  awaited  READ   00000000000000b2  node2  0.5s   -",
                "there are more");
    }

    @Test
    void metricsSayTheSameAndHaveTheFormOfPrometheus() {
        String text = MetricsText.of(view(STATE), Map.of("reads", 5L));
        String mount = "{volume=\"0000000000001234\",mount=\"00000000000000a1\"";
        assertThat(text.lines())
                .contains("scoutfs_is_server" + mount + "} 1")
                .contains("scoutfs_epoch" + mount + "} 7")
                .contains("scoutfs_last_commit_seconds" + mount + "} 0.5")
                .contains("scoutfs_voter_leads" + mount + ",slot=\"1\",address=\"10.0.0.2:5500\"} 1")
                .contains("scoutfs_quarantined_bytes" + mount + "} 1048576")
                .contains("scoutfs_mount_lag_versions" + mount + ",rid=\"00000000000000a1\",host=\"node1\",state=\"joined\"} 2")
                .contains("scoutfs_counter" + mount + ",name=\"reads\"} 5")
                .allMatch(line -> line.matches("# (HELP|TYPE) scoutfs_[a-z_]+ .+|scoutfs_[a-z_]+\\{[^}]*\\} [-0-9.E]+"));
        assertThat(text.lines().filter(line -> line.startsWith("# TYPE"))).doesNotHaveDuplicates();
    }

    @Test
    void metricsNeedOneAddressAndAPort() throws Exception {
        assertThat(MountOptions.parse(List.of("metrics=127.0.0.1:9100")).metrics()).isEqualTo(new NodeAddress("127.0.0.1", 9100));
        assertThat(MountOptions.DEFAULTS.metrics()).isNull();
        for (String wrong : List.of("127.0.0.1", "host:9100", "0.0.0.0:9100", "127.0.0.1:70000", "")) {
            assertThatThrownBy(() -> MountOptions.parse(List.of("metrics=" + wrong)))
                    .as(wrong)
                    .isInstanceOf(MountOptions.OptionException.class)
                    .hasMessageContaining("metrics");
        }
    }

    @Test
    void metricsAreServedUnderTheirNameOnly() throws Exception {
        try (MetricsServer server = MetricsServer.listen(new NodeAddress("127.0.0.1", 0));
                HttpClient client = HttpClient.newHttpClient()) {
            server.start(() -> CompletableFuture.completedFuture("scoutfs_x{} 1\n"));
            HttpResponse<String> found = get(client, server, "/metrics");
            assertThat(found.statusCode()).isEqualTo(200);
            assertThat(found.body()).isEqualTo("scoutfs_x{} 1\n");
            assertThat(get(client, server, "/metrics/../etc").statusCode()).isEqualTo(404);
            assertThat(get(client, server, "/").statusCode()).isEqualTo(404);
        }
    }

    private static HttpResponse<String> get(HttpClient client, MetricsServer server, String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path)).timeout(Duration.ofSeconds(60)).build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
