package io.muster.service;

import io.muster.codec.Codecs;
import io.muster.registry.SchemaRegistryException;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.topics.PartitionCounts;
import io.muster.topics.TopicProvisioner;
import io.muster.topics.Topics;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.RetriableException;

/** Makes a cluster and a registry ready for Muster: the command that an operator runs before the services start, and again whenever they like. */
public final class Provisioning {
    private static final String NAME = "provisioning";

    /** Is the exit status when something differs from its configuration. */
    private static final int DRIFT = 3;

    private static final short THREE_BROKERS = 3;
    private static final Duration RETRY = Duration.ofSeconds(2);

    /**
     * Holds the settings that it needs beside Kafka and the registry.
     *
     * @param replication how many brokers hold each record
     * @param failsAtDrift whether it ends with status 3 where anything stands otherwise than it is configured
     * @param within how long brokers and registry may be away
     */
    record Options(PartitionCounts counts, short replication, boolean failsAtDrift, Duration within) {
        /** Reads {@code topics.partitions.*}, {@code topics.replication}, {@code topics.drift} and {@code topics.within}. */
        static Options from(Settings settings) {
            return new Options(
                    Provisioning.counts(settings),
                    (short) settings.number("topics.replication", THREE_BROKERS),
                    Provisioning.failsAtDrift(settings.text("topics.drift", "report")),
                    settings.duration("topics.within", Duration.ZERO));
        }
    }

    private Provisioning() {}

    /**
     * Creates missing topics, sets the registry to refuse schemas that old readers can't read, and registers the schemas of this build. Of a topic
     * that is there it raises the size of records alone; a second call changes nothing.
     *
     * @param replication how many brokers hold each record
     * @throws ExecutionException when the broker refuses or can't be reached
     * @throws SchemaRegistryException when the registry refuses or can't be reached
     */
    public static TopicProvisioner.Report run(
            KafkaConnection kafka, RegistrySettings registry, PartitionCounts counts, short replication)
            throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(kafka.clientProperties())) {
            TopicProvisioner.Report report = new TopicProvisioner(admin, counts, replication).provision();
            ConfluentSchemaRegistry schemas = new ConfluentSchemaRegistry(registry);
            schemas.requireCompatibility();
            new Codecs(schemas).registerAll();
            return report;
        }
    }

    /** Prepares all of it, and retries while brokers or registry do not answer. @param within how long */
    private static TopicProvisioner.Report run(
            KafkaConnection kafka,
            RegistrySettings registry,
            PartitionCounts counts,
            short replication,
            Duration within)
            throws ExecutionException, InterruptedException {
        long deadline = System.nanoTime() + within.toNanos();
        while (true) {
            try {
                return run(kafka, registry, counts, replication);
            } catch (SchemaRegistryException | ExecutionException e) {
                if (!isAway(e) || System.nanoTime() >= deadline) {
                    throw e;
                }
                System.out.println("Waits: " + e.getMessage());
                Thread.sleep(RETRY);
            }
        }
    }

    /** Returns whether another try may be answered: a registry that starts answers anything at first. */
    private static boolean isAway(Exception e) {
        return e instanceof SchemaRegistryException || e.getCause() instanceof RetriableException;
    }

    /**
     * Reads {@code topics.partitions.jobs}, {@code .devices}, {@code .gateways} and {@code .api}, {@code topics.replication}, {@code
     * topics.drift} ({@code report}, or {@code fail} to end with status 3 where anything differs), {@code topics.within} (how long brokers and
     * registry may be away), and how to reach Kafka and the registry.
     */
    public static void main(String[] args) throws InterruptedException {
        try {
            Settings settings = ServiceProgram.settings(args);
            KafkaConnection kafka = KafkaConnection.from(settings);
            RegistrySettings registry = Registries.from(settings);
            Options options = Options.from(settings);
            settings.rejectUnknown();
            TopicProvisioner.Report report =
                    run(kafka, registry, options.counts(), options.replication(), options.within());
            System.out.println(
                    Topics.ALL.size() + " topics, " + report.created().size() + " of them new" + list(report.created())
                            + "; their schemas are registered.");
            report.drift().forEach(sentence -> System.out.println("Drift: " + sentence));
            if (options.failsAtDrift() && !report.drift().isEmpty()) {
                System.exit(DRIFT);
            }
        } catch (SettingsException | SchemaRegistryException e) {
            end(ServiceProgram.UNUSABLE, String.valueOf(e.getMessage()));
        } catch (ExecutionException e) {
            end(ServiceProgram.FAILED, "The topics can't be prepared: " + e.getCause());
        }
    }

    private static String list(List<String> names) {
        return names.isEmpty() ? "" : " (" + String.join(", ", names) + ")";
    }

    /** Reads {@code topics.partitions.*}. @throws SettingsException where one is no number, or less than 1 */
    public static PartitionCounts counts(Settings settings) {
        PartitionCounts usual = PartitionCounts.CLUSTER;
        try {
            return new PartitionCounts(
                    settings.number("topics.partitions.jobs", usual.jobs()),
                    settings.number("topics.partitions.devices", usual.devices()),
                    settings.number("topics.partitions.gateways", usual.gateways()),
                    settings.number("topics.partitions.api", usual.apiInstances()));
        } catch (IllegalArgumentException e) {
            throw new SettingsException("The settings topics.partitions.* are wrong: " + e.getMessage() + ".");
        }
    }

    private static boolean failsAtDrift(String text) {
        return switch (text) {
            case "report" -> false;
            case "fail" -> true;
            default -> throw new SettingsException("The setting topics.drift is report or fail, not \"" + text + "\".");
        };
    }

    private static void end(int status, String why) {
        System.err.println(NAME + ": " + why);
        System.exit(status);
    }
}
