package io.muster.planner.work;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Compares the states in docs/device-work.md with those of the decider, which is asked everything in every state. Recorded with {@code -Dwork.record=true}. */
class WorkPageTest {
    private static final Path PAGE = Path.of("../docs/device-work.md");
    private static final String BEGIN = "<!-- drawn by WorkPageTest -->\n";
    private static final String END = "<!-- end of drawing -->\n";

    private static String name(Object value) {
        return value.getClass().getSimpleName();
    }

    private static String event(WorkEvent event) {
        return event instanceof WorkEvent.HasEnded(Work.Outcome outcome)
                ? name(outcome) + (outcome instanceof Work.Outcome.Failed failed ? " " + failed.reason() : "")
                : name(event);
    }

    private static String input(WorkInput input) {
        return switch (input) {
            case WorkInput.Begin begin -> "Begin, device " + (begin.link().isPresent() ? "ready" : "away");
            case WorkInput.Apply apply -> "Apply, " + (apply.failure().isPresent() ? "refused" : "done");
            case WorkInput.Answered answered ->
                "Answered, " + name(answered.answer()).toLowerCase(Locale.ROOT);
            case WorkInput.Undelivered undelivered ->
                "Undelivered"
                        + (undelivered.expired() ? ", expired" : "")
                        + (undelivered.reconnected() ? ", reconnected" : "");
            case WorkInput.Due due -> "Due" + (due.awaited() ? ", gateway will report" : "");
            default -> name(input);
        };
    }

    private static String drawing() {
        Set<String> arrows = new TreeSet<>();
        Map<String, List<String>> rows = new TreeMap<>();
        for (Map.Entry<String, Terms> terms : WorkCases.allTerms().entrySet()) {
            for (Work work : WorkCases.states()) {
                for (WorkInput input : WorkCases.inputs()) {
                    WorkDecision decision = WorkDecider.decide(terms.getValue(), work, input, WorkCases.NOW);
                    if (decision.event().isPresent() || !decision.effects().isEmpty()) {
                        String then = decision.event()
                                .map(event -> name(WorkDecider.evolve(work, event)))
                                .orElse(name(work));
                        String said = decision.event().map(WorkPageTest::event).orElse("");
                        decision.event()
                                .ifPresent(event -> arrows.add("  %s --> %s: %s%n"
                                        .formatted(
                                                work instanceof Work.New ? "[*]" : name(work),
                                                then,
                                                event instanceof WorkEvent.HasEnded ended
                                                        ? name(ended.outcome())
                                                        : name(event))));
                        String effects = String.join(
                                ", ",
                                decision.effects().stream()
                                        .map(WorkPageTest::name)
                                        .toList());
                        List<String> of = rows.computeIfAbsent(
                                "| %s | %s | %s | %s | %s |".formatted(name(work), input(input), said, effects, then),
                                _ -> new ArrayList<>());
                        if (!of.contains(terms.getKey())) {
                            of.add(terms.getKey());
                        }
                    }
                }
            }
        }
        StringBuilder drawing = new StringBuilder("```mermaid\nstateDiagram-v2\n");
        arrows.forEach(drawing::append);
        drawing.append("```\n\n| state | input | event | effects | state then | terms |\n|---|---|---|---|---|---|\n");
        int all = WorkCases.allTerms().size();
        rows.forEach((row, terms) -> drawing.append("%s %s |%n"
                .formatted(
                        row,
                        terms.size() == all
                                ? "all"
                                : String.join(
                                        ", ",
                                        terms.stream()
                                                .map(name -> name.isEmpty() ? "plain" : name)
                                                .toList()))));
        return drawing.toString();
    }

    @Test
    void showsTheDecider() throws IOException {
        String page = Files.readString(PAGE);
        String before = page.substring(0, page.indexOf(BEGIN) + BEGIN.length());
        String after = page.substring(page.indexOf(END));
        if (Boolean.getBoolean("work.record")) {
            Files.writeString(PAGE, before + drawing() + after);
        }
        assertThat(Files.readString(PAGE)).isEqualTo(before + drawing() + after);
    }
}
