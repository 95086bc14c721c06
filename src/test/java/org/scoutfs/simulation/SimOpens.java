package org.scoutfs.simulation;

import java.util.HashMap;
import java.util.Map;
import org.scoutfs.net.Message;

/**
 * Which files a mount has open, and its questions whether others have. Whoever asks holds the file's lock for writing until it is
 * answered, as the one that destroys an unlinked file does: who opens it meanwhile waits, and a no must be true.
 */
final class SimOpens {
    private final SimClient client;
    private final Cluster cluster;
    private final Map<Long, Integer> counts = new HashMap<>();

    SimOpens(SimClient client, Cluster cluster) {
        this.client = client;
        this.cluster = cluster;
    }

    boolean isOpen(long ino) {
        return counts.containsKey(ino);
    }

    boolean isIdle() {
        return counts.isEmpty();
    }

    void open(long ino) {
        counts.merge(ino, 1, Integer::sum);
        client.node.own(cluster.world.between(World.MILLI, (cluster.world.chance(4) ? 2000 : 100) * World.MILLI), () ->
                counts.computeIfPresent(ino, (key, count) -> count == 1 ? null : count - 1));
    }

    void ask(long ino, Runnable then) {
        client.ask(requestId -> new Message.AskOpen(requestId, client.rid, ino), answer -> {
            if (client.believesLeased() && !((Message.OpenElsewhere) answer).isOpen()) {
                cluster.oracle.destroying(client, ino);
            }
            then.run();
        });
    }

    /** The server asks for another mount. */
    void asked(Message.IsOpen m) {
        client.send(new Message.OpenHere(client.rid, m.askId(), isOpen(m.ino())));
    }
}
