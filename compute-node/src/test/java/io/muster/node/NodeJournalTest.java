package io.muster.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.node.work.AttemptKey;
import io.muster.node.work.Effect;
import io.muster.node.work.Ending;
import io.muster.node.work.Token;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeJournalTest {
    private static final AttemptKey KEY = new AttemptKey("p", new Token("t", 7));

    @TempDir
    private Path folder;

    /** Returns what the next run of the node finds of what was kept by one batch each. */
    private Map<AttemptKey, Ending> leftBy(Effect... effects) throws IOException {
        Path file = folder.resolve("journal");
        try (NodeJournal journal = NodeJournal.open(file)) {
            for (Effect effect : effects) {
                journal.keep(List.of(effect));
            }
        }
        try (NodeJournal journal = NodeJournal.open(file)) {
            return Map.copyOf(journal.left());
        }
    }

    @Test
    void givesBackWhatAnEarlierRunTookAndNeverLaunched() throws IOException {
        assertThat(leftBy(new Effect.KeepStart(KEY)).get(KEY)).isEqualTo(new Ending(127, Ending.Cause.RETURNED, ""));
    }

    @Test
    void takesWhatAnEarlierRunLaunchedAsFenced() throws IOException {
        assertThat(leftBy(new Effect.KeepStart(KEY), new Effect.KeepLaunch(KEY)).get(KEY))
                .isEqualTo(Ending.ofEarlierRun());
    }

    @Test
    void keepsHowAnAttemptEndedOverARestart() throws IOException {
        Ending fetched = new Ending(127, Ending.Cause.NOT_STARTED, "There is no such file.");
        assertThat(leftBy(new Effect.KeepStart(KEY), new Effect.KeepEnding(KEY, fetched)))
                .containsExactly(Map.entry(KEY, fetched));
        Ending returned = new Ending(127, Ending.Cause.RETURNED, "");
        assertThat(leftBy(new Effect.KeepEnding(KEY, returned))).containsExactly(Map.entry(KEY, returned));
        Ending ended = new Ending(3, Ending.Cause.ITSELF, "");
        assertThat(leftBy(new Effect.KeepLaunch(KEY), new Effect.KeepEnding(KEY, ended))
                        .get(KEY))
                .satisfies(left -> {
                    assertThat(left.code()).isEqualTo(3);
                    assertThat(left.cause()).isEqualTo(Ending.Cause.ITSELF);
                    assertThat(left.detail()).as("its last output may be lost").isNotEmpty();
                });
    }

    @Test
    void keepsNothingOfWhatWasForgotten() throws IOException {
        Path file = folder.resolve("journal");
        try (NodeJournal journal = NodeJournal.open(file)) {
            journal.keep(List.of(new Effect.KeepStart(KEY), new Effect.KeepLaunch(KEY)));
            journal.forget(KEY);
        }
        try (NodeJournal journal = NodeJournal.open(file)) {
            assertThat(journal.left()).isEmpty();
        }
    }
}
