package io.muster.service.decider;

import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;

/** Is the answer of an aggregate's {@code decide}. A refusal is a value with a reason. */
public sealed interface Decision<E> {
    /** Says that something happened: the caller evolves with it, writes it, and acts on it. */
    record Happened<E>(E event) implements Decision<E> {}

    /** Says that nothing changes and nobody is at fault: it is so already, or is not due any more. */
    record Nothing<E>() implements Decision<E> {}

    /** Says that the input is not allowed. @param refusal the aggregate's own record, with a reason and a sentence */
    record Refused<E>(SpecificRecord refusal) implements Decision<E> {}

    /** Returns the same decision with another event. */
    default <F> Decision<F> map(Function<E, F> mapping) {
        return switch (this) {
            case Happened<E> happened -> new Happened<>(mapping.apply(happened.event()));
            case Nothing<E> _ -> new Nothing<>();
            case Refused<E> refused -> new Refused<>(refused.refusal());
        };
    }
}
