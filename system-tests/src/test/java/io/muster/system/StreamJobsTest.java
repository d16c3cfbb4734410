package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.access.SharedAccessSignature;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs stream jobs with Azure's own client, on the whole: the rows, read committed, equal a computation over the same records, though the processor
 * is killed, the job is stopped and goes on where it stopped, and one partition falls silent.
 */
class StreamJobsTest {
    /** Counts the events behind which the second partition falls silent. */
    private static final int SPREAD = 300;

    @ParameterizedTest
    @ValueSource(longs = {0, 7})
    void npmAzureArmStreamAnalytics(long seed) throws Exception {
        RunningMuster muster = RunningMuster.get();
        String kafka = muster.standalone.options().kafka();
        String in = "stream-in-" + seed;
        String out = "stream-out-" + seed;
        StreamTopics.create(kafka, in, out);
        AutoCloseable events = StreamTopics.feed(kafka, in, seed, SPREAD);
        drive(muster, in, out, new Random(seed), seed > 0);
        events.close();
        assertThat(Files.readString(muster.standalone.log("processor")))
                .containsPattern("INFO .*StreamJobStarting streamJobId=/subscriptions/.* requestId=")
                .containsPattern("INFO .*StreamJobStopped streamJobId=/subscriptions/");

        SortedMap<String, Long> written = StreamTopics.results(kafka, out);
        SortedMap<String, Long> computed = StreamTopics.computed(kafka, in, StreamTopics.windows(1000, 1000, false))
                .tailMap(written.firstKey().substring(0, StreamTopics.TIME_LENGTH));
        // Each key is of one task, and tasks were stopped each at an instant of its own.
        Map<String, String> last = new HashMap<>();
        written.keySet()
                .forEach(result -> last.put(
                        result.substring(StreamTopics.TIME_LENGTH), result.substring(0, StreamTopics.TIME_LENGTH)));
        computed.keySet()
                .removeIf(result -> result.substring(0, StreamTopics.TIME_LENGTH)
                                .compareTo(last.getOrDefault(result.substring(StreamTopics.TIME_LENGTH), ""))
                        > 0);
        assertThat(last).hasSize(3);
        assertThat(written).hasSizeGreaterThan(10).isEqualTo(computed);
    }

    private static void drive(RunningMuster muster, String in, String out, Random random, boolean kills)
            throws Exception {
        String host = "localhost:" + muster.standalone.options().restPort();
        String token = SharedAccessSignature.sign(
                host, muster.key("iothubowner"), "iothubowner", Instant.now().plusSeconds(3600));
        ProcessBuilder builder = new ProcessBuilder(
                        "node", "streamjobs.js", "https://" + host, token, in, out, kills ? "20" : "3")
                .directory(NodeModules.installed().toFile())
                .redirectErrorStream(true);
        builder.environment()
                .put("NODE_EXTRA_CA_CERTS", muster.standalone.caFile().toString());
        Process node = builder.start();
        List<String> said = new ArrayList<>();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(node.getInputStream(), StandardCharsets.UTF_8))) {
            Optional<String> line = Optional.ofNullable(lines.readLine());
            while (line.isPresent()) {
                said.add(line.get());
                if (line.get().equals("a result") && kills) {
                    for (int i = 0; i < 2; i++) {
                        muster.killProcessor(random, 3000);
                    }
                }
                line = Optional.ofNullable(lines.readLine());
            }
        }
        assertThat(node.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(String.join("\n", said)).contains("the streams flow");
    }
}
