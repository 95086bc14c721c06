package org.scoutfs.fs;

import java.util.concurrent.CompletableFuture;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.net.Message;

/** Asks the server each time. The question is kept in the request while it waits. */
public final class ServerVolumeState implements VolumeState {
    private final ServerRequests server;

    public ServerVolumeState(ServerRequests server) {
        this.server = server;
    }

    private record Asked(CompletableFuture<Message.VolumeStatus> answer) {}

    @Override
    public Message.VolumeStatus status(Request request) throws FsException, MustWait {
        Asked asked;
        if (request.progress() instanceof Asked known) {
            asked = known;
        } else {
            asked = new Asked(server.ask(
                    requestId -> new Message.StatusRequest(requestId, server.rid()), Message.VolumeStatus.class));
            request.setProgress(asked);
        }
        if (!asked.answer.isDone()) {
            throw MustWait.on(asked.answer);
        }
        request.setProgress(null);
        if (asked.answer.isCompletedExceptionally()) {
            throw FsException.of(Errno.EIO);
        }
        return asked.answer.join();
    }
}
