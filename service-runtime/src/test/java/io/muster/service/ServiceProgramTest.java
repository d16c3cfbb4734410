package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceProgramTest {
    @TempDir
    Path work;

    /** A service that can't go on, nor come to its end. */
    static final class Stuck {
        private Stuck() {}

        public static void main(String[] args) throws Exception {
            Thread main = Thread.currentThread();
            ServiceProgram.run("stuck", args, (_, _) -> {
                Thread.ofPlatform().start(() -> {
                    while (main.getState() != Thread.State.WAITING) { // It runs, and waits to be told to end.
                        Thread.onSpinWait();
                    }
                    ServiceProgram.fail("it can't go on", Duration.ofSeconds(2));
                });
                return () -> new CountDownLatch(1).await();
            });
        }
    }

    @Test
    void aServiceThatCannotGoOnEndsThoughItsEndHangs() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Stuck.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(work.resolve("log").toFile())
                .start();
        try {
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).as(this::log).isTrue();
            assertThat(process.exitValue()).isEqualTo(ServiceProgram.FAILED);
        } finally {
            process.destroyForcibly();
        }
    }

    private String log() {
        try {
            return Files.readString(work.resolve("log"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
