package org.scoutfs.node;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.ioctl.EndMount;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.ReportRequest;
import org.scoutfs.fs.CallerMemory;
import org.scoutfs.fs.Ioctls;
import org.scoutfs.fs.Request;
import org.scoutfs.net.Message;

/**
 * What a mount tells of its cluster: by ioctl, and as metrics. Asks the server each time, and says what the mount knows by itself when that
 * does not answer within {@value #ANSWER_SECONDS_MAX} s: an administrator asks most when something is wrong.
 *
 * <p>All other ioctls go on to the file system. Thread-safe.
 */
final class ClusterReports implements Ioctls {
    static final int ANSWER_SECONDS_MAX = 3;

    private static final int CAP_SYS_ADMIN = 21;
    private static final String NO_ANSWER = "the server does not answer\n";

    private final Ioctls others;
    private final @Nullable ClusterMember member;
    private final SuperSlot volume;
    private final Supplier<NodeIncarnation> current;
    private final Supplier<Long> rejoins;
    private final Counters counters;

    /**
     * @param others answers what is not asked for here
     * @param member null for a mount that is alone
     */
    ClusterReports(
            Ioctls others,
            @Nullable ClusterMember member,
            SuperSlot volume,
            Supplier<NodeIncarnation> current,
            Supplier<Long> rejoins,
            Counters counters) {
        this.others = others;
        this.member = member;
        this.volume = volume;
        this.current = current;
        this.rejoins = rejoins;
        this.counters = counters;
    }

    /** What a request waits for. */
    private record Asked<T>(CompletableFuture<T> answer) {}

    @Override
    public Reply call(
            Request request,
            long ino,
            long handle,
            boolean isDirectory,
            int command,
            long argument,
            MemorySegment in,
            int outSize,
            CallerMemory caller)
            throws FsException, MustWait, IOException {
        return switch (command) {
            case IoctlCommand.REPORT -> report(request, ReportRequest.decode(in), caller);
            case IoctlCommand.END_MOUNT -> end(request, EndMount.decode(in).rid(), caller);
            default -> others.call(request, ino, handle, isDirectory, command, argument, in, outSize, caller);
        };
    }

    private Reply report(Request request, ReportRequest asked, CallerMemory caller) throws FsException, MustWait {
        String text = switch (asked.kind()) {
            case ReportRequest.CLUSTER -> await(request, this::clusterText);
            case ReportRequest.LOCKS -> await(request, this::locksText);
            case ReportRequest.METRICS -> await(request, this::metrics);
            default -> throw FsException.of(Errno.EINVAL);
        };
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (Long.compareUnsigned(asked.textBytes(), bytes.length) < 0) {
            throw FsException.of(Errno.EOVERFLOW);
        }
        caller.write(asked.textPointer(), MemorySegment.ofArray(bytes));
        return new Reply(bytes.length, new byte[0]);
    }

    private static String await(Request request, Supplier<CompletableFuture<String>> ask) throws FsException, MustWait {
        CompletableFuture<String> answer;
        if (request.progress() instanceof Asked<?>(CompletableFuture<?> known)) {
            answer = known.thenApply(String::valueOf);
        } else {
            answer = ask.get();
            request.setProgress(new Asked<>(answer));
        }
        if (!answer.isDone()) {
            throw MustWait.on(answer);
        }
        request.setProgress(null);
        if (answer.isCompletedExceptionally()) {
            throw FsException.of(Errno.EIO);
        }
        return answer.join();
    }

    private Reply end(Request request, long rid, CallerMemory caller) throws FsException, MustWait {
        if (!caller.hasCapability(CAP_SYS_ADMIN)) {
            throw FsException.of(Errno.EPERM);
        }
        String problem = await(request, () -> end(rid).thenApply(errno -> errno.map(Errno::name).orElse("")));
        if (!problem.isEmpty()) {
            throw FsException.of(Errno.valueOf(problem));
        }
        return new Reply(0, new byte[0]);
    }

    /** Empty when it is done. */
    private CompletableFuture<Optional<Errno>> end(long rid) {
        return state().thenCompose(state -> {
            if (state.isEmpty()) {
                return CompletableFuture.completedFuture(Optional.of(Errno.ETIMEDOUT));
            }
            Optional<Message.MountState> known =
                    state.get().mounts().stream().filter(one -> one.rid() == rid).findFirst();
            if (known.isEmpty()) {
                return CompletableFuture.completedFuture(Optional.of(Errno.ENOENT));
            }
            if (known.get().standing() != Message.Standing.QUARANTINED) {
                return CompletableFuture.completedFuture(Optional.of(Errno.EBUSY));
            }
            SessionRequests server = current.get().requests();
            return answered(server.ask(requestId -> new Message.Goodbye(requestId, server.rid(), rid), Message.Done.class))
                    .thenApply(done -> done.isPresent() ? Optional.empty() : Optional.of(Errno.ETIMEDOUT));
        });
    }

    CompletableFuture<String> clusterText() {
        return state().thenApply(state -> ClusterText.cluster(view(state)));
    }

    CompletableFuture<String> locksText() {
        SessionRequests server = current.get().requests();
        CompletableFuture<Optional<Message.LockList>> locks = answered(
                server.ask(requestId -> new Message.LocksRequest(requestId, server.rid()), Message.LockList.class));
        return locks.thenCombine(state(), (list, state) -> list.map(
                        all -> ClusterText.locks(all, volume.lockGroupSize(), state.orElse(null)))
                .orElse(NO_ANSWER));
    }

    /** In the text format of Prometheus. */
    CompletableFuture<String> metrics() {
        return state().thenApply(state -> MetricsText.of(view(state), counters.all()));
    }

    private CompletableFuture<Optional<Message.ClusterState>> state() {
        SessionRequests server = current.get().requests();
        return answered(server.ask(requestId -> new Message.ClusterRequest(requestId, server.rid()), Message.ClusterState.class));
    }

    private static <M> CompletableFuture<Optional<M>> answered(CompletableFuture<M> asked) {
        Function<M, Optional<M>> some = Optional::of;
        return asked.thenApply(some)
                .exceptionally(failure -> Optional.empty())
                .completeOnTimeout(Optional.empty(), ANSWER_SECONDS_MAX, TimeUnit.SECONDS);
    }

    private ClusterView view(Optional<Message.ClusterState> state) {
        NodeIncarnation now = current.get();
        ClusterMember here = member;
        boolean isAlone = here == null;
        return new ClusterView(
                volume.volumeId(),
                volume.clusterName(),
                volume.quorumVersion(),
                volume.lockGroupSize(),
                now.rid(),
                isAlone,
                here != null && here.isServing(),
                isAlone ? 0 : now.leaseLeftNanos(),
                rejoins.get(),
                here == null ? null : here.quorum().reign(),
                here == null ? List.of() : here.quorum().members(),
                state.orElse(null));
    }

    /** For {@code scoutfs counters}, beside what the file system counts. */
    Map<String, Long> counters() {
        NodeIncarnation now = current.get();
        return Map.of(
                "cluster_voters", member == null ? 0L : member.quorum().settledVoters(),
                "cluster_is_server", member == null || member.isServing() ? 1L : 0L,
                "cluster_lease_left_ms", member == null ? 0L : TimeUnit.NANOSECONDS.toMillis(now.leaseLeftNanos()),
                "cluster_epoch", now.epoch(),
                "cluster_rejoins", rejoins.get(),
                "cluster_locks_known", (long) now.lockCount());
    }
}
