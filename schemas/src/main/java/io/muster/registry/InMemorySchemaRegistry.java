package io.muster.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;

/** Keeps schemas in one process, for topologies under test: numbers from 1 in order of registration, no rule of compatibility. */
public final class InMemorySchemaRegistry implements SchemaRegistry {
    private final List<Schema> schemas = new ArrayList<>();
    private final Map<String, Integer> latest = new HashMap<>();

    @Override
    public synchronized int register(String subject, Schema schema) {
        if (!schemas.contains(schema)) {
            schemas.add(schema);
        }
        int id = schemas.indexOf(schema) + 1;
        latest.put(subject, id);
        return id;
    }

    @Override
    public synchronized Registered latest(String subject) {
        int id = latest.getOrDefault(subject, 0);
        if (id == 0) {
            throw new SchemaRegistryException(
                    "There is no subject " + subject + ".", SchemaRegistryException.Reason.UNKNOWN_SCHEMA);
        }
        return new Registered(id, byId(id));
    }

    @Override
    public synchronized Schema byId(int id) {
        if (id < 1 || id > schemas.size()) {
            throw new SchemaRegistryException(
                    "No schema has the number " + id + ".", SchemaRegistryException.Reason.UNKNOWN_SCHEMA);
        }
        return schemas.get(id - 1);
    }
}
