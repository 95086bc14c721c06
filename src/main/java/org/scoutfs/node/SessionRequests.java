package org.scoutfs.node;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.scoutfs.fs.ServerRequests;
import org.scoutfs.net.Message;
import org.scoutfs.txn.ServerSession;

/** Lets the file system ask the server over the mount's session. */
record SessionRequests(ServerSession session) implements ServerRequests {
    @Override
    public long rid() {
        return session.rid();
    }

    @Override
    public <M extends Message> CompletableFuture<M> ask(LongFunction<Message> make, Class<M> kind) {
        return session.request(make, kind, Function.identity());
    }

    @Override
    public <M extends Message, R> CompletableFuture<R> ask(LongFunction<Message> make, Class<M> kind, Function<M, R> onAnswer) {
        return session.request(make, kind, onAnswer);
    }

    @Override
    public void tell(Message message) {
        session.send(message);
    }
}
