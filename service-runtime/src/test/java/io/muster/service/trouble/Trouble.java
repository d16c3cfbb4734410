package io.muster.service.trouble;

import io.muster.codec.Codecs;
import io.muster.codec.UndecodableRecordException;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.registry.SchemaRegistryException;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.topics.Topics;
import java.net.URI;
import java.util.Set;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Names each kind of failure that a call of a client of the brokers or of the schema registry can have. */
public enum Trouble {
    BROKER_SLOW,
    BROKER_GONE,
    METADATA_MISSING,
    UNAUTHORIZED,
    /** Stands for a failure of Kafka's that nobody has a rule for. */
    BROKER_ODD,
    REGISTRY_AWAY,
    SCHEMA_UNKNOWN,
    UNDECODABLE,
    /** Sets the thread's flag and throws Kafka's own exception, as its clients do. */
    INTERRUPTED,
    /** Stands for a mistake of the program's. */
    CLIENT_ODD,
    OUT_OF_STACK;

    /** Returns such a failure, as its own library throws it. */
    public Throwable make() {
        return switch (this) {
            case BROKER_SLOW -> new TimeoutException("the broker is slow");
            case BROKER_GONE -> new DisconnectException("the broker is gone");
            case METADATA_MISSING -> new UnknownTopicOrPartitionException("the broker knows no such topic yet");
            case UNAUTHORIZED -> new TopicAuthorizationException(Set.of("followed"));
            case BROKER_ODD -> new KafkaException("the broker is odd");
            case REGISTRY_AWAY ->
                thrown(() -> new ConfluentSchemaRegistry(
                                new RegistrySettings(URI.create("http://127.0.0.1:1"), null, null, null))
                        .byId(1));
            case SCHEMA_UNKNOWN -> thrown(() -> new InMemorySchemaRegistry().byId(1));
            case UNDECODABLE ->
                thrown(() ->
                        new Codecs(new InMemorySchemaRegistry()).of(Topics.JOBS).decode(new byte[] {1}));
            case INTERRUPTED -> new InterruptException("the thread is interrupted");
            case CLIENT_ODD -> new IllegalStateException("the client is odd");
            case OUT_OF_STACK -> new StackOverflowError();
        };
    }

    private static RuntimeException thrown(Runnable call) {
        try {
            call.run();
        } catch (SchemaRegistryException | UndecodableRecordException e) {
            return e;
        }
        throw new AssertionError("the call does not fail");
    }
}
