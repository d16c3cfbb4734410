package io.muster.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.node.files.Folders;
import io.muster.node.work.AttemptKey;
import io.muster.node.work.Token;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptFoldersTest {
    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    private Path folder;

    private Instant now = Instant.parse("2026-11-21T02:00:00Z");
    private KeptFolders kept;

    @BeforeEach
    void open() throws IOException {
        open(1 << 20);
    }

    private void open(long mostBytes) throws IOException {
        kept = KeptFolders.open(
                Folders.make(folder.resolve("tasks")), Folders.make(folder.resolve("notes")), mostBytes, () -> now);
        kept.keepOnly(Optional.of("p"));
    }

    private static AttemptKey attempt(String task) {
        return new AttemptKey("p", new Token(task, 1));
    }

    private Path file(String task) {
        return kept.folder(attempt(task)).resolve("left");
    }

    /** Has an attempt make its folder, and leave so many blocks in it beside the folder's own. */
    private void use(String task, int blocks) throws IOException {
        assertThat(kept.take(attempt(task))).isFalse();
        Path made = Files.createDirectories(folder.resolve("attempts/" + task));
        Files.write(made.resolve("left"), new byte[blocks << 12]);
        kept.add(attempt(task), made);
    }

    private void leave(String task, int blocks, Duration retention, boolean isOver) throws IOException {
        use(task, blocks);
        kept.keep(attempt(task), retention, isOver);
    }

    private void pass(Duration time) {
        now = now.plus(time);
        kept.evict();
    }

    private long count() throws IOException {
        try (Stream<Path> all =
                Stream.concat(Files.list(folder.resolve("tasks")), Files.list(folder.resolve("notes")))) {
            return all.count();
        }
    }

    @Test
    void keepsTheFolderOfATaskThatIsOverForItsTime() throws IOException {
        leave("a", 1, HOUR, true);
        pass(HOUR.minusMillis(1));
        assertThat(file("a")).exists();
        assertThat(kept.isEvictionDue()).isFalse();
        now = now.plusMillis(1);
        assertThat(kept.isEvictionDue()).isTrue();
        kept.evict();
        assertThat(count()).isZero();
    }

    @Test
    void keepsTheFolderOfATaskThatComesAgainWhateverItsTime() throws IOException {
        leave("a", 1, Duration.ZERO, false);
        pass(KeptFolders.LONGEST_WAIT.minusMillis(1));
        assertThat(kept.take(attempt("a"))).isTrue();
        assertThat(file("a")).exists();
        pass(HOUR);
        assertThat(file("a")).as("an attempt uses it").exists();
    }

    @Test
    void deletesTheOldestOfTasksThatAreOverFirstWhereTheyTakeTooMuch() throws IOException {
        open(10 << 12);
        leave("waits", 1, HOUR, false);
        leave("old", 3, HOUR, true);
        leave("new", 3, HOUR, true);
        kept.evict();
        assertThat(file("old")).exists();
        leave("last", 1, HOUR, true);
        kept.evict();
        assertThat(file("old")).doesNotExist();
        assertThat(file("new")).exists();
        assertThat(file("waits")).exists();
        leave("wide", 7, HOUR, false);
        kept.evict();
        assertThat(Stream.of("new", "last").map(this::file)).noneMatch(Files::exists);
        assertThat(Stream.of("waits", "wide").map(this::file)).allMatch(Files::exists);
    }

    @Test
    void keepsNothingThatIsLargerThanAllThatMayBeKept() throws IOException {
        open(2 << 12);
        leave("small", 1, HOUR, true);
        leave("large", 2, HOUR, true);
        assertThat(file("large")).doesNotExist();
        assertThat(file("small")).as("it makes no room for what has none").exists();
    }

    @Test
    void keepsNothingOfAnotherPool() throws IOException {
        leave("a", 1, HOUR, true);
        use("b", 1);
        kept.keepOnly(Optional.of("p"));
        kept.evict();
        assertThat(file("a")).exists();
        kept.keepOnly(Optional.empty());
        kept.keep(attempt("b"), HOUR, true);
        kept.evict();
        assertThat(count()).isZero();
        leave("c", 1, HOUR, true);
        kept.keepOnly(Optional.of("q"));
        kept.evict();
        assertThat(count()).isZero();
    }

    @Test
    void goesOnOverARestart() throws IOException {
        leave("over", 1, HOUR, true);
        use("used", 1);
        leave("taken", 1, HOUR, true);
        assertThat(kept.take(attempt("taken"))).isTrue();
        open();
        pass(HOUR);
        assertThat(file("over")).doesNotExist();
        assertThat(kept.take(attempt("used"))).as("its attempt was cut off").isTrue();
        assertThat(kept.take(attempt("taken"))).as("its attempt was cut off").isTrue();
    }

    @Test
    void deletesNothingOfATasksNextFolderWithItsFirstOne() throws IOException {
        leave("a", 1, HOUR, true);
        now = now.plus(HOUR);
        kept.keepOnly(Optional.empty());
        kept.keepOnly(Optional.of("p"));
        use("a", 1);
        kept.evict();
        assertThat(file("a")).exists();
    }
}
