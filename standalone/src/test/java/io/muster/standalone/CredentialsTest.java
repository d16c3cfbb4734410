package io.muster.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessSignature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rejects a key that is no base64, a mistake in the file; takes a blank one as out of use. */
class CredentialsTest {
    private static final String KEY = Base64.getEncoder().encodeToString("a key".getBytes(StandardCharsets.UTF_8));

    @TempDir
    private Path data;

    private static String policy(String name, String primary, String secondary) {
        return name + ".rights=ServiceConnect\n" + name + ".primaryKey=" + primary + "\n" + name + ".secondaryKey="
                + secondary + "\n";
    }

    private static SharedAccessSignature link(String policies) throws Exception {
        String link = SignInLink.of("https://localhost", SharedAccessPolicies.parse(policies), Instant.now());
        String token = new String(
                Base64.getUrlDecoder().decode(link.substring(link.indexOf('=') + 1)), StandardCharsets.UTF_8);
        return SharedAccessSignature.parse(token).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no base64"})
    void signsALinkWithAKeyInUse(String unusable) throws Exception {
        assertThat(link(policy("service", unusable, KEY)).keyName()).contains("service");
        assertThat(link(policy("service", unusable, unusable) + policy("iothubowner", KEY, unusable))
                        .keyName())
                .contains("iothubowner");
        assertThatThrownBy(() -> link(policy("service", unusable, unusable)))
                .isInstanceOf(StandaloneException.class)
                .hasMessageContaining("service or iothubowner");
    }

    @ParameterizedTest
    @CsvSource({"token,''", "token,no base64", "connection-string,''", "connection-string,no base64"})
    void namesAPolicyWithoutAKeyInUse(String command, String unusable) throws Exception {
        Credentials credentials = credentials(policy("service", unusable, unusable));
        assertThatThrownBy(() -> {
                    if (command.equals("token")) {
                        credentials.token();
                    } else {
                        credentials.connectionString();
                    }
                })
                .isInstanceOf(StandaloneException.class)
                .hasMessageStartingWith("The policy service has no key that can be used");
    }

    @Test
    void printsWhatAClientOfKuduWants() throws Exception {
        Files.writeString(data.resolve("policies.properties"), policy("iothubowner", KEY, KEY));
        Map<String, String> arguments = Options.arguments(
                "credentials", List.of("--data", data.toString(), "--surface", "kudu", "--site", "Fleet", "--json"));
        JsonNode printed = new ObjectMapper().readTree(printed(new Credentials(Options.of(arguments), arguments)));
        String rest = printed.get("endpoint").textValue();
        assertThat(printed.get("baseUri").textValue()).isEqualTo(rest + "/fleet.scm.azurewebsites.net");
        assertThat(printed.get("user").textValue()).isEqualTo("iothubowner");
        assertThat(printed.get("password").textValue()).isEqualTo(KEY);
        assertThat(printed.get("caFile").textValue()).endsWith("ca/ca.pem");
    }

    @Test
    void printsWhatAClientOfBatchWants() throws Exception {
        Files.writeString(data.resolve("policies.properties"), policy("iothubowner", KEY, KEY));
        Map<String, String> arguments =
                Options.arguments("credentials", List.of("--data", data.toString(), "--surface", "batch", "--json"));
        JsonNode printed = new ObjectMapper().readTree(printed(new Credentials(Options.of(arguments), arguments)));
        assertThat(printed.get("batchUrl").textValue())
                .isEqualTo(printed.get("endpoint").textValue());
        assertThat(printed.get("account").textValue()).isEqualTo("muster");
        assertThat(printed.get("key").textValue()).isEqualTo(KEY);
    }

    @Test
    void printsWhatAClientOfIotCentralWants() throws Exception {
        Files.writeString(data.resolve("policies.properties"), policy("iothubowner", KEY, KEY));
        Map<String, String> arguments =
                Options.arguments("credentials", List.of("--data", data.toString(), "--surface", "central", "--json"));
        JsonNode printed = new ObjectMapper().readTree(printed(new Credentials(Options.of(arguments), arguments)));
        assertThat(printed.get("token").textValue()).startsWith("SharedAccessSignature sr=localhost&");
        assertThat(printed.get("endpoint").textValue()).startsWith("https://");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-a", "a.b", "a b"})
    void refusesANameThatNoSiteHas(String site) throws Exception {
        Files.writeString(data.resolve("policies.properties"), policy("iothubowner", KEY, KEY));
        Map<String, String> arguments = Options.arguments(
                "credentials", List.of("--data", data.toString(), "--surface", "kudu", "--site", site));
        assertThatThrownBy(() -> new Credentials(Options.of(arguments), arguments).ofSurface())
                .isInstanceOf(StandaloneException.class)
                .hasMessageStartingWith("Say --site NAME");
    }

    private static String printed(Credentials credentials) throws StandaloneException {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            credentials.ofSurface();
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void namesAMissingPolicy() throws Exception {
        assertThatThrownBy(() -> credentials(policy("other", KEY, KEY)).token())
                .isInstanceOf(StandaloneException.class)
                .hasMessage("There is no policy service.");
    }

    private Credentials credentials(String policies) throws IOException, StandaloneException {
        Files.writeString(data.resolve("policies.properties"), policies);
        Map<String, String> arguments =
                Options.arguments("token", List.of("--data", data.toString(), "--policy", "service"));
        return new Credentials(Options.of(arguments), arguments);
    }
}
