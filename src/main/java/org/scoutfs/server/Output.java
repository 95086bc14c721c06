package org.scoutfs.server;

import java.util.ArrayList;
import java.util.List;
import org.scoutfs.net.Message;
import org.scoutfs.volume.StateEdit;

/**
 * What the core made of some messages: edits to make durable together, and messages to send once they are.
 */
public final class Output {
    /** A message and the incarnation that it is for. */
    public record Outgoing(long rid, Message message) {}

    private final List<StateEdit> edits = new ArrayList<>();
    private final List<Outgoing> messages = new ArrayList<>();

    public List<StateEdit> edits() {
        return edits;
    }

    public List<Outgoing> messages() {
        return messages;
    }

    void edit(StateEdit edit) {
        edits.add(edit);
    }

    void send(long rid, Message message) {
        messages.add(new Outgoing(rid, message));
    }
}
