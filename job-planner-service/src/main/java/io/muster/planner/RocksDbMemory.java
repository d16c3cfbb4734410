package io.muster.planner;

import java.util.Map;
import java.util.Objects;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.WriteBufferManager;

/** Bounds the memory that all stores of the process take together, however many partitions it owns. Named by a setting of Kafka. */
public final class RocksDbMemory implements RocksDBConfigSetter {
    /** Sets how much memory state may take, in MiB: two thirds are a cache of blocks, one third buffers writes. The first store's value counts for all. */
    static final String MIB = "muster.state.memory.mib";

    private static final long BYTES_PER_MIB = 1L << 20;
    private static final long ONE_WRITE_BUFFER_BYTES = 16 * BYTES_PER_MIB;
    private static final int WRITE_BUFFERS = 3;
    private static final int BUFFERED_SHARE = 3;

    /** Holds the memory that all stores share, so that it is never closed before the process ends. */
    private record Shared(Cache cache, WriteBufferManager writeBuffer) {}

    private static @Nullable Shared shared;

    private static synchronized Shared shared(Map<String, Object> configs) {
        if (shared == null) {
            long bytes = ((Number) Objects.requireNonNull(configs.get(MIB), MIB)).longValue() * BYTES_PER_MIB;
            long buffered = bytes / BUFFERED_SHARE;
            Cache cache = new LRUCache(bytes - buffered);
            shared = new Shared(cache, new WriteBufferManager(buffered, cache));
        }
        return shared;
    }

    @Override
    public void setConfig(String storeName, Options options, Map<String, Object> configs) {
        Shared memory = shared(configs);
        BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
        table.setBlockCache(memory.cache());
        table.setCacheIndexAndFilterBlocks(true);
        options.setWriteBufferManager(memory.writeBuffer());
        options.setWriteBufferSize(ONE_WRITE_BUFFER_BYTES);
        options.setMaxWriteBufferNumber(WRITE_BUFFERS);
        options.setTableFormatConfig(table);
    }

    @Override
    public void close(String storeName, Options options) {}
}
