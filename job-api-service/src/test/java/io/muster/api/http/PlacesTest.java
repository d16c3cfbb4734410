package io.muster.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PlacesTest {
    private final Places places = new Places(4, 3);

    private Optional<Places.Taken> take(int count, String... of) {
        return places.take(List.of(of), count, Duration.ZERO);
    }

    @Test
    void leavesRoomForOthersThanTheOneThatTakesMost() {
        assertThat(take(3, "ann", "site")).isPresent();
        assertThat(take(1, "ann", "other")).as("of its caller").isEmpty();
        assertThat(take(1, "bob", "site")).as("of its site").isEmpty();
        assertThat(places.areLeft(List.of("bob", "other"), 1)).isTrue();
        assertThat(take(1, "bob", "other")).isPresent();
        assertThat(take(1, "eve", "third")).as("of all").isEmpty();
    }

    @Test
    void givesThemBack() {
        take(3, "ann").orElseThrow().close();
        assertThat(take(3, "ann")).isPresent();
    }

    @Test
    void waitsForThem() throws Exception {
        Places.Taken taken = take(3, "ann").orElseThrow();
        CompletableFuture<Optional<Places.Taken>> waits =
                CompletableFuture.supplyAsync(() -> places.take(List.of("ann"), 1, Duration.ofMinutes(1)));
        assertThat(places.take(List.of("ann"), 1, Duration.ofMillis(50))).isEmpty();
        assertThat(waits).isNotDone();
        taken.close();
        assertThat(waits.get()).isPresent();
    }
}
