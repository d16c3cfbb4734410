package io.muster.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
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
    void startsTwoNodesAndTwoSpareOnesByDefault() throws StandaloneException {
        Options usual = Options.of(Options.arguments("up", List.of()));
        assertThat(List.of(usual.nodes(), usual.spareNodes())).containsExactly(2, 2);
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
