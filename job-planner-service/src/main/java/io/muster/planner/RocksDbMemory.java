package io.muster.planner;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.WriteBufferManager;

/** Bounds the memory that all stores of the process take together, however many partitions it owns. Named by a setting of Kafka. */
public final class RocksDbMemory implements RocksDBConfigSetter {
    private static final long CACHE_BYTES = 192L << 20;
    private static final long WRITE_BUFFER_BYTES = 96L << 20;
    private static final long ONE_WRITE_BUFFER_BYTES = 16L << 20;
    private static final int WRITE_BUFFERS = 3;

    // Shared by all stores, and so never closed before the process ends.
    private static final Cache CACHE = new LRUCache(CACHE_BYTES);
    private static final WriteBufferManager WRITE_BUFFER = new WriteBufferManager(WRITE_BUFFER_BYTES, CACHE);

    @Override
    public void setConfig(String storeName, Options options, Map<String, Object> configs) {
        BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
        table.setBlockCache(CACHE);
        table.setCacheIndexAndFilterBlocks(true);
        options.setWriteBufferManager(WRITE_BUFFER);
        options.setWriteBufferSize(ONE_WRITE_BUFFER_BYTES);
        options.setMaxWriteBufferNumber(WRITE_BUFFERS);
        options.setTableFormatConfig(table);
    }

    @Override
    public void close(String storeName, Options options) {}
}
