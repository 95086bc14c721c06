package org.scoutfs.server;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.net.Connection;
import org.scoutfs.net.Message;
import org.scoutfs.volume.FreeSpace;

/** A node that says what a test wants it to say, and waits for the answers. It keeps what it was granted. */
final class TestNode implements Connection.Receiver {
    final long rid;
    final FreeSpace granted = new FreeSpace();
    final List<Long> seqs = new ArrayList<>();
    final Map<Long, SegmentInfo> live = new HashMap<>();
    final LinkedBlockingQueue<Message> unasked = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Message> answers = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<IOException> closings = new LinkedBlockingQueue<>();
    private final Connection server;
    long nextRequestId;
    long nextSegmentId;
    long segmentIdsEnd;
    long version;

    TestNode(long rid, LocalServer server) {
        this.rid = rid;
        this.server = server.connect(this);
    }

    @Override
    public void receive(Message message) {
        switch (message) {
            case Message.LockGranted m -> unasked.add(m);
            case Message.LockRevoke m -> unasked.add(m);
            case Message.Published m -> unasked.add(m);
            case Message.Renewed m -> unasked.add(m);
            case Message.RecallSpace m -> unasked.add(m);
            case Message.MergeJob m -> unasked.add(m);
            default -> answers.add(message);
        }
    }

    @Override
    public void closed(IOException cause) {
        closings.add(cause);
    }

    void send(Message message) {
        server.send(message);
    }

    Message ask(Message message) throws Exception {
        send(message);
        Message answer = answers.poll(120, TimeUnit.SECONDS);
        if (answer == null) {
            throw new AssertionError("no answer to " + message + "; closed by " + closings.peek());
        }
        return answer;
    }

    /** The answer, or null when the server closed the connection instead. */
    Message askUnlessClosed(Message message) throws Exception {
        send(message);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (System.nanoTime() < end) {
            Message answer = answers.poll(5, TimeUnit.MILLISECONDS);
            if (answer != null) {
                return answer;
            }
            if (!closings.isEmpty()) {
                return null;
            }
        }
        throw new AssertionError("neither an answer nor an end: " + message);
    }

    IOException awaitClosed() throws Exception {
        IOException cause = closings.poll(120, TimeUnit.SECONDS);
        if (cause == null) {
            throw new AssertionError("the connection was not closed");
        }
        return cause;
    }

    TestNode join() throws Exception {
        Message answer = ask(new Message.Join(++nextRequestId, rid, false));
        if (!(answer instanceof Message.Joined joined)) {
            throw new AssertionError("refused: " + answer);
        }
        version = joined.versionNumber();
        seqs.addAll(joined.seqs());
        joined.levels().forEach(level -> level.forEach(segment -> live.put(segment.id(), segment)));
        take(joined.grants());
        return this;
    }

    void take(Message.Grants grants) {
        grants.data().forEach(granted::add);
        grants.meta().forEach(granted::add);
        if (grants.segmentIdCount() > 0) {
            nextSegmentId = grants.firstSegmentId();
            segmentIdsEnd = nextSegmentId + grants.segmentIdCount();
        }
    }

    /** Blocks of the grants, not in them any more. */
    DeviceExtent takeBlocks(long count) {
        DeviceExtent chosen = granted.choose(count, 1, count).getFirst();
        granted.remove(chosen);
        return chosen;
    }

    SegmentInfo newSegment(int blocks) {
        DeviceExtent extent = takeBlocks(blocks);
        long id = nextSegmentId++;
        byte[] key = {(byte) (id >> 16), (byte) (id >> 8), (byte) id};
        return new SegmentInfo(id, extent.blkno(), blocks, 1, 0, key, key);
    }

    Message.Commit commitOf(List<SegmentInfo> segments, List<DeviceExtent> data, List<DeviceExtent> freed) {
        List<DeviceExtent> consumed = new ArrayList<>(data);
        segments.forEach(segment -> consumed.add(segment.extent()));
        return new Message.Commit(++nextRequestId, rid, seqs.getFirst(), segments, consumed, freed, List.of(), List.of(),
                segments.size(), version);
    }

    Message.Committed committed(Message answer) {
        if (!(answer instanceof Message.Committed committed)) {
            throw new AssertionError("not committed: " + answer);
        }
        seqs.removeFirst();
        if (committed.nextSeq() != 0) {
            seqs.add(committed.nextSeq());
        }
        committed.edits().forEach(edit -> {
            edit.removedIds().forEach(live::remove);
            edit.added().forEach(added -> live.put(added.segment().id(), added.segment()));
            version = edit.number();
        });
        take(committed.grants());
        return committed;
    }

    void goodbye() throws Exception {
        Message answer = ask(new Message.Goodbye(++nextRequestId, rid, rid));
        if (!(answer instanceof Message.Done)) {
            throw new AssertionError("no good end: " + answer);
        }
    }
}
