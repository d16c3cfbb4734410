package io.muster.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.entry;

import io.muster.access.SharedAccessPolicies;
import io.muster.device.HubAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pins every setting of the agent, with its default, as its usage has them. */
class AgentSettingsTest {
    private static final String BY_TEXT = "--connection.string=HostName=hub.test;DeviceId=d;SharedAccessKey=a2V5";
    private static final Pattern IN_USAGE = Pattern.compile("--([a-z.]+)=([^\\]\\s]+)");

    @TempDir
    private Path folder;

    @BeforeEach
    void files() throws IOException {
        SharedAccessPolicies.generate(new SecureRandom()).store(folder.resolve("policies.properties"));
        Files.writeString(folder.resolve("keys"), "d2=a2V5\nd1=a2V5\n");
    }

    private String byPolicy() {
        return "--policies=" + folder.resolve("policies.properties");
    }

    private static Map<String, String> defaults(String arg) throws IOException {
        Options options = Options.of(new String[] {arg});
        AgentSettings.from(options);
        options.rejectUnknown();
        return options.defaults();
    }

    @Test
    void pinsTheAgentAsItsUsageDoes() throws IOException {
        Map<String, String> defaults = new HashMap<>(defaults(BY_TEXT));
        defaults.putAll(defaults("--keys=" + folder.resolve("keys")));
        defaults.putAll(defaults(byPolicy()));
        assertThat(defaults)
                .containsOnly(
                        entry("connection.string", "none"),
                        entry("policies", "policies.properties"),
                        entry("policy", "device"),
                        entry("devices", "1000"),
                        entry("prefix", "sim-"),
                        entry("keys", "none"),
                        entry("host", "localhost"),
                        entry("hub.host", "localhost"),
                        entry("port", "8883"),
                        entry("ca", "none"),
                        entry("rate", "500"),
                        entry("token.seconds", "3600"),
                        entry("answer.min.ms", "0"),
                        entry("answer.max.ms", "0"),
                        entry("failure.share", "0"),
                        entry("silent.share", "0"),
                        entry("disconnect.share", "0"),
                        entry("report.desired", "true"),
                        entry("telemetry.every.ms", "0"),
                        entry("seed", "1"));
        Map<String, String> inUsage = IN_USAGE.matcher(AgentSettings.USAGE)
                .results()
                .collect(Collectors.toMap(
                        option -> option.group(1),
                        option -> option.group(2).matches("[A-Z]+") ? "none" : option.group(2)));
        assertThat(inUsage).isEqualTo(defaults);
    }

    @Test
    void takesTheDefaultsWhereNothingElseIsGiven() throws IOException {
        AgentSettings many = AgentSettings.from(Options.of(new String[] {byPolicy()}));
        assertThat(many.target().hub()).isEqualTo(new HubAddress("localhost", 8883, "localhost", null));
        assertThat(many.target().credentials().life()).isEqualTo(Duration.ofHours(1));
        assertThat(many.deviceIds()).hasSize(1000).startsWith("sim-000001").endsWith("sim-001000");
        assertThat(many.behaviour()).isEqualTo(Behaviour.PERFECT);
        assertThat(many.rate()).isEqualTo(500);
    }

    @Test
    void takesTheDevicesOfAConnectionStringOrOfAFileOfKeys() throws IOException {
        AgentSettings one = AgentSettings.from(Options.of(new String[] {BY_TEXT}));
        assertThat(one.target().hub()).isEqualTo(new HubAddress("hub.test", 8883, "hub.test", null));
        assertThat(one.deviceIds()).containsExactly("d");
        AgentSettings two = AgentSettings.from(Options.of(new String[] {"--keys=" + folder.resolve("keys")}));
        assertThat(two.deviceIds()).containsExactly("d1", "d2");
    }

    @Test
    void rejectsAnOptionThatThereIsNot() {
        Options options = Options.of(new String[] {"--colour=red"});
        options.number("port", 8883);
        assertThatIllegalArgumentException().isThrownBy(options::rejectUnknown).withMessageContaining("colour");
    }
}
