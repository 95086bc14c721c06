package org.scoutfs.node;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.scoutfs.net.Message;
import org.scoutfs.quorum.Member;
import org.scoutfs.quorum.Reign;

/** The same as {@link ClusterText} and {@code scoutfs counters}, in the text format of Prometheus. */
final class MetricsText {
    private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long BLOCK_BYTES = 4096;

    private final StringBuilder out = new StringBuilder();
    private final String labels;

    private MetricsText(ClusterView view) {
        labels = "volume=\"" + ClusterText.hex(view.volumeId()) + "\",mount=\"" + ClusterText.hex(view.rid()) + "\"";
    }

    static String of(ClusterView view, Map<String, Long> counters) {
        MetricsText text = new MetricsText(view);
        text.thisMount(view);
        text.voters(view);
        Message.ClusterState state = view.state();
        if (state != null) {
            text.server(state);
            text.mounts(state);
        }
        text.counters(counters);
        return text.out.toString();
    }

    private void thisMount(ClusterView view) {
        one("scoutfs_is_server", "Whether the server is in this process.", view.isServing() || view.isAlone() ? 1 : 0);
        one("scoutfs_server_answers", "Whether a server answered this mount.", view.state() == null ? 0 : 1);
        one("scoutfs_rejoins_total", "How often this mount was evicted and joined again.", view.rejoins());
        if (!view.isAlone()) {
            one("scoutfs_lease_seconds", "How long the lease of this mount still lasts.", view.leaseNanos() / NANOS_PER_SECOND);
        }
        Reign reign = view.reign();
        if (reign != null) {
            head("scoutfs_elected_epoch", "The newest epoch that somebody was elected for.");
            line("scoutfs_elected_epoch", ",node=\"" + escaped(reign.nodeName()) + "\",slot=\"" + reign.slot() + "\"", reign.epoch());
        }
    }

    private void voters(ClusterView view) {
        if (view.members().isEmpty()) {
            return;
        }
        head("scoutfs_voter_leads", "The voters, and which of them leads as far as this mount knows.");
        for (Member member : view.members()) {
            line("scoutfs_voter_leads", voter(member), member.role() == Member.Role.LEADER ? 1 : 0);
        }
        if (view.members().stream().anyMatch(member -> member.silentNanos() >= 0)) {
            head("scoutfs_voter_silent_seconds", "Since the leader last heard from a voter.");
            for (Member member : view.members()) {
                if (member.silentNanos() >= 0) {
                    line("scoutfs_voter_silent_seconds", voter(member), member.silentNanos() / NANOS_PER_SECOND);
                }
            }
        }
    }

    private static String voter(Member member) {
        return ",slot=\"" + member.slot() + "\",address=\"" + escaped(member.address().toString()) + "\"";
    }

    private void server(Message.ClusterState state) {
        one("scoutfs_epoch", "The epoch of the server that answered.", state.epoch());
        one("scoutfs_serving_seconds", "For how long it has served.", state.servesNanos() / NANOS_PER_SECOND);
        one("scoutfs_version", "The newest version of the index.", state.versionNumber());
        one("scoutfs_stable_seq", "Everything at or below it is in.", state.stableSeq());
        one("scoutfs_locks", "Locks that somebody holds or waits for.", state.lockCount());
        if (state.commitNanos() >= 0) {
            one("scoutfs_last_commit_seconds", "Since the last commit of any mount.", state.commitNanos() / NANOS_PER_SECOND);
        }
    }

    private void mounts(Message.ClusterState state) {
        head("scoutfs_mount_lease_seconds", "How long others wait for a mount at most when it is silent from now on.");
        for (Message.MountState one : state.mounts()) {
            line("scoutfs_mount_lease_seconds", mount(one), one.leaseNanos() / NANOS_PER_SECOND);
        }
        head("scoutfs_mount_lag_versions", "How many versions old the oldest is that a mount reads.");
        for (Message.MountState one : state.mounts()) {
            line("scoutfs_mount_lag_versions", mount(one), one.versionsBehind());
        }
        head("scoutfs_mount_granted_bytes", "Space that a mount may write to, or that is in quarantine on its account.");
        for (Message.MountState one : state.mounts()) {
            line("scoutfs_mount_granted_bytes", mount(one), one.grantedBlocks() * BLOCK_BYTES);
        }
        long quarantined = 0;
        for (Message.MountState one : state.mounts()) {
            quarantined += one.standing() == Message.Standing.QUARANTINED ? one.grantedBlocks() : 0;
        }
        one("scoutfs_quarantined_bytes", "Space of mounts and servers that did not say goodbye.", quarantined * BLOCK_BYTES);
    }

    private static String mount(Message.MountState one) {
        return ",rid=\"" + ClusterText.hex(one.rid()) + "\",host=\"" + escaped(one.hostName()) + "\",state=\""
                + one.standing().name().toLowerCase(Locale.ROOT) + "\"";
    }

    private void counters(Map<String, Long> counters) {
        head("scoutfs_counter", "What scoutfs counters shows.");
        counters.forEach((name, value) -> line("scoutfs_counter", ",name=\"" + escaped(name) + "\"", value));
    }

    private void one(String name, String help, double value) {
        head(name, help);
        line(name, "", value);
    }

    private void head(String name, String help) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(name.endsWith("_total") ? " counter\n" : " gauge\n");
    }

    private void line(String name, String more, double value) {
        out.append(name).append('{').append(labels).append(more).append("} ");
        boolean isWhole = value == Math.rint(value) && Math.abs(value) < 1e15;
        out.append(isWhole ? Long.toString((long) value) : Double.toString(value)).append('\n');
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
