package io.muster.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.node.files.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpareFoldersTest {
    @TempDir
    private Path folder;

    private final AtomicLong now = new AtomicLong();
    private SpareFolders spares;

    @BeforeEach
    void make() throws IOException {
        spares = new SpareFolders(Folders.make(folder.resolve("spare")), Set.of("task", "tmp"), now::get);
    }

    /** Does to a folder what a program does. */
    @FunctionalInterface
    private interface Change {
        void to(Path made) throws IOException;
    }

    private Path released(Change change) throws IOException {
        Path made = Folders.make(folder.resolve("attempts/run-1"));
        Folders.make(made.resolve("task"));
        Folders.make(made.resolve("tmp"));
        change.to(made);
        spares.release(made, "run-1");
        assertThat(made).doesNotExist();
        return folder.resolve("spare/run-1");
    }

    private void rest() {
        now.addAndGet(SpareFolders.REST.toNanos());
    }

    private void isDeleted(Change change) throws IOException {
        assertThat(released(change)).doesNotExist();
        rest();
        assertThat(spares.take()).isEmpty();
    }

    @Test
    void aFolderThatIsAsItWasMadeIsTakenOnceWhenItHasRested() throws IOException {
        Path kept = released(_ -> {});

        now.addAndGet(SpareFolders.REST.toNanos() - 1);
        assertThat(spares.take()).isEmpty();
        now.incrementAndGet();
        assertThat(spares.take()).contains(kept);
        assertThat(spares.take()).isEmpty();
        assertThat(kept.resolve("task")).isEmptyDirectory();
    }

    @Test
    void aFolderThatAProcessChangedAfterwardsIsDeletedAndTheNextOneIsTaken() throws IOException {
        Path changed = released(_ -> {});
        Files.writeString(changed.resolve("task/late"), "by a process that outlived its program");
        Path made = Folders.make(folder.resolve("attempts/run-2"));
        Folders.make(made.resolve("task"));
        Folders.make(made.resolve("tmp"));
        spares.release(made, made.getFileName().toString());
        rest();

        assertThat(spares.take()).contains(folder.resolve("spare/run-2"));
        assertThat(changed).doesNotExist();
    }

    @Test
    void aFolderWithAFileIsDeleted() throws IOException {
        isDeleted(made -> Files.writeString(made.resolve("task/left"), "by a program"));
        isDeleted(made -> Files.writeString(made.resolve("shutdown"), ""));
    }

    @Test
    void aFolderWithoutOneOfItsPartsIsDeleted() throws IOException {
        isDeleted(made -> Files.delete(made.resolve("tmp")));
    }

    @Test
    void aFolderThatOthersMayReadIsDeleted() throws IOException {
        isDeleted(made ->
                Files.setPosixFilePermissions(made.resolve("tmp"), PosixFilePermissions.fromString("rwxr-xr-x")));
        isDeleted(made -> Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x")));
    }

    @Test
    void aFolderWithALinkInPlaceOfAPartIsDeletedAndItsTargetIsNot() throws IOException {
        Path target = Folders.make(folder.resolve("target"));
        isDeleted(made -> {
            Files.delete(made.resolve("task"));
            Files.createSymbolicLink(made.resolve("task"), target);
        });
        assertThat(target).exists();
    }

    @Test
    void aFolderThatWasNeverMadeIsNotKept() throws IOException {
        spares.release(folder.resolve("attempts/run-2"), "run-2");

        rest();
        assertThat(spares.take()).isEmpty();
        try (Stream<Path> all = Files.list(folder.resolve("spare"))) {
            assertThat(all).isEmpty();
        }
    }
}
