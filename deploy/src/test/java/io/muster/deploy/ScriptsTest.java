package io.muster.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessPolicy;
import io.muster.access.SharedAccessSignature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs scripts as an operator does. */
class ScriptsTest {
    @TempDir
    private Path work;

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    private static SharedAccessPolicy policy(SharedAccessPolicies policies, String name) {
        return policies.named(name).orElseThrow();
    }

    @Test
    void givesPoliciesTheRightsOfOneMachine() throws Exception {
        SharedAccessPolicies made = SharedAccessPolicies.parse(run("./make-policies.sh"));
        SharedAccessPolicies onOneMachine = SharedAccessPolicies.generate(new SecureRandom());
        for (String name : List.of("iothubowner", "service", "device", "registryRead", "registryReadWrite")) {
            assertThat(policy(made, name).rights())
                    .as(name)
                    .isEqualTo(policy(onOneMachine, name).rights());
        }
    }

    @Test
    void signsTokensWithThePolicysKey() throws Exception {
        tokensAreSigned(run("./make-policies.sh"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no base64"})
    void signsTokensWithTheKeyInUse(String takenOutOfUse) throws Exception {
        tokensAreSigned(
                run("./make-policies.sh").replaceAll("service\\.primaryKey=.*", "service.primaryKey=" + takenOutOfUse));
    }

    private void tokensAreSigned(String made) throws Exception {
        Path file = Files.writeString(work.resolve("policies.properties"), made);
        SharedAccessSignature token = SharedAccessSignature.parse(
                        run("./make-token.sh", file.toString(), "service", "hub.example.com")
                                .strip())
                .orElseThrow();
        SharedAccessPolicies policies = SharedAccessPolicies.load(file);
        assertThat(token.keyName()).contains("service");
        assertThat(token.isSignedWith(policy(policies, "service").keys())).isTrue();
        assertThat(token.isSignedWith(policy(policies, "device").keys())).isFalse();
        assertThat(token.isExpired(Instant.now())).isFalse();
    }

    @Test
    void makesKeysOfComposeReadableByTheirOwnerOnly() throws Exception {
        for (String file : List.of("make-policies.sh", "compose/make-config.sh")) {
            Path copy = work.resolve(file);
            Files.createDirectories(copy.getParent());
            Files.copy(Path.of(file), copy, StandardCopyOption.COPY_ATTRIBUTES);
        }
        run(work.resolve("compose/make-config.sh").toString(), "hub.test");
        Path config = work.resolve("compose/config");
        assertThat(permissions(config)).isEqualTo("rwx------");
        try (Stream<Path> files = Files.list(config)) {
            assertThat(files.toList())
                    .hasSize(3)
                    .allSatisfy(file ->
                            assertThat(permissions(file)).as(file.toString()).isEqualTo("rw-------"));
        }
        String owner = Files.getAttribute(config, "unix:uid") + ":" + Files.getAttribute(config, "unix:gid");
        assertThat(Files.readString(work.resolve("compose/.env")))
                .as("the services run as who may read them")
                .contains("MUSTER_USER=" + owner + "\n", "MUSTER_HUB_HOST=hub.test\n")
                .doesNotContain("MUSTER_USER=0:");
        assertThat(Files.getAttribute(config.resolve("tls.key"), "unix:uid"))
                .isEqualTo(Files.getAttribute(config, "unix:uid"));
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
