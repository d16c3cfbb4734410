package io.muster.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildTest {
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

    @TempDir
    private Path folder;

    @AfterEach
    void endTimer() {
        timer.shutdownNow();
    }

    @Test
    void restartsDyingProcessesWhileOthersAskAboutThem() {
        Object supervisor = new Object();
        List<Child> children = new CopyOnWriteArrayList<>();
        AtomicBoolean asks = new AtomicBoolean(true);
        for (int number = 0; number < 6; number++) {
            children.add(new Child(
                    "child-" + number,
                    List.of("sh", "-c", "echo started"),
                    folder.resolve(number + ".log"),
                    timer,
                    _ -> askAll(supervisor, children)));
        }
        Thread asking = Thread.ofPlatform().daemon().start(() -> {
            while (asks.get()) {
                askAll(supervisor, children);
            }
        });
        try {
            children.forEach(ChildTest::start);
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> IntStream.range(0, children.size())
                            .allMatch(number -> lines(folder.resolve(number + ".log")) >= 3));
        } finally {
            asks.set(false);
            children.forEach(Child::abandon);
        }
        assertThat(asking).isNotNull();
    }

    private static void askAll(Object supervisor, List<Child> children) {
        synchronized (supervisor) {
            children.forEach(Child::handle);
        }
    }

    @Test
    void retriesAStartThatFailed() throws IOException {
        Path logs = Files.createDirectory(folder.resolve("logs"));
        Path log = logs.resolve("log");
        List<String> said = new CopyOnWriteArrayList<>();
        Child child = new Child("child", List.of("echo", "started"), log, timer, line -> {
            said.add(line);
            try {
                if (said.size() == 1) {
                    Files.delete(log);
                    Files.delete(logs);
                } else if (said.size() == 3) {
                    Files.createDirectory(logs);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        start(child);
        try {
            await().atMost(Duration.ofMinutes(1)).until(() -> said.size() > 3 && lines(log) >= 1);
        } finally {
            child.abandon();
        }
        assertThat(said.get(1)).contains("The child can't be started").contains("it is tried again in");
    }

    /** Ignores Ctrl-C, which reaches every process of the terminal's group: the supervisor ends them, in order. */
    @Test
    void leavesTheTerminalsSignalsToTheSupervisor() throws Exception {
        Path log = folder.resolve("log");
        List<String> said = new CopyOnWriteArrayList<>();
        Child child = new Child(
                "child",
                List.of(
                        "sh",
                        "-c",
                        "trap 'echo interrupted; exit 130' INT HUP; trap 'echo living' USR1; trap 'echo asked; exit 0' TERM;"
                                + " echo started; while :; do sleep 0.05; done"),
                log,
                timer,
                said::add);
        start(child);
        try {
            await().until(() -> lines(log) == 1);
            signal(child, "INT");
            signal(child, "HUP");
            signal(child, "USR1");
            await().until(() -> lines(log) > 1);
        } finally {
            child.end();
        }
        assertThat(Files.readAllLines(log)).containsExactly("started", "living", "asked");
        assertThat(said).isEmpty();
    }

    /** Ends the processes of a start that was interrupted. */
    @Test
    void endsInOrderOnAnInterruptedThread() throws Exception {
        Path log = folder.resolve("log");
        Child child = new Child(
                "child",
                List.of(
                        "sh",
                        "-c",
                        "trap 'sleep 0.3; echo asked; exit 0' TERM; echo started; while :; do sleep 0.05; done"),
                log,
                timer,
                _ -> {});
        start(child);
        await().until(() -> lines(log) == 1);
        Thread.currentThread().interrupt();
        child.end();
        assertThat(Thread.interrupted()).as("the interrupt is the caller's").isTrue();
        assertThat(Files.readAllLines(log)).containsExactly("started", "asked");
    }

    @Test
    void killsAProcessThatDoesNotEnd() throws Exception {
        Path log = folder.resolve("log");
        Child child = new Child(
                "child",
                List.of("sh", "-c", "trap '' TERM; echo started; while :; do sleep 0.05; done"),
                log,
                timer,
                _ -> {});
        start(child);
        await().until(() -> lines(log) == 1);
        ProcessHandle process = child.handle().orElseThrow();
        child.end(Duration.ofMillis(200));
        assertThat(process.isAlive()).isFalse();
    }

    private static void signal(Child child, String signal) throws IOException, InterruptedException {
        long pid = child.handle().orElseThrow().pid();
        new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).start().waitFor();
    }

    private static void start(Child child) {
        try {
            child.start();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static long lines(Path log) {
        try {
            return Files.exists(log) ? Files.readAllLines(log).size() : 0;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
