package io.muster.planner.work;

import java.util.List;
import java.util.Optional;

/** Is what comes of an input: at most one event, and effects that follow it. */
public record WorkDecision(Optional<WorkEvent> event, List<Effect> effects) {
    static final WorkDecision NOTHING = new WorkDecision(Optional.empty(), List.of());

    static WorkDecision of(WorkEvent event, Effect... effects) {
        return new WorkDecision(Optional.of(event), List.of(effects));
    }

    static WorkDecision of(Effect effect) {
        return new WorkDecision(Optional.empty(), List.of(effect));
    }
}
