package io.muster.processor;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.codec.Codecs;
import io.muster.processor.statistics.Tally;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobEvents;
import io.muster.registry.InMemorySchemaRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.specific.SpecificDatumReader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Counts logs that earlier planners wrote as they were counted then, according to a file of the log's name here. */
class GoldenLogTest {
    private static final Path LOGS = Path.of("../job-planner-service/src/test/resources/logs");
    private static final Path COUNTED = Path.of("src/test/resources/logs");

    @BeforeAll
    static void trustOurRecords() {
        assertThat(new Codecs(new InMemorySchemaRegistry())).isNotNull();
    }

    static List<Path> logs() throws IOException {
        try (Stream<Path> files = Files.list(LOGS)) {
            return files.filter(file -> file.getFileName().toString().matches("device-job-events-.*\\.avro"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("logs")
    void countsAnOldLogAsItWas(Path log) throws IOException {
        Map<String, Tally> tallies = new TreeMap<>();
        try (DataFileReader<DeviceJobEvents> batches =
                new DataFileReader<>(log.toFile(), new SpecificDatumReader<>(DeviceJobEvents.getClassSchema()))) {
            for (DeviceJobEvents batch : batches) {
                for (DeviceJobEvent event : batch.getEvents()) {
                    Tally before = tallies.getOrDefault(batch.getJobId(), Tally.EMPTY);
                    tallies.put(batch.getJobId(), before.after(event).orElseThrow());
                }
            }
        }
        List<String> lines = tallies.entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .toList();
        assertThat(lines)
                .isEqualTo(Files.readAllLines(
                        COUNTED.resolve(log.getFileName().toString().replace(".avro", ".txt"))));
    }
}
