package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LogTextTest {
    @Test
    void staysOnOneLineAndShort() {
        assertThat(LogText.of("a\nb\r\033[31mc\u2028d")).isEqualTo("a?b??[31mc?d");
        assertThat(LogText.of("x".repeat(10_000))).hasSize(257).endsWith("…");
        assertThat(LogText.of("job-1")).isEqualTo("job-1");
    }
}
