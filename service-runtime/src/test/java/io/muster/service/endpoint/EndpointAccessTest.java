package io.muster.service.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.service.SettingsException;
import java.net.InetAddress;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointAccessTest {
    private static final EndpointAccess PUBLIC = EndpointAccess.of("");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.8.8.8",
                "0.0.0.0",
                "0.1.2.3",
                "10.1.2.3",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "169.254.169.254",
                "100.64.0.1",
                "100.127.255.255",
                "192.0.0.8",
                "198.18.0.1",
                "198.19.255.255",
                "192.0.2.1",
                "198.51.100.1",
                "203.0.113.1",
                "224.0.0.1",
                "239.255.255.250",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "fe80::1",
                "fc00::1",
                "fdff::1",
                "fec0::1",
                "ff02::1",
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "::127.0.0.1",
                "64:ff9b::7f00:1",
                "2002:7f00:1::1",
                "2001::1",
                "2001:db8::1",
                "100::1"
            })
    void refusesAddressesThatAreNotThePublicInternets(String address) {
        assertThat(EndpointAccess.isPublic(InetAddress.ofLiteral(address))).isFalse();
        String host = address.contains(":") ? "[" + address + "]" : address;
        assertThat(PUBLIC.refuses(URI.create("http://" + host + ":8080/x")))
                .hasValueSatisfying(why -> assertThat(why).contains("endpoints.allow"));
        assertThatThrownBy(() -> PUBLIC.resolve(host, 8080)).isInstanceOf(EndpointAccess.RefusedException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "9.255.255.255",
                "11.0.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "223.255.255.255",
                "2606:4700::1111",
                "2a00:1450::1",
                "::ffff:1.1.1.1"
            })
    void takesAddressesOfThePublicInternet(String address) throws Exception {
        String host = address.contains(":") ? "[" + address + "]" : address;
        assertThat(PUBLIC.refuses(URI.create("https://" + host + "/x"))).isEmpty();
        assertThat(PUBLIC.resolve(host, 443))
                .singleElement()
                .satisfies(to -> assertThat(to.getPort()).isEqualTo(443));
    }

    /** Checks an address by its meaning, however it is written. */
    @ParameterizedTest
    @ValueSource(strings = {"localhost", "LOCALHOST.", "2130706433", "127.1", "0"})
    void checksNamesByTheirAddressesWhenTheyAreConnectedTo(String host) {
        assertThatThrownBy(() -> PUBLIC.resolve(host, 80)).isInstanceOf(EndpointAccess.RefusedException.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            127.0.0.1:8080             | http://127.0.0.1:8080/a   | true
            127.0.0.1:8080             | http://127.0.0.1:8081/a   | false
            127.0.0.1                  | http://127.0.0.1:8081/a   | true
            Hooks.Example.com          | https://hooks.example.com | true
            hooks.example.com:443      | https://HOOKS.example.com | true
            hooks.example.com:443      | http://hooks.example.com  | false
            hooks.example.com          | https://1.1.1.1           | false
            hooks.example.com          | https://evil-hooks.example.com | false
            [::1]:9000, other          | http://[::1]:9000/        | true
            ::1                        | -                         | -
            """)
    void reachesTheAllowlistOnly(String list, String endpoint, String taken) {
        if (taken.equals("-")) {
            assertThatThrownBy(() -> EndpointAccess.of(list))
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("HOST[:PORT]");
            return;
        }
        assertThat(EndpointAccess.of(list).refuses(URI.create(endpoint)).isEmpty())
                .isEqualTo(Boolean.parseBoolean(taken));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://a.example",
                "file:/etc/passwd",
                "http:///x",
                "http://a.example:99999/",
                "http://a.example:0"
            })
    void refusesTextThatIsNoEndpoint(String text) {
        assertThat(PUBLIC.refuses(URI.create(text))).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a:99999", "http://a", "a b", "a:"})
    void namesAnInvalidEntry(String entry) {
        assertThatThrownBy(() -> EndpointAccess.of("good.example," + entry))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(entry);
    }

    @Test
    void reachesAListedHostWhateverItsAddress() throws Exception {
        assertThat(EndpointAccess.of("localhost:80").resolve("localhost", 80)).isNotEmpty();
        assertThatThrownBy(() -> EndpointAccess.of("localhost:80").resolve("localhost", 81))
                .isInstanceOf(EndpointAccess.RefusedException.class);
    }
}
