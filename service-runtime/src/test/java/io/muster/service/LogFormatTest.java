package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.streams.errors.TaskCorruptedException;
import org.apache.kafka.streams.processor.TaskId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes logs as services do. */
class LogFormatTest {
    private static final String THREAD = "org.apache.kafka.streams.processor.internals.StreamThread";

    private static List<String> lines(String format, String logger, Exception e) throws Exception {
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        PrintStream console = System.out;
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        context.putProperty("MUSTER_LOG_FORMAT", format);
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
        try {
            configurator.doConfigure(Objects.requireNonNull(LogFormatTest.class.getResource("/logback.xml")));
            context.getLogger(logger).warn("Detected the states of tasks [0_1] are corrupted.", e);
        } finally {
            System.setOut(console);
            context.stop();
        }
        return written.toString(StandardCharsets.UTF_8).lines().toList();
    }

    /** Plays the kill of a broker: each task of a stream thread that began anew had its stack trace. */
    @ParameterizedTest
    @ValueSource(strings = {"text", "json"})
    void writesARecoveryOfAStreamThreadAsOneLine(String format) throws Exception {
        Exception e = new TaskCorruptedException(Set.of(new TaskId(0, 1)));
        e.initCause(new TimeoutException("no answer"));
        assertThat(lines(format, THREAD, e))
                .singleElement()
                .asString()
                .contains("Detected the states", "TaskCorruptedException", "no answer");
    }

    @ParameterizedTest
    @ValueSource(strings = {"org.apache.kafka.streams.KafkaStreams", "io.muster.service.ThreadFailures"})
    void writesAFailureWithItsStackTrace(String logger) throws Exception {
        assertThat(lines("text", logger, new IllegalStateException("x")))
                .hasSizeGreaterThan(3)
                .anyMatch(line -> line.contains("at io.muster.service.LogFormatTest"));
    }
}
