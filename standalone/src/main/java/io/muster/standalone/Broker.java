package io.muster.standalone;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import javax.management.JMException;
import javax.management.ObjectName;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;

/**
 * Runs Kafka's own program, for a cluster of one. A killed broker is fenced before it starts again: else it begins as leader, loads its coordinators,
 * and loses all leadership some seconds later, when the session of the killed process ends. In that moment the coordinator of transactions takes
 * partitions without a leader for deleted, and sends them no markers of transactions that were committed when it was killed: half of such a
 * transaction is lost (Kafka 4.3.1; docs/reliability.md).
 */
public final class Broker {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration POLL = Duration.ofMillis(50);

    /** Bounds a broker's session at the controller that fences it; the broker that runs has Kafka's default. */
    private static final String SESSION_MS = "1000";

    private Broker() {}

    /** Runs a broker, which is fenced first where it was killed. @param args the file of properties of a node that is controller and broker, and was formatted */
    public static void main(String[] args) throws IOException, InterruptedException {
        Properties properties = new Properties();
        try (InputStream reader = Files.newInputStream(Path.of(args[0]))) {
            properties.load(reader);
        }
        if (wasKilled(Path.of(properties.getProperty("log.dirs")))) {
            fence(properties);
        }
        kafka.Kafka.main(args);
    }

    private static boolean wasKilled(Path log) {
        return Files.exists(log.resolve("__cluster_metadata-0")) && !Files.exists(log.resolve(".kafka_cleanshutdown"));
    }

    /** Runs the controller alone, until it has written down that the broker is away. */
    private static void fence(Properties properties) throws InterruptedException {
        Properties alone = new Properties();
        alone.putAll(properties);
        alone.put("process.roles", "controller");
        alone.put("listeners", listener(properties, "CONTROLLER"));
        alone.remove("advertised.listeners");
        alone.put("broker.session.timeout.ms", SESSION_MS);
        KafkaRaftServer controller = new KafkaRaftServer(KafkaConfig.fromProps(alone), Time.SYSTEM);
        controller.startup();
        for (long polls = LIMIT.dividedBy(POLL); polls > 0 && !isFenced(); polls--) {
            Thread.sleep(POLL);
        }
        controller.shutdown();
        controller.awaitShutdown();
    }

    private static String listener(Properties properties, String name) {
        for (String listener : properties.getProperty("listeners").split(",")) {
            if (listener.startsWith(name + ":")) {
                return listener;
            }
        }
        throw new IllegalArgumentException("no listener of that name, name=" + name);
    }

    private static boolean isFenced() {
        return brokers("FencedBrokerCount") > 0 && brokers("ActiveBrokerCount") == 0;
    }

    private static int brokers(String metric) {
        try {
            return (int) ManagementFactory.getPlatformMBeanServer()
                    .getAttribute(new ObjectName("kafka.controller:type=KafkaController,name=" + metric), "Value");
        } catch (JMException _) {
            return 0; // It does not count yet.
        }
    }
}
