package io.muster.registry;

import org.apache.avro.Schema;

/** Keeps schemas by number. Thread-safe; an answer is remembered, since a number never changes its meaning. */
public interface SchemaRegistry {
    /**
     * Makes the schema known under the subject; a second time it is the same number.
     *
     * @throws SchemaRegistryException when the registry is away or finds the schema incompatible with earlier ones
     */
    int register(String subject, Schema schema);

    /**
     * Returns the schema of a number.
     *
     * @throws SchemaRegistryException when the registry is away or knows no such number
     */
    Schema byId(int id);

    /** Holds a schema and its number. */
    record Registered(int id, Schema schema) {}

    /**
     * Returns the subject's latest schema, as of now.
     *
     * @throws SchemaRegistryException when the registry is away or knows no such subject
     */
    Registered latest(String subject);
}
