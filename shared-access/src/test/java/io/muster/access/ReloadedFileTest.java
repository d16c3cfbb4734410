package io.muster.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReloadedFileTest {
    @TempDir
    private Path folder;

    private final List<String> said = new ArrayList<>();
    private Instant now = Instant.parse("2026-11-21T02:00:00Z");
    private int writes;
    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("policies.properties");
        rewrite();
    }

    /** Writes the file with new keys, later than the one before. */
    private String rewrite() throws IOException {
        Files.deleteIfExists(file);
        SharedAccessPolicies policies = SharedAccessPolicies.generate(new SecureRandom());
        policies.store(file);
        touch();
        return String.valueOf(key(policies));
    }

    private void touch() throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(now.plusSeconds(++writes)));
    }

    private static @Nullable String key(SharedAccessPolicies policies) {
        return policies.named("device").orElseThrow().keys().primary();
    }

    @Test
    void seesARotatedKeyWithinASecondAndChecksNotBefore() throws IOException {
        Supplier<SharedAccessPolicies> policies =
                ReloadedFile.ofPolicies(Optional.empty(), Optional.of(file), () -> now, said::add);
        String before = key(policies.get());
        String after = rewrite();
        assertThat(key(policies.get())).isEqualTo(before);
        now = now.plusSeconds(1);
        assertThat(key(policies.get())).isEqualTo(after);
        assertThat(said).singleElement().asString().doesNotContain(after);
    }

    @Test
    void keepsThePoliciesWhileTheFileIsUnusableAndRetries() throws IOException {
        Supplier<SharedAccessPolicies> policies =
                ReloadedFile.ofPolicies(Optional.empty(), Optional.of(file), () -> now, said::add);
        String before = key(policies.get());
        Files.writeString(file, "half a fi");
        touch();
        now = now.plusSeconds(1);
        assertThat(key(policies.get())).isEqualTo(before);
        Files.delete(file);
        now = now.plusSeconds(1);
        assertThat(key(policies.get())).isEqualTo(before);
        assertThat(said).hasSize(2).allSatisfy(sentence -> assertThat(sentence).contains("can't be used"));
        String after = rewrite();
        now = now.plusSeconds(1);
        assertThat(key(policies.get())).isEqualTo(after);
    }

    @Test
    void refusesAnInvalidFileAtTheStart() {
        assertThatThrownBy(() -> ReloadedFile.ofPolicies(
                        Optional.empty(), Optional.of(folder.resolve("none")), () -> now, said::add))
                .isInstanceOf(IOException.class);
    }

    @Test
    void readsPoliciesFromTheEnvironment() throws IOException {
        String text = Files.readString(file);
        Supplier<SharedAccessPolicies> policies =
                ReloadedFile.ofPolicies(Optional.of(text), Optional.empty(), () -> now, said::add);
        assertThat(key(policies.get())).isEqualTo(key(SharedAccessPolicies.load(file)));
        assertThatThrownBy(() -> ReloadedFile.ofPolicies(Optional.of("a=b"), Optional.empty(), () -> now, said::add))
                .hasMessageContaining("no policy stands in the setting policies");
        assertThatThrownBy(() -> ReloadedFile.ofPolicies(Optional.empty(), Optional.empty(), () -> now, said::add))
                .hasMessageContaining("MUSTER_POLICIES");
    }
}
