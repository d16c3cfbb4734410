package io.muster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.entry;

import io.muster.device.Credentials;
import io.muster.device.HubAddress;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Pins every setting of a node, with its default. */
class NodeSettingsTest {
    private static final Pattern USUAL = Pattern.compile("\\[--([a-z.-]+)=(\\d+)]");
    private static final String[] BY_TEXT = {
        "--connection.string=HostName=hub.test;DeviceId=node-1;SharedAccessKey=a2V5", "--data.dir=data"
    };
    private static final String[] BY_CERTIFICATE = {
        "--device.id=node-1", "--host=gateway.test", "--certificate=node.pem", "--key=node.key", "--data.dir=data"
    };

    private static SortedMap<String, String> defaults(String... args) throws IOException {
        Given given = Given.of(args, Map.of(), NodeSettings.NAMES);
        NodeSettings.from(given);
        return given.defaults();
    }

    @Test
    void pinsTheNodeAsThePageOfNodesDoes() throws IOException {
        SortedMap<String, String> defaults = new TreeMap<>(defaults(BY_TEXT));
        defaults.putAll(defaults(BY_CERTIFICATE));
        assertThat(defaults)
                .containsOnlyKeys(NodeSettings.NAMES)
                .containsOnly(
                        entry("connection.string.file", "none"),
                        entry("connection.string", "none"),
                        entry("device.id", "required"),
                        entry("host", "required"),
                        entry("hub.host", "none"),
                        entry("certificate", "required"),
                        entry("key", "required"),
                        entry("port", "8883"),
                        entry("ca", "none"),
                        entry("rest.url", "none"),
                        entry("data.dir", "required"),
                        entry("slots", String.valueOf(processors())),
                        entry("labels", "none"),
                        entry("address", "none"),
                        entry("run-as", "none"),
                        entry("cache.mib", "1024"),
                        entry("unpacked.mib", "1024"),
                        entry("kept.mib", "4096"));
        SettingsTable.rejectOtherDefaults(0, defaults);
        Map<String, String> inUsage = USUAL.matcher(NodeSettings.USAGE)
                .results()
                .collect(Collectors.toMap(option -> option.group(1), option -> option.group(2)));
        assertThat(inUsage).hasSize(4);
        assertThat(defaults).containsAllEntriesOf(inUsage);
    }

    private static int processors() {
        return Math.min(1024, Runtime.getRuntime().availableProcessors());
    }

    @Test
    void takesTheDefaultsWhereNothingElseIsGiven() throws IOException {
        assertThat(NodeSettings.of(BY_CERTIFICATE, Map.of()))
                .isEqualTo(new NodeSettings(
                        new HubAddress("gateway.test", 8883, "gateway.test", null),
                        "node-1",
                        new Credentials.Certificate(Path.of("node.pem"), Path.of("node.key")),
                        URI.create("https://gateway.test"),
                        Path.of("data").toAbsolutePath(),
                        processors(),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty(),
                        1L << 30,
                        1L << 30,
                        4L << 30));
        NodeSettings byText = NodeSettings.of(BY_TEXT, Map.of());
        assertThat(byText.hub()).isEqualTo(new HubAddress("hub.test", 8883, "hub.test", null));
        assertThat(byText.rest()).isEqualTo(URI.create("https://hub.test"));
    }

    private static void labels(String text) throws IOException {
        String[] arguments = Arrays.copyOf(BY_CERTIFICATE, BY_CERTIFICATE.length + 1);
        arguments[BY_CERTIFICATE.length] = "--labels=" + text;
        NodeSettings.of(arguments, Map.of());
    }

    @Test
    void refusesLabelsThatNoGatewayTakes() throws IOException {
        labels("a=" + "x".repeat(254));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> labels("a=" + "x".repeat(255)))
                .withMessageContaining("--labels takes up to 256 characters");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> labels("a=\u0000"))
                .withMessageContaining("no control characters");
        String many = IntStream.range(0, 201).mapToObj(i -> "n" + i + "=v").collect(Collectors.joining(","));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> labels(many))
                .withMessageContaining("up to 200 labels, not 201");
    }
}
