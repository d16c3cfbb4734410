package io.muster.service.growth;

import io.muster.service.Changelogs;
import io.muster.service.state.RowPlacement;
import io.muster.topics.Namespace;
import io.muster.topics.Partitioning;
import io.muster.topics.Retention;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Knows the stores of planner and processor and the topics that they read by key. The file is made of the services' declarations by
 * StoresFileTest: this command runs where only one of the services is installed.
 */
final class Applications {
    private static final String FILE = "applications.csv";

    private static final List<String[]> LINES = lines();

    /**
     * Lists the topics that each application has to have read before anything moves, by its id. Leaves out tables among them: their rows move, and
     * are read again behind the move.
     */
    static final Map<String, List<String>> READS = reads();

    /** Lists every store. The numbers are last: they say that all has moved. */
    static final List<Table> STORES = LINES.stream()
            .filter(line -> line[0].equals("store"))
            .map(line -> new Table(
                    Changelogs.name(Namespace.name(line[1]), line[2]),
                    Partitioning.valueOf(line[3]),
                    RowPlacement.valueOf(line[4]),
                    Namespace.name(line[1])))
            .sorted(Comparator.comparing(table -> table.placement() == RowPlacement.NUMBERS))
            .toList();

    /** Lists every compacted topic of the catalogue, and then every store. */
    static final List<Table> TABLES = Stream.concat(
                    Topics.ALL.stream()
                            .filter(topic -> topic.retention() instanceof Retention.Compacted)
                            .map(topic -> new Table(topic.name(), topic.partitioning(), RowPlacement.BY_KEY, null)),
                    STORES.stream())
            .toList();

    private Applications() {}

    private static Map<String, List<String>> reads() {
        Set<String> tables = Topics.ALL.stream()
                .filter(topic -> topic.retention() instanceof Retention.Compacted)
                .map(Topic::name)
                .collect(Collectors.toSet());
        Map<String, List<String>> reads = new TreeMap<>();
        for (String[] line : LINES) {
            if (line[0].equals("reads") && !tables.contains(Namespace.name(line[2]))) {
                reads.computeIfAbsent(Namespace.name(line[1]), _ -> new ArrayList<>())
                        .add(Namespace.name(line[2]));
            }
        }
        return reads;
    }

    private static List<String[]> lines() {
        try (InputStream file = Objects.requireNonNull(Applications.class.getResourceAsStream(FILE), FILE)) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.split(",", -1))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
