package io.muster.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.muster.api.json.ProblemException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Counts the bytes of bodies that are made in steps. */
class PiecesTest {
    private Instant now = Instant.parse("2026-11-30T04:00:00Z");

    private static Pieces pieces(Stream<byte[]> all) {
        Iterator<byte[]> pieces = all.iterator();
        return new Pieces() {
            @Override
            public byte[] next() {
                return pieces.hasNext() ? pieces.next() : null;
            }

            @Override
            public void close() {}
        };
    }

    @Test
    void countsAllBytesOverStepsThatBringNone() throws IOException {
        assertThat(pieces(Stream.of(new byte[3], new byte[0], new byte[4])).length(() -> now, "read it."))
                .isEqualTo(7);
    }

    /** Goes on for ever, as a scan through what others write may. */
    @Test
    void endsCountingInTime() {
        Pieces endless = pieces(Stream.generate(() -> {
            now = now.plus(Duration.ofSeconds(1));
            return new byte[0];
        }));
        assertThatExceptionOfType(ProblemException.class)
                .isThrownBy(() -> endless.length(() -> now, "read it."))
                .satisfies(e -> assertThat(
                                List.of(e.problem().status(), e.problem().name()))
                        .isEqualTo(List.of(503, "ServiceUnavailable")));
    }
}
