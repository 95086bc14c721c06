package org.scoutfs.fuse;

import java.io.IOException;

/** Brings the kernel's requests to the {@link Dispatcher} and the answers back. */
interface Transport {
    /** Begins to serve; after this nothing that the kernel asks goes unheard. */
    void start() throws IOException;

    /** Waits until the connection has ended and no thread of this transport touches it any more. */
    void awaitEnd() throws InterruptedException;

    /** Frees what it holds; after {@link #awaitEnd}, or instead of {@link #start}. */
    void close();
}
