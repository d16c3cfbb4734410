package io.muster.processor.engine.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.processor.engine.Table;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;

/** Keeps bytes, as a store does. */
final class BytesInMemory implements IntFunction<Table> {
    private final Map<Integer, Map<String, byte[][]>> tables = new HashMap<>();

    @Override
    public Table apply(int number) {
        Map<String, byte[][]> entries = tables.computeIfAbsent(number, _ -> new HashMap<>());
        return new Table() {
            @Override
            public void put(List<Object> key, Object value) {
                byte[] bytes = ValueCodec.encode(key);
                entries.put(
                        new String(bytes, StandardCharsets.ISO_8859_1), new byte[][] {bytes, ValueCodec.encode(value)});
            }

            @Override
            public void remove(List<Object> key) {
                assertThat(entries.remove(new String(ValueCodec.encode(key), StandardCharsets.ISO_8859_1)))
                        .as("only what was kept is removed")
                        .isNotNull();
            }

            @Override
            @SuppressWarnings("unchecked")
            public void forEach(BiConsumer<List<Object>, Object> entry) {
                entries.values()
                        .forEach(pair ->
                                entry.accept((List<Object>) ValueCodec.decode(pair[0]), ValueCodec.decode(pair[1])));
            }
        };
    }
}
