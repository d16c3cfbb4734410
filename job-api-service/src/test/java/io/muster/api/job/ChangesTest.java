package io.muster.api.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.api.job.Changes.Kind;
import io.muster.api.job.Changes.Page;
import io.muster.api.job.Changes.Subject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChangesTest {
    private final Changes changes = new Changes(3);

    private Page after(String position) {
        return changes.after(position, _ -> true, 10);
    }

    private static List<String> ids(Page page) {
        return page.changes().stream().map(change -> change.subject().id()).toList();
    }

    @Test
    void showsTheLatestChangeOfEachSubjectInTheOrderOfThose() {
        for (String id : List.of("a", "b", "a", "c", "a", "b")) {
            changes.changed(Kind.JOB, id);
        }
        assertThat(ids(after(changes.start()))).containsExactly("c", "a", "b");
    }

    @Test
    void goesOnBehindAPosition() {
        changes.changed(Kind.JOB, "a");
        String position = changes.now();
        assertThat(after(position)).isEqualTo(new Page(true, List.of(), position));
        changes.changed(Kind.JOB, "b");
        changes.changed(Kind.JOB, "a");
        Page first = changes.after(position, _ -> true, 1);
        assertThat(ids(first)).containsExactly("b");
        assertThat(first.last()).isEqualTo(first.changes().getLast().position());
        assertThat(ids(after(first.last()))).containsExactly("a");
    }

    @Test
    void leavesOutUnwantedSubjectsAndPassesThem() {
        changes.changed(Kind.JOB, "a");
        changes.changed(Kind.STREAM_JOB, "s");
        Page page = changes.after(changes.start(), subject -> subject.kind() == Kind.JOB, 10);
        assertThat(ids(page)).containsExactly("a");
        assertThat(page.last()).isEqualTo(changes.now());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "-",
                "0-0",
                "LIFE-",
                "LIFE-0",
                "LIFE-x-0",
                "LIFE--1-0",
                "LIFE-1-99",
                "LIFE-1-99999999999999999999",
                "LIFE-1-1-1"
            })
    void beginsAnewFromAnUnknownPosition(String position) {
        changes.changed(Kind.JOB, "a");
        String life = changes.start().split("-")[0];
        Page page = after(position.replace("LIFE", life));
        assertThat(page.complete()).isFalse();
        assertThat(ids(page)).containsExactly("a");
    }

    @Test
    void beginsAnewWhereRemovalsBehindAPositionAreForgotten() {
        String before = position("kept");
        for (String id : List.of("a", "b", "c", "d")) {
            changes.changed(Kind.JOB, id);
        }
        String between = changes.now();
        for (String id : List.of("a", "b", "c")) {
            changes.removed(Kind.JOB, id);
        }
        assertThat(after(before).complete()).isTrue();
        changes.removed(Kind.JOB, "d");
        assertThat(after(before).complete()).isFalse();
        assertThat(after(between).complete()).isFalse();
        assertThat(ids(after(between))).containsExactly("kept", "b", "c", "d");
        assertThat(after(changes.start()).complete()).isTrue();
    }

    private String position(String id) {
        changes.changed(Kind.JOB, id);
        return changes.now();
    }

    /** Applies pages, of any size and at any time, and has in the end what there is. */
    @Test
    void endsReadersWithTheWholeState() {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            Changes all = new Changes(1 + random.nextInt(4));
            Map<String, Integer> truth = new HashMap<>();
            Set<String> known = new HashSet<>();
            String position = all.start();
            for (int step = 0; step < 200; step++) {
                String id = String.valueOf(random.nextInt(12));
                if (random.nextInt(3) == 0) {
                    truth.remove(id);
                    all.removed(Kind.JOB, id);
                } else {
                    truth.put(id, step);
                    all.changed(Kind.JOB, id);
                }
                if (random.nextInt(5) == 0) {
                    position = read(all, position, 1 + random.nextInt(5), truth, known);
                }
            }
            for (String last = ""; !last.equals(position); ) {
                last = position;
                position = read(all, position, 3, truth, known);
            }
            assertThat(known).as("seed %s", seed).isEqualTo(truth.keySet());
        }
    }

    private static String read(Changes all, String position, int limit, Map<String, Integer> truth, Set<String> known) {
        Page page = all.after(position, _ -> true, limit);
        if (!page.complete()) {
            known.clear();
        }
        for (Subject subject : new ArrayList<>(
                page.changes().stream().map(Changes.Change::subject).toList())) {
            if (truth.containsKey(subject.id())) {
                known.add(subject.id());
            } else {
                known.remove(subject.id());
            }
        }
        return page.last();
    }
}
