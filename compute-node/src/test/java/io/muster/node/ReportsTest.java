package io.muster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.muster.node.work.Effect;
import io.muster.node.work.Input;
import io.muster.node.work.Report;
import io.muster.node.work.Token;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReportsTest {
    private record Message(int connection, String poolId, String json, CompletableFuture<Void> taken) {
        int count() {
            return json.split("\"type\"", -1).length - 1;
        }
    }

    private final List<Message> messages = new ArrayList<>();
    private final List<Input.Said> heard = new ArrayList<>();
    private final Reports reports = new Reports(
            (connection, poolId, json) -> {
                Message message = new Message(
                        connection, poolId, new String(json, StandardCharsets.UTF_8), new CompletableFuture<>());
                messages.add(message);
                return message.taken();
            },
            input -> heard.add((Input.Said) input));

    private static Effect.Say started(int connection, String poolId, String taskId) {
        return new Effect.Say(connection, poolId, new Report.Started(new Token(taskId, 1)));
    }

    private void add(Effect.Say... all) {
        for (Effect.Say say : all) {
            reports.add(say);
        }
        reports.send();
    }

    /** Has the hub take or refuse the last message, and the node hear of each report of it. */
    private void answer(boolean takes) {
        if (takes) {
            messages.getLast().taken().complete(null);
        } else {
            messages.getLast().taken().completeExceptionally(new IllegalStateException("the connection has ended"));
        }
        heard.forEach(_ -> reports.said());
        heard.clear();
        reports.send();
    }

    @Test
    void sendsAtOnceWhereNothingIsUnderWayAndTogetherWhatIsMadeMeanwhile() {
        add(started(1, "p", "a"));
        add(started(1, "p", "b"));
        add(started(1, "p", "c"));
        assertThat(messages).hasSize(1);
        answer(true);
        assertThat(messages).hasSize(2);
        assertThat(messages.getLast().json())
                .contains("\"b\"")
                .contains("\"c\"")
                .doesNotContain("\"a\"");
        assertThat(reports.isQuiet()).isFalse();
        answer(true);
        assertThat(reports.isQuiet()).isTrue();
    }

    @Test
    void saysOfEachReportWhetherTheHubHasIt() {
        add(started(1, "p", "a"), started(1, "p", "b"));
        messages.getLast().taken().completeExceptionally(new IllegalStateException("the connection has ended"));
        assertThat(heard)
                .extracting(Input.Said::report, Input.Said::acknowledged)
                .containsExactly(
                        tuple(new Report.Started(new Token("a", 1)), false),
                        tuple(new Report.Started(new Token("b", 1)), false));
    }

    @Test
    void goesOnBehindAMessageThatWasLost() {
        add(started(1, "p", "a"));
        add(started(2, "p", "b"));
        answer(false);
        assertThat(messages.getLast().connection()).isEqualTo(2);
    }

    @Test
    void mixesNeitherConnectionsNorPools() {
        add(started(1, "p", "first"));
        add(started(1, "p", "a"), started(1, "q", "b"), started(2, "q", "c"), started(2, "q", "d"));
        answer(true);
        answer(true);
        answer(true);
        answer(true);
        assertThat(messages)
                .extracting(Message::connection, Message::poolId, Message::count)
                .containsExactly(tuple(1, "p", 1), tuple(1, "p", 1), tuple(1, "q", 1), tuple(2, "q", 2));
    }

    @Test
    void sendsNoMoreThanAHubTakesAtOnce() {
        IntStream.range(0, 250).forEach(i -> reports.add(started(1, "p", "t" + i)));
        reports.send();
        answer(true);
        answer(true);
        assertThat(messages).extracting(Message::count).containsExactly(100, 100, 50);
        answer(true);
        IntStream.range(0, 5).forEach(i -> reports.add(started(1, "p", "t".repeat(30_000) + i)));
        reports.send();
        answer(true);
        answer(true);
        assertThat(messages.subList(3, 6)).extracting(Message::count).containsExactly(2, 2, 1);
    }
}
