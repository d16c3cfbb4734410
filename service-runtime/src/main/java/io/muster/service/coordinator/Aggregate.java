package io.muster.service.coordinator;

import io.muster.service.decider.Decision;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Describes one kind of aggregate as a {@link Coordinator} runs it: its pure rules, and the records that follow of its events. There is one instance a
 * task, which may read stores of its own.
 *
 * @param <S> the document that is an aggregate's state
 * @param <I> the inputs that its decider takes: commands, what is observed, what is due
 * @param <E> the events
 */
public interface Aggregate<S extends SpecificRecord, I, E extends SpecificRecord> {
    /** Decides about an input, without any effect. @param state null where there is no aggregate of that id */
    Decision<E> decide(String id, @Nullable S state, I input, Instant now);

    /** Returns the state after the event: the same object where the event doesn't change it, so that it isn't written; null where the aggregate is gone. */
    @Nullable
    S evolve(@Nullable S state, E event);

    /** Returns when time itself becomes an input, if it does. It is asked behind every record of the aggregate and behind every due time. */
    default Optional<Instant> due(String id, S state, Instant now) {
        return Optional.empty();
    }

    /** Returns the inputs for the decider when {@link #due} has come, in order. The decider asks again whether they still hold. */
    default List<I> whenDue(String id, S state) {
        return List.of();
    }

    /** Writes what follows of an event, beside the event itself and the document. */
    default void happened(Change<S, E> change) {}

    /**
     * Returns the reply to a command, once what it brought is kept; empty where nobody is answered.
     *
     * @param input the first of the command
     * @param after the state behind it; null where there is none
     */
    default Optional<Object> reply(String id, I input, Decision<E> decision, @Nullable S after) {
        return switch (decision) {
            case Decision.Refused<E> refused -> Optional.of(refused.refusal());
            case Decision.Happened<E> _ when after == null -> removed();
            case Decision.Happened<E> _, Decision.Nothing<E> _ -> Optional.ofNullable(after);
        };
    }

    /** Returns the reply to a command that removed the aggregate. */
    default Optional<Object> removed() {
        return Optional.empty();
    }
}
