package io.muster.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.topics.PartitionCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| (`--[^|]+) \\| ([^|]+) \\|");

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            up --devices                  | The option --devices lacks its value. See ./muster up --help.
            up --devices --fresh          | The option --devices lacks its value. See ./muster up --help.
            up --data=                    | The option --data lacks its value. See ./muster up --help.
            up --fresh=yes                | The option --fresh takes no value.
            up --device 10                | up has no option --device. See ./muster up --help.
            up 10                         | up has no option 10. See ./muster up --help.
            status --fresh                | status has no option --fresh. See ./muster status --help.
            connection-string --json      | connection-string has no option --json. See ./muster connection-string --help.
            start                         | There is no command start. See ./muster help.
            up --devices -1               | --devices takes a number from 0 to 999999, not -1.
            up --nodes two                | --nodes takes a number from 0 to 100, not two.
            up --spare-nodes 101          | --spare-nodes takes a number from 0 to 100, not 101.
            node --nodes 1                | node has no option --nodes. See ./muster node --help.
            node --pool                   | The option --pool lacks its value. See ./muster node --help.
            up --rest-port 70000          | --rest-port takes a number from 1 to 65535, not 70000.
            up --kafka nowhere            | --kafka takes the address of a broker, HOST:PORT, not nowhere.
            """)
    void refusesWithASentence(String line, String sentence) {
        List<String> words = List.of(line.split(" "));
        assertThatThrownBy(() -> Options.of(Options.arguments(words.getFirst(), words.subList(1, words.size()))))
                .isInstanceOf(StandaloneException.class)
                .hasMessage(sentence);
    }

    @Test
    void pinsTheOptionsOfUp() throws StandaloneException {
        assertThat(Options.of(Options.arguments("up", List.of())))
                .isEqualTo(new Options(
                        Path.of(".").toAbsolutePath(),
                        Path.of(".muster").toAbsolutePath(),
                        8443,
                        8883,
                        19092,
                        18081,
                        Optional.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        "",
                        1000,
                        2,
                        2,
                        false));
    }

    /** Returns the defaults of the options of up that are numbers. */
    private static Map<String, String> numbers() throws StandaloneException {
        Options usual = Options.of(Options.arguments("up", List.of()));
        Map<String, Integer> numbers = Map.of(
                "--rest-port", usual.restPort(),
                "--mqtt-port", usual.mqttPort(),
                "--kafka-port", usual.kafkaPort(),
                "--registry-port", usual.registryPort(),
                "--device-partitions", PartitionCounts.SMALL.devices(),
                "--job-partitions", PartitionCounts.SMALL.jobs(),
                "--devices", usual.devices(),
                "--nodes", usual.nodes(),
                "--spare-nodes", usual.spareNodes());
        Map<String, String> texts = new HashMap<>();
        numbers.forEach((name, number) -> texts.put(name, number.toString()));
        return texts;
    }

    /** Compares the page with the code: it has each option of up but that of the script, with its default where this is a number. */
    @Test
    void startsAsThePageSays() throws IOException, StandaloneException {
        Map<String, String> onPage = new HashMap<>();
        Matcher row = ROW.matcher(Files.readString(Path.of("../docs/operate/standalone.md")));
        while (row.find()) {
            List<String> names = List.of(row.group(1).split(", "));
            List<String> defaults = List.of(row.group(2).split(", "));
            for (int i = 0; i < names.size(); i++) {
                onPage.put(names.get(i).replaceAll("`| .*", ""), defaults.get(i).replace("`", ""));
            }
        }
        Set<String> names = new HashSet<>(Options.BY_COMMAND.get("up"));
        names.remove("--detached");
        names.addAll(Set.of("--detach", "--data"));
        assertThat(onPage).containsOnlyKeys(names).containsAllEntriesOf(numbers());
        assertThat(onPage).contains(Map.entry("--kafka", "none"), Map.entry("--fresh", "off"));
    }

    @Test
    void startsAsTheHelpSays() throws IOException, StandaloneException {
        String help = Files.readString(Path.of("../muster"));
        numbers()
                .forEach((name, number) ->
                        assertThat(help).containsPattern(name + " [NP] [^(]*\\(default " + number + "[;)]"));
    }

    @Test
    void takesTheNumbersOfNodesThatAreGiven() throws StandaloneException {
        Options given = Options.of(Options.arguments("up", List.of("--nodes", "0", "--spare-nodes=5")));
        assertThat(List.of(given.nodes(), given.spareNodes())).containsExactly(0, 5);
    }

    @ParameterizedTest
    @CsvSource({"node-1, true", "node-12, true", "node-, false", "planner, false", "my-node-1, false"})
    void tellsNodesByTheirNames(String name, boolean isNode) {
        assertThat(ComputeNodes.isNode(name)).isEqualTo(isNode);
    }

    @Test
    void takesTheLastOfAName() throws StandaloneException {
        Map<String, String> arguments =
                Options.arguments("up", List.of("--data", "/default", "--devices=5", "--data", "/a folder", "--fresh"));
        assertThat(arguments)
                .containsOnly(
                        Map.entry("--data", "/a folder"), Map.entry("--devices", "5"), Map.entry("--fresh", "true"));
    }
}
