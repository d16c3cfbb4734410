package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs tasks of Batch's jobs on compute nodes of the pool {@code default}, driven by the unmodified client of npm. */
class BatchTest {
    private static RunningMuster muster;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.ownInstance(2);
    }

    @AfterAll
    static void stop() {
        muster.standalone.close();
    }

    @Test
    void npmAzureBatch() throws Exception {
        String credentials = new ObjectMapper()
                .createObjectNode()
                .put(
                        "batchUrl",
                        "https://localhost:" + muster.standalone.options().restPort())
                .put("account", "muster")
                .put("key", muster.key("iothubowner"))
                .toString();
        Path said = Path.of("target/batch.txt").toAbsolutePath();
        ProcessBuilder builder = new ProcessBuilder("node", "batch.js", credentials)
                .directory(NodeModules.installed().toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        builder.environment()
                .put("NODE_EXTRA_CA_CERTS", muster.standalone.caFile().toString());
        Process client = builder.start();
        boolean ended = client.waitFor(8, TimeUnit.MINUTES);
        client.destroyForcibly();
        assertThat(ended).as(Files.readString(said)).isTrue();
        assertThat(Files.readString(said)).contains("the tasks run");
    }
}
