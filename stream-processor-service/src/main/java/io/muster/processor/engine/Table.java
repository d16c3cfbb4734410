package io.muster.processor.engine;

import java.util.List;
import java.util.function.BiConsumer;

/** Keeps the state of an operator: entries of plain values, which are those of the query language. */
public interface Table {
    void put(List<Object> key, Object value);

    void remove(List<Object> key);

    void forEach(BiConsumer<List<Object>, Object> entry);
}
