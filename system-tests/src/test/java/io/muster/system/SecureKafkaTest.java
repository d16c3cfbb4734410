package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.muster.standalone.Ports;
import io.muster.topics.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs services at a broker that wants TLS with SCRAM on one port, and TLS with a client's certificate on another, with the chart's properties. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SecureKafkaTest {
    private static final Path LIBRARIES = Path.of("../standalone/target/muster/lib");
    private static final Path PROPERTIES = Path.of("../deploy/src/test/resources/kafka");
    private static final String PASSWORD = "right-one";
    private static final Duration START = Duration.ofSeconds(90);

    @TempDir
    private static Path work;

    private static RunningMuster muster;
    /** Identifies the broker and its clients. */
    private static SelfSigned own;

    private static Process broker;
    private static int scramPort;
    private static int mtlsPort;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.get();
        own = SelfSigned.make("localhost");
        scramPort = Ports.free();
        mtlsPort = Ports.free();
        int controller = Ports.free();
        Path keys = Files.writeString(
                work.resolve("broker.pem"), Files.readString(own.key()) + Files.readString(own.certificate()));
        Path properties = work.resolve("broker.properties");
        Files.write(
                properties,
                List.of(
                        "process.roles=broker,controller",
                        "node.id=1",
                        "controller.quorum.voters=1@localhost:" + controller,
                        "listeners=SCRAM://localhost:" + scramPort + ",MTLS://localhost:" + mtlsPort
                                + ",CONTROLLER://localhost:" + controller,
                        "controller.listener.names=CONTROLLER",
                        "inter.broker.listener.name=MTLS",
                        "listener.security.protocol.map=SCRAM:SASL_SSL,MTLS:SSL,CONTROLLER:PLAINTEXT",
                        "sasl.enabled.mechanisms=SCRAM-SHA-512",
                        "listener.name.scram.scram-sha-512.sasl.jaas.config="
                                + "org.apache.kafka.common.security.scram.ScramLoginModule required;",
                        "listener.name.mtls.ssl.client.auth=required",
                        "ssl.keystore.type=PEM",
                        "ssl.keystore.location=" + keys,
                        "ssl.truststore.type=PEM",
                        "ssl.truststore.location=" + own.certificate(),
                        "log.dirs=" + work.resolve("log"),
                        "auto.create.topics.enable=false",
                        "offsets.topic.num.partitions=1",
                        "offsets.topic.replication.factor=1",
                        "transaction.state.log.num.partitions=1",
                        "transaction.state.log.replication.factor=1",
                        "transaction.state.log.min.isr=1"));
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        int status = kafka.tools.StorageTool.execute(
                new String[] {
                    "format",
                    "-t",
                    Uuid.randomUuid().toString(),
                    "-c",
                    properties.toString(),
                    "--add-scram",
                    "SCRAM-SHA-512=[name=muster,password=" + PASSWORD + "]"
                },
                new PrintStream(said, true, StandardCharsets.UTF_8));
        assertThat(status).as(said.toString(StandardCharsets.UTF_8)).isZero();
        broker = java("broker", "-Xmx384m", "kafka.Kafka", properties.toString());
        await().atMost(START)
                .until(() -> Files.readString(work.resolve("broker.log")).contains("Kafka Server started"));
    }

    @AfterAll
    static void stop() throws Exception {
        broker.destroyForcibly().waitFor();
    }

    private static Process java(String name, String heap, String main, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                heap,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                LIBRARIES + "/*",
                main));
        command.addAll(List.of(args));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(work.resolve(name + ".log").toFile())
                .start();
    }

    /** Puts the chart's properties, and the secrets that it mounts, where this test can. */
    private static Path connection(String kind, String password, String name) throws IOException {
        Path folder = Files.createDirectories(work.resolve("connection-" + name));
        Path secrets = Files.createDirectories(folder.resolve("kafka"));
        Files.writeString(
                secrets.resolve("sasl.jaas.config"),
                "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"muster\" password=\""
                        + password + "\";");
        Files.copy(own.certificate(), secrets.resolve("user.crt"));
        Files.copy(own.key(), secrets.resolve("user.key"));
        return Files.writeString(
                folder.resolve("kafka.properties"),
                Files.readString(PROPERTIES.resolve(kind + ".properties"))
                        .replace(
                                "/etc/muster/kafka-ca/ca.crt", own.certificate().toString())
                        .replace("/etc/muster/kafka", secrets.toString()));
    }

    private static Process service(String name, String main, int port, Path properties, String... more)
            throws IOException {
        List<String> args = new ArrayList<>(List.of(
                "--kafka.bootstrap.servers=localhost:" + port,
                "--kafka.properties.file=" + properties,
                "--registry.url=" + muster.standalone.options().registry()));
        args.addAll(List.of(more));
        return java(name, "-Xmx256m", main, args.toArray(String[]::new));
    }

    @Test
    @Order(1)
    void reportsAWrongPasswordAndShowsNone() throws Exception {
        Process provisioning = provisioning("wrong", connection("scram", "wrong-one", "wrong"));
        assertThat(provisioning.exitValue()).isEqualTo(1);
        assertThat(Files.readString(work.resolve("wrong.log")))
                .contains(
                        "provisioning: The topics can't be prepared: ",
                        "invalid credentials with SASL mechanism SCRAM-SHA-512")
                .doesNotContain("wrong-one");
    }

    @Test
    @Order(2)
    void preparesTheTopics() throws Exception {
        assertThat(provisioning("right", connection("scram", PASSWORD, "right")).exitValue())
                .as(Files.readString(work.resolve("right.log")))
                .isZero();
        assertThat(Files.readString(work.resolve("right.log")))
                .contains(Topics.ALL.size() + " topics, " + Topics.ALL.size() + " of them new");
    }

    private static Process provisioning(String name, Path properties) throws Exception {
        Process process = service(
                name,
                "io.muster.service.Provisioning",
                scramPort,
                properties,
                "--topics.replication=1",
                "--topics.partitions.devices=4");
        assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
        return process;
    }

    @ParameterizedTest
    @Order(3)
    @CsvSource({"scram, io.muster.planner.Main", "mtls, io.muster.planner.Main", "mtls, io.muster.processor.Main"})
    void runsServices(String kind, String main) throws Exception {
        String name = kind + "-" + main;
        int operations = Ports.free();
        Process service = service(
                name,
                main,
                kind.equals("scram") ? scramPort : mtlsPort,
                connection(kind, PASSWORD, name),
                "--state.dir=" + work.resolve(name),
                "--operations.port=" + operations);
        try {
            await().atMost(START).until(() -> Operations.isReady(operations) || !service.isAlive());
            assertThat(service.isAlive())
                    .as(Files.readString(work.resolve(name + ".log")))
                    .isTrue();
        } finally {
            service.destroy();
            service.waitFor();
        }
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket("localhost", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
