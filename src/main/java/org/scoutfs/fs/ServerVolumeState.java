package org.scoutfs.fs;

import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.net.Message;
import org.scoutfs.txn.RefusedException;

/** Asks the server each time. The question is kept in the request while it waits. */
public final class ServerVolumeState implements VolumeState {
    private final ServerRequests server;

    public ServerVolumeState(ServerRequests server) {
        this.server = server;
    }

    private record Asked(Class<? extends Message> kind, CompletableFuture<? extends Message> answer) {}

    @Override
    public Message.VolumeStatus status(Request request) throws FsException, MustWait {
        return ask(request, requestId -> new Message.StatusRequest(requestId, server.rid()), Message.VolumeStatus.class);
    }

    @Override
    public void resize(Request request, long metaBlocks, long dataBlocks) throws FsException, MustWait {
        ask(request, requestId -> new Message.Resize(requestId, server.rid(), metaBlocks, dataBlocks), Message.Done.class);
    }

    private <M extends Message> M ask(Request request, LongFunction<Message> make, Class<M> kind)
            throws FsException, MustWait {
        CompletableFuture<? extends Message> answer =
                request.progress() instanceof Asked known && known.kind.equals(kind) ? known.answer : server.ask(make, kind);
        if (!answer.isDone()) {
            request.setProgress(new Asked(kind, answer));
            throw MustWait.on(answer);
        }
        request.setProgress(null);
        if (answer.isCompletedExceptionally()) {
            throw FsException.of(answer.exceptionNow() instanceof RefusedException ? Errno.EINVAL : Errno.EIO);
        }
        return kind.cast(answer.join());
    }
}
