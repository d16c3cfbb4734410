package io.muster.processor.engine.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.StreamRun;
import io.muster.processor.engine.StreamTask;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.processor.engine.TimePolicy;
import io.muster.processor.format.JsonRecords;
import io.muster.processor.function.FunctionProcess;
import io.muster.query.kernel.Expression;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.ScalarFunction;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import io.muster.query.stream.Ticks;
import io.muster.query.streamjob.JavaScriptFunction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs queries of files: a query, events with their times, and the results. Each is run as it stands, and again from two partitions, with state
 * saved and loaded between any two events, and shared by three tasks where it can be: results are the same. A run that begins at the time of
 * any event or result has the same from there on.
 */
class GoldenQueryTest {
    private static final long DAY = Ticks.of(Instant.parse("2026-01-01T00:00:00Z"));
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSSS", Locale.ROOT);

    /** Holds one line of input, or of reference data: then with the column that is their key; a row with "deleted" removes it. */
    private record Given(String input, long time, Map<String, Object> record, Optional<String> key) {
        Event event() {
            if (key.isEmpty()) {
                return new Event(time, record, Map.of());
            }
            String of = String.valueOf(record.get(key.get()));
            return record.containsKey("deleted") ? Event.noReference(time, of) : Event.reference(time, of, record);
        }
    }

    /**
     * Holds one file.
     *
     * @param functions of users, which run in one process, by their names in lower case
     * @param failures what the message says of the query that fails at its events; none where it doesn't
     */
    private record Case(
            String query,
            Map<String, ScalarFunction> functions,
            List<Given> events,
            List<String> results,
            List<String> failures) {
        static Case of(Path file) throws IOException {
            StringBuilder query = new StringBuilder();
            Map<String, StringBuilder> scripts = new HashMap<>();
            List<Given> events = new ArrayList<>();
            List<String> results = new ArrayList<>();
            List<String> failures = new ArrayList<>();
            String section = "";
            for (String line : Files.readAllLines(file)) {
                if (line.matches("(query|function|input|reference|output|fails)( \\w+)*")) {
                    section = line;
                } else if (line.isBlank() || line.startsWith("#")) {
                    continue;
                } else if (section.equals("query")) {
                    query.append(line).append('\n');
                } else if (section.startsWith("function ")) {
                    scripts.computeIfAbsent(section.split(" ")[1], _ -> new StringBuilder())
                            .append(line)
                            .append('\n');
                } else if (section.equals("fails")) {
                    failures.add(line);
                } else {
                    int blank = line.strip().indexOf(' ');
                    String time = line.strip().substring(0, blank);
                    String json = line.strip().substring(blank + 1);
                    if (section.startsWith("input") || section.startsWith("reference")) {
                        String[] words = section.split(" ");
                        events.add(new Given(
                                words.length > 1 ? words[1] : "",
                                ticks(time),
                                JsonRecords.read(json.getBytes(StandardCharsets.UTF_8), _ -> true)
                                        .getFirst(),
                                Optional.of(words).filter(all -> all.length > 2).map(all -> all[2])));
                    } else {
                        results.add(
                                section.substring("output".length()).strip() + " " + text(ticks(time)) + " " + json);
                    }
                }
            }
            FunctionProcess process = new FunctionProcess(new FunctionProcess.Places(1));
            Map<String, ScalarFunction> functions = new HashMap<>();
            scripts.forEach((name, script) -> {
                JavaScriptFunction function = JavaScriptFunction.parse(name, script.toString(), 1);
                functions.put(name.toLowerCase(Locale.ROOT), new ScalarFunction(1, 1, process.add(function)));
            });
            return new Case(query.toString(), functions, events, results, failures);
        }
    }

    /** Returns the instant of a time of the day, or of a whole date. */
    private static long ticks(String time) {
        if (time.contains("T")) {
            return Ticks.of(Instant.parse(time));
        }
        return DAY + LocalTime.parse(time).toNanoOfDay() / 100;
    }

    private static String text(long ticks) {
        return Math.floorDiv(ticks - DAY, Ticks.DAY) + "d"
                + LocalTime.ofNanoOfDay(Math.floorMod(ticks, Ticks.DAY) * 100).format(TIME);
    }

    /** Returns the time of a line of results, as {@link #text} wrote it. */
    private static long time(String result) {
        String[] parts = result.split(" ")[1].split("d", 2);
        return DAY
                + Long.parseLong(parts[0]) * Ticks.DAY
                + LocalTime.parse(parts[1]).toNanoOfDay() / 100;
    }

    static Stream<Path> files() throws IOException {
        return Files.list(Path.of("src/test/resources/queries")).sorted();
    }

    private static String line(String output, StreamRow row) {
        return output + " " + text(row.time()) + " "
                + new String(JsonRecords.write(row.record()), StandardCharsets.UTF_8);
    }

    /** Holds a task with the bytes that it saves. */
    private static final class Task {
        private final Supplier<StreamRun> make;
        private final BytesInMemory store = new BytesInMemory();
        private StreamRun run;

        private Task(Supplier<StreamRun> make) {
            this.make = make;
            this.run = make.get();
        }

        private void restart(boolean loses) {
            run.save(store);
            if (loses) {
                run = make.get();
                run.load(store);
            }
        }
    }

    private static StreamQuery query(Case given) throws QueryException {
        return StreamQuery.parse(given.query(), references(given), given.functions());
    }

    private static Set<String> references(Case given) {
        return given.events().stream()
                .filter(event -> event.key().isPresent())
                .map(Given::input)
                .collect(Collectors.toSet());
    }

    private static List<String> run(Case given, int partitions, int count, Random random, boolean restarts, long from)
            throws Exception {
        Set<String> references = references(given);
        StreamQuery query = query(given);
        List<String> inputs = query.inputs().stream()
                .sorted(Comparator.comparing((String input) -> !references.contains(input))
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
        List<Upstream> upstreams = new ArrayList<>();
        for (int input = 0; input < inputs.size(); input++) {
            for (int partition = 0; partition < partitions; partition++) {
                upstreams.add(new Upstream(input, partition));
            }
        }
        List<String> results = new ArrayList<>();
        TaskAssignment shares = new TaskAssignment(query, inputs, count);
        List<Task> tasks = Stream.generate(() -> new Task(() -> task(query, inputs, upstreams, from, results)))
                .limit(count)
                .toList();
        List<List<Given>> queues = new ArrayList<>();
        upstreams.forEach(_ -> queues.add(new ArrayList<>()));
        for (Given event : given.events()) {
            int input = event.input().isEmpty() ? 0 : inputs.indexOf(event.input());
            assertThat(input).as("the query reads %s", event.input()).isNotNegative();
            int partition = event.key().isPresent() ? 0 : random.nextInt(partitions); // A key is of one partition.
            queues.get(input * partitions + partition).add(event);
        }
        long[] offsets = new long[upstreams.size()];
        while (queues.stream().anyMatch(queue -> !queue.isEmpty())) {
            int at = random.nextInt(upstreams.size());
            if (queues.get(at).isEmpty()) {
                tasks.forEach(task -> task.run.watermark(upstreams.get(at), Long.MAX_VALUE / 4));
                continue;
            }
            Given event = queues.get(at).removeFirst();
            long number = offsets[at]++;
            assertTime(query, inputs.get(upstreams.get(at).input()), event);
            int share = shares.of(upstreams.get(at), event.event());
            for (Task task : share == TaskAssignment.ALL ? tasks : List.of(tasks.get(share))) {
                task.run.event(upstreams.get(at), number, event.event());
            }
            for (Task task : tasks) {
                if (!query.hasSubstreams()) {
                    task.run.watermark(upstreams.get(at), event.time());
                }
                task.run.goOn();
                if (restarts) {
                    task.restart(random.nextInt(3) == 0);
                }
            }
        }
        for (Task task : tasks) {
            upstreams.forEach(upstream -> task.run.watermark(upstream, Long.MAX_VALUE / 4));
            task.run.goOn();
        }
        return results;
    }

    /** Returns the times of all events and results, in ticks: a start at each of them has the results from there on. */
    private static Set<Long> instants(Case given) {
        return Stream.concat(
                        given.events().stream().map(Given::time),
                        given.results().stream().map(GoldenQueryTest::time))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Gives events the times of the file, as TIMESTAMP BY would. */
    private static void assertTime(StreamQuery query, String input, Given event) {
        @Nullable
        Expression timestamp = Objects.requireNonNull(query.clocks().get(input)).timestamp();
        if (timestamp != null) {
            assertThat(StreamValues.instant(timestamp.evaluate(event.event()))).contains(Ticks.instant(event.time()));
        }
    }

    private static StreamRun task(
            StreamQuery query, List<String> inputs, List<Upstream> upstreams, long from, List<String> results) {
        return StreamTask.of(
                query,
                inputs,
                upstreams,
                from,
                new TimePolicy(0, 0, false),
                () -> {},
                (output, row) -> results.add(line(output, row)));
    }

    @ParameterizedTest
    @MethodSource("files")
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void writesTheResultsOfTheGoldenFile(Path file) throws Exception {
        Case given = Case.of(file);
        if (!given.failures().isEmpty()) {
            assertThatThrownBy(() -> run(given, 1, 1, new Random(1), false, Long.MIN_VALUE))
                    .hasMessageContainingAll(given.failures().toArray(String[]::new));
            return;
        }
        assertThat(run(given, 1, 1, new Random(1), false, Long.MIN_VALUE))
                .containsExactlyInAnyOrderElementsOf(given.results());
        for (int seed = 2; seed < 12; seed++) {
            int tasks = query(given).partitionKeys().isPresent() && seed % 3 == 0 ? 3 : 1;
            assertThat(run(given, 1 + seed % 2, tasks, new Random(seed), true, Long.MIN_VALUE))
                    .as("seed %d", seed)
                    .containsExactlyInAnyOrderElementsOf(given.results());
        }
        for (long from : instants(given)) {
            assertThat(run(given, 1, 1, new Random(1), false, from))
                    .as("from %s on", text(from))
                    .containsExactlyInAnyOrderElementsOf(given.results().stream()
                            .filter(result -> time(result) >= from)
                            .toList());
        }
    }
}
