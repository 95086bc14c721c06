package org.scoutfs.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.net.Message;
import org.scoutfs.simulation.Oracle.Content;
import org.scoutfs.simulation.Oracle.Write;
import org.scoutfs.volume.FreeSpace;

/** A mount's open transaction, the one in a commit, and what they are written into: granted space, segment ids, sequence numbers. */
final class SimTransactions {
    /** What was done and is not committed. */
    static final class Transaction {
        final long seq;
        final Map<Integer, Write> values = new HashMap<>();
        final List<Write> writes = new ArrayList<>();
        final List<DeviceExtent> freed = new ArrayList<>();
        final CompletableFuture<Void> durable = new CompletableFuture<>();
        long requestId;

        Transaction(long seq) {
            this.seq = seq;
        }
    }

    private final SimClient client;
    private final Cluster cluster;
    private final SimNode node;
    private final FreeSpace data = new FreeSpace();
    private final FreeSpace meta = new FreeSpace();
    private final ArrayDeque<Long> seqs = new ArrayDeque<>();
    private long nextSegmentId;
    private long segmentIdsEnd;
    private long requiredSeq;
    private boolean isSpaceAsked;
    private Transaction open;
    private Transaction frozen;
    private boolean isCommitWanted;

    SimTransactions(SimClient client, Cluster cluster) {
        this.client = client;
        this.cluster = cluster;
        this.node = client.node;
    }

    // ---- what the server says --------------------------------------------------------------------------------------------

    void joined(Message.Joined m) {
        seqs.addAll(m.seqs());
        take(m.grants());
        open = new Transaction(seqs.poll());
        commits();
    }

    /** Another server goes on with this incarnation: a commit whose number it does not know as open was done by an earlier one. */
    void declared(List<Long> openSeqs) {
        if (frozen != null && frozen.requestId != 0 && !openSeqs.contains(frozen.seq)) {
            finished();
        }
        openSeqs.forEach(this::learn);
    }

    void committed(Message.Committed m) {
        take(m.grants());
        learn(m.nextSeq());
        if (frozen != null && frozen.requestId == m.requestId()) {
            finished();
        }
    }

    void spaceGranted(Message.Grants grants) {
        isSpaceAsked = false;
        take(grants);
        wantCommitAgain();
    }

    void requires(long seq) {
        requiredSeq = Math.max(requiredSeq, seq);
    }

    private void learn(long seq) {
        boolean isKnown = seq == 0 || open != null && seq <= open.seq || frozen != null && frozen.seq == seq;
        if (!isKnown && !seqs.contains(seq)) {
            seqs.add(seq);
            wantCommitAgain();
        }
    }

    private void take(Message.Grants grants) {
        grants.data().forEach(data::add);
        grants.meta().forEach(meta::add);
        if (grants.segmentIdCount() > 0) {
            nextSegmentId = grants.firstSegmentId();
            segmentIdsEnd = nextSegmentId + grants.segmentIdCount();
        }
    }

    private void askForSpace() {
        if (!isSpaceAsked) {
            isSpaceAsked = true;
            client.request(requestId -> new Message.NeedSpace(requestId, client.rid, 20, 20, true));
        }
    }

    // ---- values ----------------------------------------------------------------------------------------------------------

    Write current(int group) {
        Write found = pending(group);
        return found != null ? found : cluster.oracle.find(client.versions.newest(), group);
    }

    /** The newest value that is not committed, or null. */
    Write pending(int group) {
        Write found = open.values.get(group);
        return found == null && frozen != null ? frozen.values.get(group) : found;
    }

    /** @return whether there was space, and a sequence number that is large enough */
    boolean write(int group) {
        if (open.seq <= requiredSeq) {
            wantCommit();
            return false;
        }
        if (data.isEmpty()) {
            askForSpace();
            return false;
        }
        Write parent = current(group);
        cluster.oracle.observed(client, group, parent);
        DeviceExtent block = one(data);
        Write write = new Write(cluster.oracle.nextWriteId(), group, parent, block.blkno(), open.seq, client.rid);
        Write replaced = open.values.put(group, write);
        if (replaced != null) {
            data.add(new DeviceExtent(replaced.blkno, 1)); // nothing was written there yet
        } else if (parent != null) {
            open.freed.add(new DeviceExtent(parent.blkno, 1));
        }
        open.writes.add(write);
        return true;
    }

    static DeviceExtent one(FreeSpace from) {
        DeviceExtent chosen = from.choose(1, 1, 1).getFirst();
        from.remove(chosen);
        return chosen;
    }

    // ---- commits ---------------------------------------------------------------------------------------------------------

    /** Who holds the stable bound back while others go on gives its number up by a commit of nothing. */
    void giveUpNumber() {
        if (open != null && frozen == null) {
            wantCommit();
        }
    }

    private void commits() {
        node.own(cluster.world.between(10 * World.MILLI, 60 * World.MILLI), () -> {
            if (!client.isOver()) {
                if (!open.values.isEmpty()) {
                    wantCommit();
                }
                commits();
            }
        });
    }

    /** Whether nothing waits for a commit. */
    boolean isCommitted() {
        return frozen == null && (open == null || open.values.isEmpty());
    }

    /** All that was done until now. */
    CompletableFuture<Void> commit() {
        Transaction last = open;
        if (last == null || last.values.isEmpty()) {
            return frozen != null ? frozen.durable : CompletableFuture.completedFuture(null);
        }
        wantCommit(); // which may freeze it at once
        return last.durable;
    }

    private void wantCommit() {
        isCommitWanted = true;
        wantCommitAgain();
    }

    private void wantCommitAgain() {
        if (!isCommitWanted || frozen != null || client.isOver() || open == null || seqs.isEmpty()) {
            return;
        }
        boolean needsSegment = !open.values.isEmpty();
        if (needsSegment && (meta.isEmpty() || nextSegmentId >= segmentIdsEnd)) {
            askForSpace();
            return;
        }
        isCommitWanted = false;
        Transaction last = open;
        frozen = last;
        open = new Transaction(seqs.poll());
        List<Long> changed = cluster.mutation == Mutation.RELEASE_BEFORE_COMMIT ? List.of() : client.locks.changedGrants();
        if (!needsSegment) {
            sendCommit(last, List.of(), List.of(), changed);
            return;
        }
        DeviceExtent extent = one(meta);
        long id = nextSegmentId++;
        SegmentInfo segment = SimMerges.segment(id, extent, last.values.keySet());
        cluster.oracle.contents.put(id, new Content(Map.copyOf(last.values), List.copyOf(last.writes)));
        int[] left = {last.values.size() + 1};
        Runnable wrote = () -> {
            if (--left[0] == 0) {
                cluster.disk.flush(node, () -> {
                    List<DeviceExtent> consumed = new ArrayList<>();
                    consumed.add(extent);
                    last.values.values().forEach(write -> consumed.add(new DeviceExtent(write.blkno, 1)));
                    sendCommit(last, List.of(segment), consumed, changed);
                });
            }
        };
        last.values.values().forEach(write -> cluster.disk.write(node, cluster.disk.block(write.blkno), write.id, wrote));
        cluster.disk.write(node, cluster.disk.block(extent.blkno()), -id, wrote);
    }

    private void sendCommit(Transaction txn, List<SegmentInfo> segments, List<DeviceExtent> consumed, List<Long> changed) {
        if (!client.isOver()) {
            txn.requestId = client.nextRequestId();
            client.request(requestId -> new Message.Commit(
                    requestId, client.rid, txn.seq, segments, consumed, txn.freed, List.of(), changed, 0, client.versions.oldest()));
        }
    }

    private void finished() {
        Transaction txn = frozen;
        frozen = null;
        cluster.oracle.committed(client, txn.values.values());
        client.locks.changesCommitted();
        txn.durable.complete(null);
        wantCommitAgain();
    }
}
