package io.muster.registry;

import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;

/** A registry for one process, for topologies under test: numbers from 1 in order of registration, no rule of compatibility. */
public final class InMemorySchemaRegistry implements SchemaRegistry {
    private final List<Schema> schemas = new ArrayList<>();

    @Override
    public synchronized int register(String subject, Schema schema) {
        int known = schemas.indexOf(schema);
        if (known >= 0) {
            return known + 1;
        }
        schemas.add(schema);
        return schemas.size();
    }

    @Override
    public synchronized Schema byId(int id) {
        if (id < 1 || id > schemas.size()) {
            throw new SchemaRegistryException("No schema has the number " + id + ".", true, null);
        }
        return schemas.get(id - 1);
    }
}
