package io.muster.query.kernel;

/** Gives expressions the top-level members of a document. */
@FunctionalInterface
public interface Row {
    /**
     * Returns a member as JSON in plain Java: {@code String}, {@code Number}, {@code Boolean}, {@code Map<String, Object>} and {@code
     * List<Object>} (null inside them is JSON's null), a {@link LazyObject}, or a {@link Values}.
     *
     * @param name in the spelling that the dialect makes of it
     */
    Object member(String name);
}
