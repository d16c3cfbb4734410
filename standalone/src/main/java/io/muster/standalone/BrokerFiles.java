package io.muster.standalone;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;

/** Writes the files that a broker of one node starts with: its properties, and the format of its log. */
final class BrokerFiles {
    private BrokerFiles() {}

    /**
     * Writes the properties anew, and formats the log unless that was done before.
     *
     * @param folder in which the broker's files are, with any name
     * @return the file of properties
     * @throws StandaloneException when the files can't be written, or the log is another cluster's
     */
    static Path prepare(Path folder, int port) throws StandaloneException {
        Path properties = folder.resolve("broker.properties");
        Path log = folder.resolve("kafka");
        try {
            // Properties escape the folder's name as Kafka reads it.
            try (OutputStream file = Files.newOutputStream(properties)) {
                settings(log, port).store(file, null);
            }
            format(properties, log);
            return properties;
        } catch (IOException e) {
            throw new StandaloneException("The broker's files can't be written (" + e + ").", e);
        }
    }

    private static Properties settings(Path log, int port) {
        int controller = Ports.free();
        Properties settings = new Properties();
        Stream.of(
                        "process.roles=broker,controller",
                        "node.id=1",
                        "controller.quorum.voters=1@localhost:" + controller,
                        "listeners=PLAINTEXT://localhost:" + port + ",CONTROLLER://localhost:" + controller,
                        "advertised.listeners=PLAINTEXT://localhost:" + port,
                        "controller.listener.names=CONTROLLER",
                        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
                        "log.dirs=" + log,
                        "auto.create.topics.enable=false",
                        "offsets.topic.num.partitions=4",
                        "offsets.topic.replication.factor=1",
                        "offsets.retention.minutes=5256000",
                        "transaction.state.log.num.partitions=4",
                        "transaction.state.log.replication.factor=1",
                        "transaction.state.log.min.isr=1",
                        "group.initial.rebalance.delay.ms=0",
                        "group.streams.initial.rebalance.delay.ms=0",
                        "num.network.threads=2",
                        "num.io.threads=4",
                        "log.segment.bytes=134217728",
                        "log.retention.check.interval.ms=60000")
                .map(line -> line.split("=", 2))
                .forEach(pair -> settings.setProperty(pair[0], pair[1]));
        return settings;
    }

    private static void format(Path properties, Path log) throws StandaloneException {
        if (Files.exists(log.resolve("meta.properties"))) {
            return;
        }
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        int status = kafka.tools.StorageTool.execute(
                new String[] {"format", "-t", Uuid.randomUuid().toString(), "-c", properties.toString()},
                new PrintStream(said, true, StandardCharsets.UTF_8));
        if (status != 0) {
            throw new StandaloneException("The broker's folder " + log + " can't be used: "
                    + said.toString(StandardCharsets.UTF_8).strip()
                    + ". Start with --fresh to delete it and begin anew.");
        }
    }
}
