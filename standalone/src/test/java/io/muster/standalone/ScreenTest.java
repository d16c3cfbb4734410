package io.muster.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ScreenTest {
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-11-28T12:00:00Z"));

    private Screen screen(boolean inPlace) {
        return new Screen(new PrintStream(shown, true, StandardCharsets.UTF_8), inPlace, now::get);
    }

    private String shown() {
        return shown.toString(StandardCharsets.UTF_8);
    }

    @Test
    void printsChangedProgressAsALineWithoutATerminal() {
        Screen screen = screen(false);
        for (int second = 0; second < 60; second++) {
            screen.progress("0 of 300");
            now.set(now.get().plusSeconds(1));
        }
        screen.progress("10 of 300");
        screen.progress("20 of 300");
        screen.progress("300 of 300");
        screen.settle();
        screen.accept("done");
        assertThat(shown()).isEqualTo("0 of 300\n10 of 300\n300 of 300\ndone\n");
    }

    @Test
    void showsProgressInPlaceOnATerminal() {
        Screen screen = screen(true);
        screen.progress("8 of 10, slowly");
        screen.progress("10 of 10");
        screen.accept("done");
        assertThat(shown()).isEqualTo("\r8 of 10, slowly\r10 of 10       \ndone\n");
    }

    @Test
    void leavesTheLastProgressAboveTheNextLine() {
        Screen screen = screen(false);
        screen.progress("1 of 2");
        screen.progress("2 of 2");
        screen.accept("done");
        assertThat(shown()).isEqualTo("1 of 2\n2 of 2\ndone\n");
    }
}
