package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.api.job.CatalogView;
import io.muster.records.ApiToken;
import io.muster.records.CatalogItem;
import io.muster.records.TokenRole;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that what was deleted stays deleted, in whatever order the topic and replies are read. */
class CatalogViewTest {
    private static final String ID = "apiTokens/t";
    private final CatalogView view = new CatalogView();

    private static CatalogItem token(long createdAt) {
        Instant at = Instant.ofEpochMilli(createdAt);
        return new CatalogItem(ID, new ApiToken(TokenRole.READ, "0".repeat(64), at), null, "{}", 1L, at, at);
    }

    /** Lists steps: r for the reply of its making, t for the topic's record of it, x for the topic's tombstone, d for the reply of its deletion. */
    @ParameterizedTest
    @ValueSource(strings = {"rtx", "trx", "txr", "rtxd", "trdx", "tdxr", "rdtx", "tdrx"})
    void forgetsATokenThatWasRevoked(String steps) {
        steps.chars().forEach(step -> {
            switch (step) {
                case 'r' -> view.put(token(1));
                case 't' -> view.read(token(1));
                case 'x' -> view.readTombstone(ID);
                default -> view.forget(ID);
            }
        });
        assertThat(view.get(ID)).isEmpty();
        // One that is made again under its id is another.
        view.put(token(2));
        assertThat(view.get(ID)).isPresent();
    }
}
