package io.muster.access;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Reads a file that may change while it is in use, so that keys and certificates are rotated without a restart: a change is seen
 * within a second. A file that has become unusable leaves what it held until it is usable again. Thread-safe.
 */
public final class ReloadedFile<T> implements Supplier<T> {
    private static final Duration CHECK = Duration.ofSeconds(1);

    /** Reads the file. */
    @FunctionalInterface
    public interface Loader<T> {
        /** Loads the file as it is now. @throws IOException when it can't be used; the message shows no secret */
        T load(Path file) throws IOException;
    }

    private final Path file;
    private final String what;
    private final Loader<T> loader;
    private final InstantSource clock;
    private final Consumer<String> say;
    private T content;
    private FileTime seen;
    private Instant nextCheck;

    private ReloadedFile(Path file, String what, Loader<T> loader, InstantSource clock, Consumer<String> say)
            throws IOException {
        this.file = file;
        this.what = what;
        this.loader = loader;
        this.clock = clock;
        this.say = say;
        this.seen = Files.getLastModifiedTime(file);
        this.content = loader.load(file);
        this.nextCheck = clock.instant().plus(CHECK);
    }

    /**
     * Reads the file.
     *
     * @param what the file holds, for sentences
     * @param say takes a sentence when the file was read again, and when it could not be; never a secret
     * @throws IOException when it can't be used now; the message says what is wrong, and shows no secret
     */
    public static <T> ReloadedFile<T> open(
            Path file, String what, Loader<T> loader, InstantSource clock, Consumer<String> say) throws IOException {
        return new ReloadedFile<>(file, what, loader, clock, say);
    }

    /**
     * Returns the policies of a service.
     *
     * @param text of all policies, where it is given: it stays as it is
     * @param file that is checked for changes again and again
     * @throws IOException when what is given can't be used now, or nothing is
     */
    public static Supplier<SharedAccessPolicies> ofPolicies(
            Optional<String> text, Optional<Path> file, InstantSource clock, Consumer<String> say) throws IOException {
        if (text.isPresent()) {
            SharedAccessPolicies given = SharedAccessPolicies.parse(text.get());
            return () -> given;
        }
        if (file.isEmpty()) {
            throw new IOException("neither policies.file nor, in the environment, MUSTER_POLICIES is set");
        }
        return open(file.get(), "policies", SharedAccessPolicies::load, clock, say);
    }

    @Override
    public synchronized T get() {
        Instant now = clock.instant();
        if (!now.isBefore(nextCheck)) {
            nextCheck = now.plus(CHECK);
            check();
        }
        return content;
    }

    private void check() {
        try {
            FileTime modified = Files.getLastModifiedTime(file);
            if (!modified.equals(seen)) {
                content = loader.load(file);
                seen = modified;
                say.accept("The file of " + what + " has changed: " + content);
            }
        } catch (IOException e) {
            say.accept("The file of " + what + " can't be used, those of before stay: " + e.getMessage());
        }
    }
}
