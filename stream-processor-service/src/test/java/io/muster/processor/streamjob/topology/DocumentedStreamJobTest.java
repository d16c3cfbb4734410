package io.muster.processor.streamjob.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.codec.Codecs;
import io.muster.processor.function.FunctionProcess;
import io.muster.processor.streamjob.StreamJobDecider;
import io.muster.processor.streamjob.StreamJobInput;
import io.muster.records.StreamJobCommand;
import io.muster.records.StreamJobPut;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.decider.Decision;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.topics.StreamJobTopics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs the command that the page for other programs shows. */
class DocumentedStreamJobTest {
    private static final Path PAGE = Path.of("../docs", "kafka-producers.md");

    @BeforeAll
    static void trustOurRecords() {
        assertThat(new Codecs(new InMemorySchemaRegistry())).isNotNull();
    }

    private static StreamJobCommand shown() throws IOException {
        Matcher block = Pattern.compile("<!-- run by DocumentedStreamJobTest -->\n```json\n(.*?)\n```", Pattern.DOTALL)
                .matcher(Files.readString(PAGE));
        assertThat(block.find()).isTrue();
        return new SpecificDatumReader<>(StreamJobCommand.class)
                .read(null, DecoderFactory.get().jsonDecoder(StreamJobCommand.getClassSchema(), block.group(1)));
    }

    @Test
    void putsAJobThatRuns() throws Exception {
        Decision<Object> decision = StreamJobDecider.decide(
                null, new StreamJobInput(shown().getCommand(), 1), Instant.parse("2026-11-21T10:00:00Z"));
        StreamJobPut put = (StreamJobPut) ((Decision.Happened<Object>) decision).event();
        RunnableStreamJob runnable = RunnableStreamJob.compile(
                put.getDefinition(),
                new StreamJobReach(
                        Optional.empty(),
                        StreamJobTopics.of("*"),
                        EndpointAccess.of(""),
                        new FunctionProcess.Places(1)));
        assertThat(runnable.topicsRead()).containsExactly("readings");
        assertThat(runnable.topicsWritten()).containsExactly("alerts");
    }
}
