package io.muster.topics;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Describes one topic.
 *
 * @param name as it stands on the broker; its constructor takes what it is called where the {@link Namespace} has no prefix
 * @param key the content of the key, in words; keys are UTF-8 text
 * @param size bytes of the largest record
 * @param valueType the generated record that every value is, in the Confluent wire format under the subject {@link #subject()}; null where values are JSON, whose schema
 *     stands beside the documentation
 */
public record Topic<V extends SpecificRecord>(
        String name,
        String key,
        Partitioning partitioning,
        Retention retention,
        int size,
        @Nullable Class<V> valueType) {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z-]*");

    public Topic {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("a topic's name is lower-case words joined by hyphens, name=" + name);
        }
        name = Namespace.name(name);
    }

    /** Returns the subject under which the registry keeps the schemas of the values: the topic name strategy. */
    public String subject() {
        return name + "-value";
    }

    /** Returns the configuration of the topic in Kafka. */
    public Map<String, String> config() {
        Map<String, String> config = new TreeMap<>(retention.topicConfig());
        config.put("max.message.bytes", Integer.toString(size));
        return config;
    }

    /** Returns whether values are JSON, and nobody's to register. */
    public boolean isJson() {
        return valueType == null;
    }

    /** Returns the record that values are. @throws IllegalStateException where they are JSON */
    public Class<V> record() {
        if (valueType == null) {
            throw new IllegalStateException("The values of a topic are JSON, topic=" + name);
        }
        return valueType;
    }

    /** Returns the schema that this build writes. @throws IllegalStateException where values are JSON */
    public Schema schema() {
        return SpecificData.get().getSchema(record());
    }
}
