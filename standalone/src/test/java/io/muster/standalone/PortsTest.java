package io.muster.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PortsTest {
    /** Gives each port once: its caller listens on it later. */
    @Test
    void givesEachPortOnce() {
        Set<Integer> given = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            assertThat(given.add(Ports.free())).isTrue();
        }
        assertThat(given).allMatch(port -> port >= 20_000 && port < 32_000);
    }
}
