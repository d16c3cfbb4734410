package io.muster.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.SplittableRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests shared access signatures. Contract: iot-hub, 1.1. */
class SharedAccessSignatureTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");
    private static final String KEY =
            Base64.getEncoder().encodeToString("0123456789abcdef".getBytes(StandardCharsets.UTF_8));
    private static final String OTHER =
            Base64.getEncoder().encodeToString("fedcba9876543210".getBytes(StandardCharsets.UTF_8));
    private static final KeyPair KEYS = new KeyPair(OTHER, KEY);
    private static final HubHosts HOSTS = HubHosts.of("localhost, hub.test");

    private static String signature(String rawResource, long expiry) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(Base64.getDecoder().decode(KEY), "HmacSHA256"));
        return java.net.URLEncoder.encode(
                Base64.getEncoder()
                        .encodeToString(mac.doFinal((rawResource + "\n" + expiry).getBytes(StandardCharsets.UTF_8))),
                StandardCharsets.UTF_8);
    }

    /** Reads tokens as Node's service SDK, Java's and the device SDK write them, and with the lower-case escapes of the documentation. */
    @ParameterizedTest
    @CsvSource({
        "localhost,1,/jobs/v2/a",
        "localhost%3A8443,2,/jobs/v2/a",
        "localhost%3A18883%2Fdevices%2Fdev1,3,/devices/dev1",
        "localhost%3a18883%2fdevices%2fdev1,3,/devices/dev1",
        "hub.test%2Fdevices%2Fdev1,3,/devices/dev1/messages/events",
        "HUB.test,1,/devices/dev1"
    })
    void takesATokenOfAnSdk(String resource, int shape, String path) throws Exception {
        long expiry = NOW.getEpochSecond() + 60;
        String sig = signature(resource, expiry);
        String token = switch (shape) {
            case 1 -> "sr=" + resource + "&sig=" + sig + "&skn=iothubowner&se=" + expiry;
            case 2 -> "sr=" + resource + "&sig=" + sig + "&se=" + expiry + "&skn=iothubowner";
            default -> "sr=" + resource + "&sig=" + sig + "&se=" + expiry;
        };
        SharedAccessSignature parsed =
                SharedAccessSignature.parse("SharedAccessSignature " + token).orElseThrow();
        assertThat(parsed.isSignedWith(KEYS)).isTrue();
        assertThat(parsed.covers(HOSTS, path)).isTrue();
        assertThat(parsed.isExpired(NOW)).isFalse();
        assertThat(parsed.keyName().isPresent()).isEqualTo(shape < 3);
    }

    @ParameterizedTest
    @CsvSource({
        "localhost/devices/a, /devices/a, true",
        "localhost/devices/a, /devices/a/messages/events, true",
        "localhost/devices/a, /devices/ab, false",
        "localhost/devices/a/, /devices/a, true",
        "localhost/devices, /devices/a, true",
        "localhost, /devices/a, true",
        "other.host, /devices/a, false",
        "localhost/devices/a b, /devices/a b, true",
        "localhost/devices/a+b, /devices/a+b, true",
        "localhost/devices/a+b, /devices/a b, false",
        "localhost.evil, /devices/a, false"
    })
    void coversSegmentBySegment(String resource, String path, boolean covered) {
        SharedAccessSignature token = SharedAccessSignature.parse(SharedAccessSignature.sign(resource, KEY, null, NOW))
                .orElseThrow();
        assertThat(token.covers(HOSTS, path)).isEqualTo(covered);
    }

    @Test
    void verifiesASignatureAndRejectsAChangedOne() {
        String token = SharedAccessSignature.sign("localhost/devices/a b", KEY, "device", NOW);
        assertThat(SharedAccessSignature.parse(token).orElseThrow().isSignedWith(KEYS))
                .isTrue();
        assertThat(SharedAccessSignature.parse(token).orElseThrow().isSignedWith(new KeyPair(OTHER, null)))
                .isFalse();
        assertThat(SharedAccessSignature.parse(token).orElseThrow().isSignedWith(new KeyPair("?", "")))
                .isFalse();
        String longer = token.replace("se=" + NOW.getEpochSecond(), "se=" + (NOW.getEpochSecond() + 999));
        assertThat(SharedAccessSignature.parse(longer).orElseThrow().isSignedWith(KEYS))
                .isFalse();
    }

    @Test
    void toleratesFiveMinutesOfClockSkew() {
        SharedAccessSignature token = SharedAccessSignature.parse(
                        SharedAccessSignature.sign("localhost", KEY, "a", NOW))
                .orElseThrow();
        assertThat(token.isExpired(NOW.plusSeconds(299))).isFalse();
        assertThat(token.isExpired(NOW.plusSeconds(301))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Bearer x",
                "SharedAccessSignature",
                "SharedAccessSignature sr=a&sig=b",
                "SharedAccessSignature sr=a&sig=b&se=tomorrow",
                "SharedAccessSignature sr=a&sig=b&se=-1",
                "SharedAccessSignature sr=a&sr=b&sig=b&se=1",
                "SharedAccessSignature sr=a\nforged line&sig=b&se=1",
                "SharedAccessSignature sr=a&sig=%zz&se=1",
                "SharedAccessSignature &&&"
            })
    void rejectsTextThatIsNoToken(String text) {
        assertThat(SharedAccessSignature.parse(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void rejectsDamagedTokens(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String good = SharedAccessSignature.sign("localhost/devices/a", KEY, null, NOW);
        for (int round = 0; round < 5000; round++) {
            StringBuilder damaged = new StringBuilder(good);
            int at = 25 + random.nextInt(good.length() - 25);
            char c = (char) random.nextInt(32, 127);
            if (damaged.charAt(at) == c) {
                continue;
            }
            damaged.setCharAt(at, c);
            boolean accepted = SharedAccessSignature.parse(damaged.toString())
                    .filter(token -> token.isSignedWith(KEYS) && token.covers(HOSTS, "/devices/a"))
                    .isPresent();
            // The signature's own escapes may be written in either case.
            assertThat(accepted && !damaged.toString().equalsIgnoreCase(good))
                    .as(damaged.toString())
                    .isFalse();
        }
    }

    @Test
    void showsNoSecret() {
        String token = SharedAccessSignature.sign("localhost", KEY, "a", NOW);
        assertThat(SharedAccessSignature.parse(token).orElseThrow().toString()).doesNotContain("sig");
        assertThat(KEYS.toString()).doesNotContain(KEY);
        assertThat(ConnectionString.ofDevice("h", "d", KEY).toString()).doesNotContain(KEY);
    }

    @Test
    void keepsPoliciesInAFileOfTheirOwner(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("policies.properties");
        SharedAccessPolicies made = SharedAccessPolicies.generate(new SecureRandom());
        made.store(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        SharedAccessPolicies read = SharedAccessPolicies.load(file);
        assertThat(read.named("iothubowner")).isEqualTo(made.named("iothubowner"));
        assertThat(read.named("device").orElseThrow().rights()).containsExactly(Right.DEVICE_CONNECT);
        assertThatThrownBy(() -> made.store(file)).isInstanceOf(FileAlreadyExistsException.class);
    }

    @Test
    void keepsEqualsSignsOfAConnectionString() {
        String text = "HostName=localhost;SharedAccessKeyName=iothubowner;SharedAccessKey=abc==";
        assertThat(ConnectionString.parse(text).part("SharedAccessKey")).contains("abc==");
        assertThat(ConnectionString.parse(text).text()).isEqualTo(text);
    }
}
