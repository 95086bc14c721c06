package org.scoutfs.lsm;

import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Counter;
import org.scoutfs.base.Counters;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;

/**
 * Where segments are read: makes sources of versions, and owns the cache behind them.
 *
 * <p>Thread-safe. {@link #close} comes after the last read.
 * <p>Memory: the cache's budget, outside the heap, and on the heap some 5 bytes for each device block of the segments that
 * were opened.
 */
public final class SegmentStore implements AutoCloseable {
    private final BlockDevice device;
    private final BufferPool pool;
    private final SegmentOptions options;
    private final Counters counters;
    private final BlockCache cache;
    private final LongAdder misses = new LongAdder();
    private final ConcurrentHashMap<Long, SegmentReader> readers = new ConcurrentHashMap<>();
    /** The source made last: most of the next one's readers are at the same places. */
    private volatile @Nullable VersionSource newest;

    /** @param cacheBytes most bytes of blocks that are kept; memory is used as it is needed */
    public SegmentStore(BlockDevice device, BufferPool pool, SegmentOptions options, long cacheBytes, Counters counters) {
        this.device = device;
        this.pool = pool;
        this.options = options;
        this.counters = counters;
        this.cache = new BlockCache(cacheBytes);
    }

    /** The items of a version. Cheap where few segments differ from those of the version asked for last. */
    @SuppressWarnings("ReferenceEquality") // Two versions are the same when they are one object; equal ones need no sharing.
    public ItemSource source(Version version) {
        VersionSource last = newest;
        if (last != null && last.version == version) {
            return last;
        }
        SegmentReader[][] levels = new SegmentReader[Version.LEVEL_COUNT][];
        for (int level = 0; level < levels.length; level++) {
            SegmentInfo[] segments = version.array(level);
            if (last != null && last.version.array(level) == segments) {
                levels[level] = last.readers[level];
                continue;
            }
            levels[level] = new SegmentReader[segments.length];
            for (int i = 0; i < segments.length; i++) {
                levels[level][i] = reader(segments[i]);
            }
        }
        VersionSource made = new VersionSource(version, this, levels);
        newest = made;
        return made;
    }

    /** A version alone, as a reader. */
    public ItemReader reader(Version version) {
        return new MergedReader(source(version));
    }

    SegmentReader reader(SegmentInfo segment) {
        SegmentReader known = readers.get(segment.id());
        return known != null ? known : readers.computeIfAbsent(segment.id(), id -> new SegmentReader(segment, this));
    }

    /**
     * All items of a segment from front to back, past the cache, with every byte verified that holds an item.
     * Tombstones and deltas are shown.
     */
    public Cursor stream(SegmentInfo segment) {
        return new SegmentStream(new SegmentReader(segment, this), device, pool, options.volumeId());
    }

    /**
     * Whether a key that {@link #stream} shows is found by the segment's filter and index, too. For those who check: a filter that
     * does not know a key hides it, though every checksum is right.
     */
    public boolean leadsTo(SegmentInfo segment, byte[] key) throws IOException {
        return reader(segment).leadsTo(key);
    }

    /**
     * Forgets the segments that are in none of these versions, and gives their cache memory to others. Readers of older
     * versions may still go on: they only lose what was cached.
     */
    public void retainOnly(Collection<Version> versions) {
        Set<Long> live = new HashSet<>();
        for (Version version : versions) {
            for (int level = 0; level < Version.LEVEL_COUNT; level++) {
                for (SegmentInfo segment : version.array(level)) {
                    live.add(segment.id());
                }
            }
        }
        for (SegmentReader reader : readers.values()) {
            if (!live.contains(reader.info.id())) {
                readers.remove(reader.info.id());
                reader.free();
            }
        }
    }

    /** A segment was just written, and no version has it yet: when it is one short block, that goes into the cache. */
    void written(SegmentInfo segment, SegmentBuffer bytes) throws IOException {
        if (segment.blockCount() <= SegmentLayout.SOLO_UNITS_MAX) {
            reader(segment).keepSolo(bytes.front(segment.blockCount()));
        }
    }

    /** Bytes of the cache that were ever filled. */
    public long cachedBytes() {
        return cache.usedBytes();
    }

    /** Blocks that were read from the device for want of a cached one; read-ahead is not counted. */
    public long missCount() {
        return misses.sum();
    }

    BlockDevice device() {
        return device;
    }

    BufferPool pool() {
        return pool;
    }

    BlockCache cache() {
        return cache;
    }

    long volumeId() {
        return options.volumeId();
    }

    int longPrefix() {
        return options.longPrefix();
    }

    void countMiss() {
        misses.increment();
    }

    void countCorruption() {
        counters.increment(Counter.DEVICE_CORRUPTIONS);
    }

    @Override
    public void close() {
        cache.close();
    }
}
