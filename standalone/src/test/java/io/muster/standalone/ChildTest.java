package io.muster.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
    void startsAgainWhateverDiesWhileOthersAskAboutAllOfThem() {
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
    void startsAgainWhatCouldNotBeStartedForAWhile() throws IOException {
        Path program = folder.resolve("program");
        Path log = folder.resolve("log");
        write(program);
        List<String> said = new CopyOnWriteArrayList<>();
        Child child = new Child("child", List.of(program.toString()), log, timer, line -> {
            said.add(line);
            try {
                if (said.size() == 1) {
                    Files.delete(program);
                } else if (said.size() == 3) {
                    write(program);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        start(child);
        try {
            await().atMost(Duration.ofMinutes(1)).until(() -> lines(log) >= 2);
        } finally {
            child.abandon();
        }
        assertThat(said.get(1)).contains("The child can't be started").contains("it is tried again in");
    }

    private static void write(Path program) throws IOException {
        Files.writeString(program, "#!/bin/sh\necho started\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
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
