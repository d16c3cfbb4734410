package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.images.Images;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The images, unpacked and started as a container engine starts them: nothing of this machine is there but the network, and the user may
 * write nothing but the temporary folder and the state. They join the Muster of the tests.
 */
class ImagesTest {
    private static final String VERSION = "0.1.0-SNAPSHOT";
    private static final Duration START = Duration.ofSeconds(90);

    /** What an engine does: the machine's devices and processes, no rights, another root. */
    private static final String ENGINE = "mount --rbind /dev \"$0/dev\" && mount -t proc proc \"$0/proc\""
            + " && exec chroot --userspec=10001:10001 \"$0\" \"$@\"";

    @TempDir
    private static Path work;

    private static RunningMuster muster;

    @BeforeAll
    static void build() throws Exception {
        muster = RunningMuster.get();
        assertThat(Images.build(Path.of("..").toRealPath(), work, VERSION)).hasSize(4);
    }

    private record Image(Path root, JsonNode config) {
        static Image unpack(String name) throws Exception {
            Path folder = Files.createDirectories(work.resolve(name));
            run("tar", "xf", work.resolve(name + ".tar").toString(), "-C", folder.toString());
            Path root = Files.createDirectories(folder.resolve("root"));
            ObjectMapper json = new ObjectMapper();
            JsonNode manifest =
                    json.readTree(folder.resolve("manifest.json").toFile()).get(0);
            for (JsonNode layer : manifest.get("Layers")) {
                run(
                        "tar",
                        "--warning=no-unknown-keyword",
                        "-xzf",
                        folder.resolve(layer.asText()).toString(),
                        "-C",
                        root.toString());
            }
            for (String given : List.of("dev", "proc", "etc", "run/tls")) {
                Files.createDirectories(root.resolve(given));
            }
            Files.copy(Path.of("/etc/hosts"), root.resolve("etc/hosts"), StandardCopyOption.REPLACE_EXISTING);
            return new Image(
                    root,
                    json.readTree(
                            folder.resolve(manifest.get("Config").asText()).toFile()));
        }

        List<String> entrypoint() {
            List<String> words = new ArrayList<>();
            config.at("/config/Entrypoint").forEach(word -> words.add(word.asText()));
            return words;
        }

        Process start(Path log, List<String> command) throws IOException {
            List<String> all = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", ENGINE, root.toString()));
            all.addAll(command);
            return new ProcessBuilder(all)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        }
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
    }

    private static void requireRights() throws Exception {
        Process may = new ProcessBuilder("unshare", "--mount", "true").start();
        assumeTrue(may.waitFor() == 0, "another root needs rights that this machine does not give");
    }

    @ParameterizedTest
    @CsvSource({
        "job-planner-service, --state.dir=/var/lib/muster",
        "stream-processor-service, --state.dir=/var/lib/muster",
        "device-gateway-service, --gateway.ordinal=7 --mqtts.port=0 --policies.file=/run/tls/policies.properties"
                + " --mqtt.tls.certificate=/run/tls/server.pem --mqtt.tls.key=/run/tls/server-key.pem",
        "job-api-service, --api.instance=7 --rest.port=0 --policies.file=/run/tls/policies.properties"
                + " --rest.tls.certificate=/run/tls/server.pem --rest.tls.key=/run/tls/server-key.pem",
    })
    void runs(String name, String settings) throws Exception {
        Image image = Image.unpack(name);
        assertThat(image.config().at("/config/User").asText()).isEqualTo("10001:10001");
        assertThat(Files.size(work.resolve(name + ".tar"))).as("a small image").isLessThan(80L << 20);
        try (Stream<Path> files = Files.walk(image.root())) {
            assertThat(files.map(file -> String.valueOf(file.getFileName())))
                    .as("no shell, and no native libraries of other machines")
                    .doesNotContain("sh", "bash", "busybox", "librocksdbjni-win64.dll");
        }
        requireRights();
        Path data = muster.standalone.options().data();
        give(image, data.resolve("policies.properties"));
        give(image, data.resolve("ca/server.pem"));
        give(image, data.resolve("ca/server-key.pem"));
        int operations = RunningMuster.port();
        List<String> command = new ArrayList<>(image.entrypoint());
        command.addAll(List.of(settings.split(" ")));
        command.addAll(List.of(
                "--kafka.bootstrap.servers=" + muster.standalone.options().kafka(),
                "--registry.url=" + muster.standalone.options().registry(),
                "--operations.port=" + operations));
        Path log = work.resolve(name + ".log");
        Process service = image.start(log, command);
        try {
            await().atMost(START).until(() -> Operations.isReady(operations) || !service.isAlive());
            assertThat(service.isAlive()).as(() -> read(log)).isTrue();
            service.destroy();
            assertThat(service.waitFor(30, TimeUnit.SECONDS))
                    .as("ends in order")
                    .isTrue();
            assertThat(read(log)).contains(name + " ended");
        } finally {
            service.destroyForcibly();
        }
    }

    /** As the chart's hook does. */
    @Test
    void preparesTopics() throws Exception {
        requireRights();
        Image image = Image.unpack("job-planner-service");
        Path log = work.resolve("provisioning.log");
        Process provisioning = image.start(
                log,
                List.of(
                        "/opt/java/bin/java",
                        "-cp",
                        "/app/lib/*",
                        "io.muster.service.Provisioning",
                        "--kafka.bootstrap.servers="
                                + muster.standalone.options().kafka(),
                        "--registry.url=" + muster.standalone.options().registry(),
                        "--topics.replication=1",
                        "--topics.drift=fail"));
        assertThat(provisioning.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(provisioning.exitValue()).as(() -> read(log)).isEqualTo(3);
        assertThat(read(log))
                .contains(
                        " topics, 0 of them new; their schemas are registered.",
                        "Drift: Topic devices: partitions is 4, and 24 is configured.");
    }

    private static void give(Image image, Path file) throws IOException {
        Path copy = image.root().resolve("run/tls").resolve(file.getFileName());
        Files.write(copy, Files.readAllBytes(file)); // Readable, whatever the original allows.
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
