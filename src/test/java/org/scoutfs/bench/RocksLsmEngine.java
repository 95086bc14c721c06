package org.scoutfs.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Statistics;
import org.rocksdb.TickerType;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.scoutfs.testkit.Await;

/** RocksDB without its log and without compression, direct I/O, batches of a thousand puts, two background jobs. */
final class RocksLsmEngine implements LsmEngine {
    static {
        RocksDB.loadLibrary();
    }

    private static final int BATCH = 1000;

    private final Path folder;
    private final long memtableBytes;
    private final long cacheBytes;
    private final WriteOptions writeOptions = new WriteOptions().setDisableWAL(true);
    private final ReadOptions readOptions = new ReadOptions();
    private final WriteBatch batch = new WriteBatch();
    private Options options;
    private Statistics statistics;
    private RocksDB db;
    private long writtenBefore;
    private long sink;

    RocksLsmEngine(Path folder, long memtableBytes, long cacheBytes) throws Exception {
        this.folder = folder;
        this.memtableBytes = memtableBytes;
        this.cacheBytes = cacheBytes;
        Files.createDirectories(folder);
        open();
    }

    private void open() throws RocksDBException {
        statistics = new Statistics();
        BlockBasedTableConfig table = new BlockBasedTableConfig()
                .setBlockCache(new LRUCache(cacheBytes))
                .setFilterPolicy(new BloomFilter(10, false));
        options = new Options()
                .setCreateIfMissing(true)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setWriteBufferSize(memtableBytes)
                .setMaxBackgroundJobs(2)
                .setUseDirectReads(true)
                .setUseDirectIoForFlushAndCompaction(true)
                .setStatistics(statistics)
                .setTableFormatConfig(table);
        db = RocksDB.open(options, folder.toString());
    }

    @Override
    public void put(byte[] key, byte[] value) throws RocksDBException {
        batch.put(key, value);
        if (batch.count() == BATCH) {
            write();
        }
    }

    private void write() throws RocksDBException {
        db.write(writeOptions, batch);
        batch.clear();
    }

    @Override
    public void flush() throws RocksDBException {
        write();
        try (FlushOptions wait = new FlushOptions().setWaitForFlush(true)) {
            db.flush(wait);
        }
    }

    @Override
    public void settle() {
        Await.that("no compaction is left", Duration.ofHours(1), () -> pendingCompactions() == 0);
    }

    private long pendingCompactions() throws RocksDBException {
        return db.getLongProperty("rocksdb.compaction-pending") + db.getLongProperty("rocksdb.num-running-compactions");
    }

    @Override
    public int get(byte[] key) throws RocksDBException {
        byte[] value = db.get(readOptions, key);
        return value == null ? -1 : value.length;
    }

    @Override
    public int scan(byte[] first, int count) {
        int found = 0;
        try (RocksIterator iterator = db.newIterator(readOptions)) {
            for (iterator.seek(first); found < count && iterator.isValid(); iterator.next()) {
                sink += iterator.key().length + iterator.value().length;
                found++;
            }
        }
        return found;
    }

    @Override
    public long bytesWritten() {
        return writtenBefore
                + statistics.getTickerCount(TickerType.FLUSH_WRITE_BYTES)
                + statistics.getTickerCount(TickerType.COMPACT_WRITE_BYTES);
    }

    @Override
    public void reopen() throws Exception {
        settle();
        writtenBefore = bytesWritten();
        db.close();
        options.close();
        open();
    }

    @Override
    public String shape() throws RocksDBException {
        StringBuilder shape = new StringBuilder("files per level");
        for (int level = 0; level < 7; level++) {
            shape.append(' ').append(db.getProperty("rocksdb.num-files-at-level" + level));
        }
        return shape.toString();
    }

    @Override
    public void close() {
        db.close();
        options.close();
        batch.close();
    }
}
