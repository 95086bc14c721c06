package org.scoutfs.node;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message;
import org.scoutfs.quorum.Member;
import org.scoutfs.quorum.Reign;

/** What {@code scoutfs cluster} and {@code scoutfs locks} print. Columns are at least two blanks apart, and a value has none. */
final class ClusterText {
    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final int BLOCKS_PER_MIB = 256;

    private ClusterText() {}

    static String cluster(ClusterView view) {
        StringBuilder out = new StringBuilder();
        out.append("volume ").append(hex(view.volumeId()));
        if (!view.clusterName().isEmpty()) {
            out.append(", cluster ").append(view.clusterName());
        }
        out.append(view.quorumVersion() == 0 ? "" : ", quorum configuration " + view.quorumVersion()).append('\n');
        out.append(server(view)).append('\n');
        out.append(thisMount(view)).append('\n');
        Message.ClusterState state = view.state();
        if (state != null) {
            out.append("version ").append(state.versionNumber()).append(", ")
                    .append(state.commitNanos() < 0 ? "no commit yet under this server" : "last commit " + ago(state.commitNanos()))
                    .append(", stable up to ").append(state.stableSeq()).append(", ").append(state.lockCount()).append(" locks\n");
        }
        if (!view.members().isEmpty()) {
            out.append('\n').append(table(voters(view)));
        }
        if (state != null) {
            out.append('\n').append(table(mounts(state))).append(quarantine(state));
        }
        return out.toString();
    }

    private static String server(ClusterView view) {
        Message.ClusterState state = view.state();
        Reign reign = view.reign();
        String since = state == null ? "" : ", serving for " + seconds(state.servesNanos());
        if (view.isAlone()) {
            return "server: this mount, which is alone" + (state == null ? "" : ", epoch " + state.epoch()) + since;
        }
        if (reign == null) {
            return "server: none is known";
        }
        String elected = reign.nodeName() + " (slot " + reign.slot() + ", " + reign.address() + "), epoch " + reign.epoch()
                + ", elected " + Instant.ofEpochSecond(reign.sinceWallNanos() / NANOS_PER_SECOND);
        return "server: " + elected + (state == null ? ", does not answer" : since);
    }

    private static String thisMount(ClusterView view) {
        String what = view.isServing() ? ", the server" : "";
        String lease = view.isAlone()
                ? ""
                : view.leaseNanos() > 0 ? ", lease for " + seconds(view.leaseNanos()) : ", no lease: operations wait";
        String again = view.rejoins() == 0 ? "" : ", joined again " + view.rejoins() + " times";
        return "this mount: " + hex(view.rid()) + what + lease + again;
    }

    private static List<List<String>> voters(ClusterView view) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("SLOT", "ADDRESS", "ROLE", "HEARD"));
        for (Member member : view.members()) {
            rows.add(List.of(Integer.toString(member.slot()), member.address().toString(),
                    member.role().name().toLowerCase(Locale.ROOT), member.silentNanos() < 0 ? "-" : ago(member.silentNanos())));
        }
        return rows;
    }

    private static List<List<String>> mounts(Message.ClusterState state) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("MOUNT", "HOST", "PID", "STATE", "EPOCH", "LEASE", "LAG", "MIB"));
        for (Message.MountState one : state.mounts()) {
            rows.add(List.of(
                    hex(one.rid()),
                    one.hostName().isEmpty() ? "-" : one.hostName(),
                    Long.toString(one.pid()),
                    one.standing().name().toLowerCase(Locale.ROOT) + (one.isReadOnly() ? ",ro" : ""),
                    Long.toString(one.epoch()),
                    one.leaseNanos() == 0 ? "-" : seconds(one.leaseNanos()),
                    Long.toString(one.versionsBehind()),
                    Long.toString(one.grantedBlocks() / BLOCKS_PER_MIB)));
        }
        return rows;
    }

    /** What to do about it, since nothing else says so. */
    private static String quarantine(Message.ClusterState state) {
        long count = 0;
        long blocks = 0;
        for (Message.MountState one : state.mounts()) {
            if (one.standing() == Message.Standing.QUARANTINED) {
                count++;
                blocks += one.grantedBlocks();
            }
        }
        if (count == 0) {
            return "nothing is in quarantine\n";
        }
        return blocks / BLOCKS_PER_MIB + " MiB are in quarantine: " + count + " mounts or servers did not say goodbye and may still write"
                + " there.\nIt ends by itself when the host's next server or mount sees the process gone. Where one certainly is (its host"
                + " is off):\nscoutfs cluster --gone MOUNT\n";
    }

    /** @param state for the names of hosts; null where it is not known */
    static String locks(Message.LockList list, long lockGroupSize, Message.@Nullable ClusterState state) {
        Map<Long, String> hosts = new HashMap<>();
        if (state != null) {
            state.mounts().forEach(one -> hosts.put(one.rid(), one.hostName()));
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("RANGE", "IS", "MODE", "MOUNT", "HOST", "SINCE", "GRANT"));
        for (Message.LockState lock : list.locks()) {
            String range = range(lock.name(), lockGroupSize);
            for (Message.LockHolder holder : lock.holders()) {
                rows.add(List.of(range, holder.isRevoked() ? "revoked" : "held", holder.mode().name(), hex(holder.rid()),
                        host(hosts, holder.rid()), seconds(holder.heldNanos()), Long.toString(holder.grantNumber())));
            }
            for (Message.LockWaiter waiter : lock.waiters()) {
                rows.add(List.of(range, "awaited", waiter.mode().name(), hex(waiter.rid()), host(hosts, waiter.rid()),
                        seconds(waiter.waitedNanos()), "-"));
            }
        }
        return table(rows) + (list.isCut() ? "there are more\n" : "");
    }

    private static String host(Map<Long, String> hosts, long rid) {
        String host = hosts.getOrDefault(rid, "");
        return host.isEmpty() ? "-" : host;
    }

    private static String range(LockName name, long lockGroupSize) {
        return switch (name.kind()) {
            case RENAME -> "rename";
            case RULES -> "rules";
            case INODES -> Long.toUnsignedString(name.number() * lockGroupSize) + "-"
                    + Long.toUnsignedString(name.number() * lockGroupSize + lockGroupSize - 1);
        };
    }

    static String hex(long id) {
        return String.format("%016x", id);
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.1fs", (double) nanos / NANOS_PER_SECOND);
    }

    private static String ago(long nanos) {
        return seconds(nanos) + "-ago";
    }

    private static String table(List<List<String>> rows) {
        int[] widths = new int[rows.getFirst().size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder out = new StringBuilder();
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                boolean isLast = i + 1 == widths.length;
                out.append(row.get(i)).append(isLast ? "\n" : " ".repeat(widths[i] - row.get(i).length() + 2));
            }
        }
        return out.toString();
    }
}
