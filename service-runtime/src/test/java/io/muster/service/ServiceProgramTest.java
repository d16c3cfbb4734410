package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceProgramTest {
    /** Is the exit status behind SIGTERM. */
    private static final int TERMINATED = 143;

    private static final String STARTS = "it starts";
    private static final String CLOSED = "it is closed";

    @TempDir
    Path work;

    /** Runs a service that can't go on, nor end. */
    static final class Stuck {
        private Stuck() {}

        public static void main(String[] args) throws Exception {
            Thread main = Thread.currentThread();
            ServiceProgram.run("stuck", args, (_, _) -> {
                Thread.ofPlatform().start(() -> {
                    while (main.getState() != Thread.State.WAITING) { // It runs, and waits to be asked to end.
                        Thread.onSpinWait();
                    }
                    for (int i = 0; i < 10_000; i++) { // As each record that can't be written does.
                        ServiceProgram.fail("it can't go on", Duration.ofSeconds(2));
                    }
                });
                return () -> new CountDownLatch(1).await();
            });
        }
    }

    /** Runs a service until it is asked to end, and does not end then. */
    static final class Endless {
        private Endless() {}

        public static void main(String[] args) throws Exception {
            ServiceProgram.run("endless", args, Duration.ofSeconds(2), (_, _) -> {
                System.out.println(STARTS);
                return () -> new CountDownLatch(1).await();
            });
        }
    }

    /** Runs a service that is asked to end while it starts. */
    static final class Slow {
        private Slow() {}

        public static void main(String[] args) throws Exception {
            ServiceProgram.run("slow", args, (_, _) -> {
                System.out.println(STARTS);
                while (!isSignalled()) {
                    Thread.onSpinWait();
                }
                return () -> System.out.println(CLOSED);
            });
        }

        private static boolean isSignalled() {
            return Thread.getAllStackTraces().keySet().stream()
                    .anyMatch(thread -> thread.getName().equals("shutdown"));
        }
    }

    /** Runs a service that is configured wrongly. */
    static final class Wrong {
        private Wrong() {}

        public static void main(String[] args) throws Exception {
            ServiceProgram.run("wrong", args, Duration.ofHours(1), (_, _) -> {
                throw new SettingsException("The setting is wrong.");
            });
        }
    }

    private Process run(Class<?> program) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        program.getName())
                .redirectErrorStream(true)
                .redirectOutput(work.resolve("log").toFile())
                .start();
    }

    private void ends(Process process, int status) throws InterruptedException {
        try {
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).as(this::log).isTrue();
            assertThat(process.exitValue()).as(this::log).isEqualTo(status);
        } finally {
            process.destroyForcibly();
        }
    }

    private void tellToEnd(Process process) {
        await().atMost(Duration.ofMinutes(1)).until(() -> log().contains(STARTS));
        process.destroy();
    }

    @Test
    void endsAFailedServiceThoughItsEndHangs() throws Exception {
        ends(run(Stuck.class), ServiceProgram.FAILED);
        assertThat(log().lines().filter(line -> line.contains("it can't go on")))
                .hasSize(1);
    }

    @Test
    void endsASignalledServiceThoughItsEndHangs() throws Exception {
        Process process = run(Endless.class);
        tellToEnd(process);
        ends(process, TERMINATED);
    }

    @Test
    void closesAServiceThatIsSignalledWhileItStarts() throws Exception {
        Process process = run(Slow.class);
        tellToEnd(process);
        ends(process, TERMINATED);
        assertThat(log()).contains(CLOSED);
    }

    @Test
    void endsAtOnceWhenTheServiceCannotStart() throws Exception {
        ends(run(Wrong.class), ServiceProgram.UNUSABLE);
    }

    private String log() {
        try {
            return Files.readString(work.resolve("log"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
