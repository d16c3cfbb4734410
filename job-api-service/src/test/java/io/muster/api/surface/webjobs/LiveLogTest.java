package io.muster.api.surface.webjobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.api.compute.TaskOutputs;
import io.muster.records.OutputStream;
import io.muster.records.ScriptHost;
import io.muster.records.TaskOutput;
import io.muster.records.TaskToken;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStatus;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Follows a run's log on a partition that others fill, over many connections. */
class LiveLogTest {
    private static final Instant BEGUN = Instant.parse("2026-11-21T03:00:00Z");
    private static final String TASK = "fleet.purge.202611210300000000";
    private static final String NO_ID = "0";

    /** Holds the partition: an empty one is of another task. */
    private final List<Optional<TaskOutput>> partition = new ArrayList<>();

    private final List<Integer> read = new ArrayList<>();
    private WebJobRun run = WebJobRun.newBuilder()
            .setId("202611210300000000")
            .setStatus(WebJobRunStatus.RUNNING)
            .setTrigger("External - x")
            .setPoolId("default")
            .setTaskId(TASK)
            .setScript("run.sh")
            .setHost(ScriptHost.BASH)
            .setBegunAt(BEGUN)
            .setStartedAt(BEGUN.plusSeconds(1))
            .setNodeId("node-1")
            .setPlacement(7L)
            .build();

    /** Reads the partition in steps of three records. */
    private final class Steps implements TaskOutputs.Reader {
        private int next;
        private int position;

        @Override
        public Optional<TaskOutput> next() {
            for (int i = 0; i < 3 && next < partition.size(); i++) {
                position = next;
                read.add(next);
                Optional<TaskOutput> found = partition.get(next++);
                if (found.isPresent()) {
                    return found;
                }
                position = next;
            }
            return Optional.empty();
        }

        @Override
        public boolean isAtEnd() {
            return next >= partition.size();
        }

        @Override
        public Optional<Instant> keptSince() {
            return Optional.empty();
        }

        @Override
        public long position() {
            return position;
        }

        @Override
        public boolean goTo(long at) {
            if (at > partition.size()) {
                return false;
            }
            next = (int) at;
            position = next;
            return true;
        }

        @Override
        public void close() {}
    }

    private final TaskOutputs outputs = new TaskOutputs() {
        @Override
        public Reader open(String poolId, String taskId, Instant since, Optional<Instant> until) {
            return new Steps();
        }

        @Override
        public Reader follow(String poolId, String taskId, Instant since) {
            return new Steps();
        }
    };

    private void write(OutputStream stream, long offset, int second, String text) {
        partition.add(Optional.of(TaskOutput.newBuilder()
                .setPoolId("default")
                .setNodeId("node-1")
                .setToken(new TaskToken(TASK, 7L))
                .setStream(stream)
                .setOffset(offset)
                .setAt(BEGUN.plusSeconds(second))
                .setOutput(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)))
                .build()));
    }

    private void othersWrite(int count) {
        for (int i = 0; i < count; i++) {
            partition.add(Optional.empty());
        }
    }

    private void end() {
        run = WebJobRun.newBuilder(run)
                .setStatus(WebJobRunStatus.SUCCESS)
                .setEndedAt(BEGUN.plusSeconds(900))
                .build();
    }

    /** Ends with what became of the job where that was deleted: the run goes on or stops unseen. */
    @Test
    void saysThatTheJobWasDeletedWhileTheRunWentOn() throws IOException {
        EventId from = EventId.of(NO_ID).orElseThrow();
        StringBuilder all = new StringBuilder();
        try (LiveLog log = new LiveLog(outputs, run, Optional::empty, from, Duration.ZERO, () -> BEGUN)) {
            for (byte[] piece = log.next(); piece != null; piece = log.next()) {
                all.append(new String(piece, StandardCharsets.UTF_8));
            }
        }
        assertThat(all.toString()).contains("event: end\n").endsWith("\ndata: Deleted\n\n");
    }

    private LiveLog connect(String lastEventId) {
        EventId from = EventId.of(lastEventId).orElseThrow();
        return new LiveLog(outputs, run, () -> Optional.of(run), from, Duration.ZERO, () -> BEGUN);
    }

    /** Returns the lines that the pieces of one connection have until the run's end, by the id that a client has behind each. */
    private Map<String, String> follow(String lastEventId) throws IOException {
        Map<String, String> lines = new LinkedHashMap<>();
        String id = lastEventId;
        try (LiveLog log = connect(lastEventId)) {
            for (byte[] piece = log.next(); piece != null; piece = log.next()) {
                String text = "";
                for (String line : new String(piece, StandardCharsets.UTF_8).split("\n")) {
                    if (line.startsWith("id: ")) {
                        id = line.substring(4);
                    } else if (line.startsWith("data: ")) {
                        text += line.substring(6) + "\n";
                    }
                }
                lines.merge(id, text, String::concat);
            }
        }
        return lines;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void goesOnBehindEachEventWithTheSameBytes(long seed) throws IOException {
        Random random = new Random(seed);
        long offset = 0;
        for (int i = 0; i < 60; i++) {
            othersWrite(random.nextInt(100));
            StringBuilder text = new StringBuilder();
            for (int letters = random.nextInt(1, 30); letters > 0; letters--) {
                text.append(random.nextInt(6) == 0 ? '\n' : (char) ('a' + random.nextInt(26)));
            }
            OutputStream stream = random.nextInt(4) == 0 ? OutputStream.ERR : OutputStream.OUT;
            write(stream, offset, 2 + i, text.toString());
            if (random.nextInt(4) == 0) {
                // A node that connects again sends the latest ones twice.
                partition.add(partition.getLast());
            }
            offset += text.length();
        }
        end();
        Map<String, String> whole = follow(NO_ID);
        assertThat(whole.size()).isGreaterThan(30);
        StringBuilder rest = new StringBuilder(String.join("", whole.values()));
        whole.forEach((id, lines) -> {
            rest.delete(0, lines.length());
            assertThat(id)
                    .satisfies(each -> assertThat(String.join("", follow(each).values()))
                            .as("behind event " + each)
                            .isEqualTo(rest.isEmpty() ? "Success\n" : rest.toString()));
        });
    }

    /** Reads what others wrote once, over however many connections: each began at the run's start, and none lasted until the end of that. */
    @Test
    void catchesUpOverConnectionsThatEndBeforeTheyHave() throws IOException {
        write(OutputStream.OUT, 0, 2, "a\n");
        othersWrite(2_000);
        write(OutputStream.OUT, 2, 3, "b\n");
        String id = NO_ID;
        String received = "";
        int connections = 0;
        while (!received.contains("b")) {
            assertThat(++connections).as("connections").isLessThan(40);
            try (LiveLog log = connect(id)) {
                for (int steps = 0; steps < 100; steps++) {
                    for (String line : new String(log.next(), StandardCharsets.UTF_8).split("\n")) {
                        id = line.startsWith("id: ") ? line.substring(4) : id;
                        received += line.startsWith("data: ") ? line.substring(line.lastIndexOf(' ') + 1) : "";
                    }
                }
            }
        }
        assertThat(connections).isGreaterThan(3);
        assertThat(read.stream().filter(at -> at == 0)).hasSize(1);
        assertThat(read).hasSizeLessThan(3_000);
    }

    @Test
    void showsLinesOfItsOwnRunWhateverAnIdNames() throws IOException {
        write(OutputStream.OUT, 0, 2, "a\n");
        othersWrite(10);
        write(OutputStream.OUT, 2, 3, "b\n");
        end();
        String whole = String.join("", follow(NO_ID).values());
        for (String forged : List.of("0.13.0.0", "0.999.0.0", "0.1.0.0", "40.5.7.9", "999.0.0.0", "0.0.0.999")) {
            assertThat(String.join("", follow(forged).values()).lines())
                    .as(forged)
                    .allSatisfy(line -> assertThat(whole).contains(line));
        }
    }
}
