package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.access.SharedAccessSignature;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Stream jobs with Azure's own client, on the whole: what was written, read committed, is what a computation over the same records
 * gives, though the processor is killed, the job is stopped and goes on where it stopped, and one partition falls silent.
 */
class StreamJobsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private volatile boolean over;

    @ParameterizedTest
    @ValueSource(longs = {0, 7})
    void npmAzureArmStreamAnalytics(long seed) throws Exception {
        RunningMuster muster = RunningMuster.get();
        String kafka = muster.standalone.options().kafka();
        String in = "stream-in-" + seed;
        String out = "stream-out-" + seed;
        StreamTopics.create(kafka, in, out);
        Thread events = Thread.ofPlatform().start(() -> produce(kafka, in, seed));
        drive(muster, in, out, new Random(seed), seed > 0);
        over = true;
        events.join();

        Map<String, Long> written = new TreeMap<>();
        for (ConsumerRecord<String, String> record : StreamTopics.read(kafka, out)) {
            JsonNode row = JSON.readTree(record.value());
            String result = row.path("at").asText() + " " + row.path("k").asText();
            assertThat(written.put(result, row.path("n").asLong()))
                    .as("twice: %s", result)
                    .isNull();
        }
        Map<String, Long> computed = new TreeMap<>();
        for (ConsumerRecord<String, String> record : StreamTopics.read(kafka, in)) {
            long end = Math.ceilDiv(record.timestamp(), 1000) * 1000;
            String at = Instant.ofEpochMilli(end).toString().replace("Z", ".0000000Z");
            computed.merge(at + " " + JSON.readTree(record.value()).path("k").asText(), 1L, Long::sum);
        }
        String first = written.keySet().iterator().next();
        String last = ((TreeMap<String, Long>) written).lastKey().substring(0, first.indexOf(' ')) + " ~";
        assertThat(written)
                .hasSizeGreaterThan(10)
                .isEqualTo(((TreeMap<String, Long>) computed).subMap(first.substring(0, first.indexOf(' ')), last));
    }

    /** About two hundred a second; the second partition falls silent soon. */
    private void produce(String kafka, String topic, long seed) {
        Random random = new Random(seed);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka, "linger.ms", 5), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; !over; i++) {
                int partition = i < 300 ? random.nextInt(StreamTopics.PARTITIONS) : 0;
                String key = String.valueOf((char) ('a' + random.nextInt(3)));
                producer.send(new ProducerRecord<>(topic, partition, null, "{\"k\":\"" + key + "\",\"i\":" + i + "}"));
                Thread.sleep(5);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
                        ProcessHandle processor = muster.standalone.process("processor");
                        Thread.sleep(random.nextInt(3000)); // An instant that the seed chooses.
                        processor.destroyForcibly();
                        await().atMost(Duration.ofSeconds(30))
                                .ignoreExceptions()
                                .until(() ->
                                        muster.standalone.process("processor").pid() != processor.pid());
                    }
                }
                line = Optional.ofNullable(lines.readLine());
            }
        }
        assertThat(node.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(String.join("\n", said)).contains("the streams flow");
    }
}
