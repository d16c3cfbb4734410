package io.muster.service;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * Says how to reach the brokers.
 *
 * @param bootstrapServers {@code host:port,…}
 * @param properties further client properties, such as TLS and SASL; may hold secrets
 */
public record KafkaConnection(String bootstrapServers, Map<String, String> properties) {
    public KafkaConnection {
        properties = Map.copyOf(properties);
    }

    /** Reads {@code kafka.bootstrap.servers} and the file that {@code kafka.properties.file} names, if any. */
    public static KafkaConnection from(Settings settings) {
        Optional<Path> file = settings.optionalPath("kafka.properties.file");
        return new KafkaConnection(
                settings.text("kafka.bootstrap.servers"),
                file.map(KafkaConnection::read).orElse(Map.of()));
    }

    /** Returns the properties that every client of these brokers begins with; the caller's own copy. */
    public Map<String, Object> clientProperties() {
        Map<String, Object> all = new HashMap<>(properties);
        all.put("bootstrap.servers", bootstrapServers);
        return all;
    }

    @Override
    public String toString() {
        return "KafkaConnection[bootstrapServers=" + bootstrapServers + "]";
    }

    private static Map<String, String> read(Path file) {
        Properties read = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            read.load(reader);
        } catch (IOException e) {
            throw new SettingsException("The file of Kafka properties can't be read: " + file + " (" + e + ").");
        }
        Map<String, String> properties = new HashMap<>();
        read.stringPropertyNames().forEach(name -> properties.put(name, read.getProperty(name)));
        return properties;
    }
}
