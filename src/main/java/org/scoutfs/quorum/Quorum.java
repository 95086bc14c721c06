package org.scoutfs.quorum;

import java.io.IOException;
import org.scoutfs.volume.Epoch;

/** Who may try to be the server. */
public interface Quorum extends Epoch.Leadership, AutoCloseable {
    /**
     * Waits until this mount may try.
     *
     * @param newestEpoch the newest epoch that the device shows
     * @return the epoch to try with: larger than that one, and than every epoch that was given to anybody
     */
    long awaitLeadership(long newestEpoch) throws IOException, InterruptedException;

    /** Whether other mounts can exist: fixed for the life of the mount. It decides how long kernels may cache. */
    boolean isAlone();

    @Override
    void close();
}
