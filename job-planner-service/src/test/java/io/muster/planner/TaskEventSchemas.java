package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.streams.test.TestRecord;

/** Holds the schemas of Batch's events by their type, and events against them. */
final class TaskEventSchemas {
    private static final Path FOLDER = Path.of("../schemas/src/main/json/task-events");
    private static final SchemaRegistry SCHEMAS = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private static final Map<String, Schema> BY_TYPE = new ConcurrentHashMap<>();

    private TaskEventSchemas() {}

    /** Fails where an event is not as the schema of its type says. */
    static void check(TestRecord<String, String> event) {
        String type = new String(event.headers().lastHeader("ce-type").value(), StandardCharsets.UTF_8);
        assertThat(BY_TYPE.computeIfAbsent(type, TaskEventSchemas::read).validate(event.value(), InputFormat.JSON))
                .as("%s %s", type, event.value())
                .isEmpty();
    }

    private static Schema read(String type) {
        try {
            return SCHEMAS.getSchema(Files.readString(FOLDER.resolve(type + ".json")), InputFormat.JSON);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
