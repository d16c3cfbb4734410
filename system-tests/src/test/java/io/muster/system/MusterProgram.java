package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.muster.standalone.Ports;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs Muster as a process of its own, as {@code ./muster up} starts it, on free ports and without devices. */
final class MusterProgram {
    private final String name;
    private final Path data;
    private final int restPort = Ports.free();
    private final int mqttPort = Ports.free();
    private final int kafkaPort = Ports.free();
    private final int registryPort = Ports.free();
    private Process process;

    private MusterProgram(String name) throws IOException {
        this.name = name;
        this.data = Files.createTempDirectory(Path.of("target"), name).toAbsolutePath();
    }

    /** Starts it in an empty folder. @param environment settings for its services */
    static MusterProgram start(String name, Map<String, String> environment) throws IOException {
        return start(name, environment, List.of());
    }

    /** Starts it in an empty folder. @param arguments more of the command line */
    static MusterProgram start(String name, Map<String, String> environment, List<String> arguments)
            throws IOException {
        MusterProgram program = new MusterProgram(name);
        program.launch(environment, arguments);
        return program;
    }

    /** Starts it again, in its folder; its lines are in a log of their own. */
    void again(List<String> arguments) throws IOException {
        launch(Map.of(), arguments);
    }

    private void launch(Map<String, String> environment, List<String> arguments) throws IOException {
        Path home = Path.of("../standalone/target/muster").toAbsolutePath().normalize();
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                home.resolve("lib") + "/*",
                "io.muster.standalone.Main",
                "up",
                "--home",
                home.toString(),
                "--data",
                data.toString(),
                "--devices=0",
                "--nodes=0",
                "--spare-nodes=0",
                "--rest-port=" + restPort,
                "--mqtt-port=" + mqttPort,
                "--kafka-port=" + kafkaPort,
                "--registry-port=" + registryPort));
        command.addAll(arguments);
        ProcessBuilder program =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log().toFile());
        program.environment().putAll(environment);
        process = program.start();
    }

    void awaitReady() {
        await().atMost(Duration.ofMinutes(10)).until(() -> {
            assertThat(process.isAlive()).as("see " + log()).isTrue();
            Path state = data.resolve("state.json");
            String text = Files.exists(state) ? Files.readString(state) : "";
            // One that an earlier process left says nothing about this one.
            return text.contains("\"ready\"") && text.contains("\"pid\":" + process.pid() + ",");
        });
    }

    /** Returns its output since it was started. */
    String said() throws IOException {
        return Files.readString(log());
    }

    private Path log() {
        return new File("target/" + name + ".log").toPath().toAbsolutePath();
    }

    Path data() {
        return data;
    }

    String restAddress() {
        return "https://localhost:" + restPort;
    }

    int mqttPort() {
        return mqttPort;
    }

    String kafka() {
        return "localhost:" + kafkaPort;
    }

    String registry() {
        return "http://localhost:" + registryPort + "/apis/ccompat/v7";
    }

    Process process() {
        return process;
    }

    /** Ends it, and waits until it has ended. */
    void end() throws InterruptedException {
        process.destroy();
        assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isZero();
    }
}
