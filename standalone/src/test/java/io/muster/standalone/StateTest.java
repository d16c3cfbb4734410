package io.muster.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StateTest {
    @TempDir
    private Path data;

    /** Waits for the supervisor, which writes of an end a moment later. */
    @ParameterizedTest
    @CsvSource({"planner, starting", "broker, starting", "agents, ready", "node-1, ready", "muster, stopped"})
    void isNotReadyOnceAProcessHasEnded(String name, String state) throws Exception {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        ProcessHandle muster = ProcessHandle.current();
        State.write(
                data,
                new ObjectMapper().createObjectNode().put("state", State.READY),
                List.of(
                        new State.Entry(name, ended.pid(), Instant.now(), ""),
                        new State.Entry(
                                name.equals("muster") ? "api" : "muster",
                                muster.pid(),
                                muster.info().startInstant().orElseThrow(),
                                "")));
        assertThat(State.ask(data).path("state").asText()).isEqualTo(state);
    }
}
