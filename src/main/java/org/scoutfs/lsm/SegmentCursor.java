package org.scoutfs.lsm;

import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Items of one segment in a range, through the cache. The longer it goes on, the more blocks it reads at once.
 *
 * <p>Does nothing before the first {@link #next}.
 */
final class SegmentCursor extends EntryCursor {
    private static final int READ_AHEAD_BLOCKS_MAX = 16;
    private static final long[] NO_PLACES = {};

    private final SegmentReader reader;
    private final byte[] first;
    private final byte[] last;
    private @Nullable CachedBlock pinned;
    private boolean isStarted;
    private boolean isDone;

    private long place;
    private int indexBlock = -1;
    private long[] places = NO_PLACES;
    private int nextPlace;
    private int readAheadBlocks = 1;

    SegmentCursor(SegmentReader reader, byte[] first, byte[] last) {
        super(reader);
        this.reader = reader;
        this.first = first;
        this.last = last;
    }

    @Override
    public boolean next() throws IOException {
        if (isDone) {
            return false;
        }
        if (!isStarted) {
            isStarted = true;
            start();
        }
        while (!isDone) {
            if (pinned != null && nextInBlock()) {
                if (Arrays.compareUnsigned(keyBytes, 0, keySize, last, 0, last.length) <= 0) {
                    return true;
                }
                isDone = true;
            } else {
                enterNextBlock();
            }
        }
        close();
        return false;
    }

    private void start() throws IOException {
        place = reader.firstPlace(first);
        if (place == SegmentReader.NO_PLACE) {
            isDone = true;
            return;
        }
        pinned = reader.dataBlock(place);
        enterAt(pinned.bytes, first);
    }

    private void enterNextBlock() throws IOException {
        if (nextPlace == places.length && !refillPlaces()) {
            isDone = true;
            return;
        }
        unpin();
        place = places[nextPlace];
        if (!reader.isCached(place)) {
            readAhead();
        }
        nextPlace++;
        pinned = reader.dataBlock(place);
        enter(pinned.bytes);
    }

    private boolean refillPlaces() throws IOException {
        nextPlace = 0;
        indexBlock = indexBlock < 0 ? reader.indexBlockFor(first) : indexBlock + 1;
        while (indexBlock < reader.indexBlockCount()) {
            places = reader.placesFrom(place, indexBlock);
            if (places.length > 0) {
                return true;
            }
            indexBlock++;
        }
        places = NO_PLACES;
        return false;
    }

    private void readAhead() throws IOException {
        int to = nextPlace;
        while (to < places.length && to - nextPlace < readAheadBlocks && !reader.isCached(places[to])) {
            to++;
        }
        if (to - nextPlace > 1) {
            reader.readAhead(places, nextPlace, to);
        }
        readAheadBlocks = Math.min(2 * readAheadBlocks, READ_AHEAD_BLOCKS_MAX);
    }

    private void unpin() {
        if (pinned != null) {
            pinned.close();
            pinned = null;
        }
    }

    @Override
    public void close() {
        isDone = true;
        unpin();
    }
}
