package io.muster.processor.engine.stream;

import io.muster.processor.engine.Table;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Tables in one store: a key begins with its table's number. */
record Stored(KeyValueStore<Bytes, byte[]> store, int number) implements Table {
    private Bytes key(List<Object> key) {
        byte[] encoded = ValueCodec.encode(key);
        return Bytes.wrap(ByteBuffer.allocate(Integer.BYTES + encoded.length)
                .putInt(number)
                .put(encoded)
                .array());
    }

    @Override
    public void put(List<Object> key, Object value) {
        store.put(key(key), ValueCodec.encode(value));
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
