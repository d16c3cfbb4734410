package io.muster.access;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A file of policies that may change while it is in use, so that keys are rotated without a restart: a change is seen within a second. A
 * file that has become unusable leaves the policies as they were until it is usable again. Thread-safe.
 */
public final class PoliciesFile implements Supplier<SharedAccessPolicies> {
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final Path file;
    private final InstantSource clock;
    private final Consumer<String> say;
    private SharedAccessPolicies policies;
    private FileTime seen;
    private Instant nextLook;

    private PoliciesFile(Path file, InstantSource clock, Consumer<String> say) throws IOException {
        this.file = file;
        this.clock = clock;
        this.say = say;
        this.seen = Files.getLastModifiedTime(file);
        this.policies = SharedAccessPolicies.load(file);
        this.nextLook = clock.instant().plus(LOOK);
    }

    /**
     * Reads the file.
     *
     * @param say takes a sentence when the file was read again, and when it could not be; never a key
     * @throws IOException when it can't be used now; the message says what is wrong, and shows no key
     */
    public static PoliciesFile open(Path file, InstantSource clock, Consumer<String> say) throws IOException {
        return new PoliciesFile(file, clock, say);
    }

    @Override
    public synchronized SharedAccessPolicies get() {
        Instant now = clock.instant();
        if (!now.isBefore(nextLook)) {
            nextLook = now.plus(LOOK);
            look();
        }
        return policies;
    }

    private void look() {
        try {
            FileTime modified = Files.getLastModifiedTime(file);
            if (!modified.equals(seen)) {
                policies = SharedAccessPolicies.load(file);
                seen = modified;
                say.accept("The file of policies has changed: " + policies);
            }
        } catch (IOException e) {
            say.accept("The file of policies can't be used, those of before stay: " + e.getMessage());
        }
    }
}
