package io.muster.processor.engine.topology;

import io.muster.processor.engine.Table;
import io.muster.topics.RecordSizes;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps tables in one store: a key begins with its table's number. An entry is a record of the store's topic. */
record StoredTable(KeyValueStore<Bytes, byte[]> store, int number) implements Table {
    /** Bounds an entry, in bytes; the topic takes that and the rest of a record. */
    static final int LARGEST = RecordSizes.LARGEST - 64 * 1024;

    private Bytes key(List<Object> key) {
        byte[] encoded = ValueCodec.encode(key);
        return Bytes.wrap(ByteBuffer.allocate(Integer.BYTES + encoded.length)
                .putInt(number)
                .put(encoded)
                .array());
    }

    /** Saves an entry, over an earlier one of its key. @throws StreamJobFailure where the entry is larger than {@link #LARGEST} */
    @Override
    public void put(List<Object> key, Object value) {
        Bytes name = key(key);
        byte[] encoded = ValueCodec.encode(value);
        long size = (long) name.get().length + encoded.length;
        if (size > LARGEST) {
            throw new StreamJobFailure("The query remembers " + size + " bytes of one key, and " + LARGEST
                    + " are the most: take shorter windows, or group by more");
        }
        store.put(name, encoded);
    }

    @Override
    public void remove(List<Object> key) {
        store.delete(key(key));
    }

    @Override
    @SuppressWarnings("unchecked") // Keys are lists.
    public void forEach(BiConsumer<List<Object>, Object> entry) {
        Bytes from =
                Bytes.wrap(ByteBuffer.allocate(Integer.BYTES).putInt(number).array());
        Bytes to =
                Bytes.wrap(ByteBuffer.allocate(Integer.BYTES).putInt(number + 1).array());
        try (KeyValueIterator<Bytes, byte[]> all = store.range(from, to)) {
            while (all.hasNext()) {
                KeyValue<Bytes, byte[]> next = all.next();
                byte[] key = next.key.get();
                if (ByteBuffer.wrap(key).getInt() == number) {
                    byte[] encoded = new byte[key.length - Integer.BYTES];
                    System.arraycopy(key, Integer.BYTES, encoded, 0, encoded.length);
                    entry.accept((List<Object>) ValueCodec.decode(encoded), ValueCodec.decode(next.value));
                }
            }
        }
    }
}
