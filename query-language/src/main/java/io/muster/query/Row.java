package io.muster.query;

/** A document that a condition looks at, by its top-level members. */
@FunctionalInterface
public interface Row {
    /**
     * A member in the JSON of plain Java: {@code String}, {@code Number}, {@code Boolean}, {@code Map<String, Object>} and {@code
     * List<Object>} (null inside them is JSON's null), a {@link LazyObject}, or a {@link Values}.
     *
     * @param name in its canonical spelling: {@code deviceId}, {@code tags}, {@code properties}, …
     */
    Object member(String name);
}
