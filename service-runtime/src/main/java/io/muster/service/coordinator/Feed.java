package io.muster.service.coordinator;

import io.muster.service.InvalidRecordException;
import io.muster.service.Requester;
import io.muster.topics.Topic;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;

/**
 * Names a topic that a coordinator reads. Its key is the aggregate's id.
 *
 * @param <V> the topic's records
 * @param <A> the aggregate
 * @param <I> its inputs
 * @param id the aggregate's id, as the value names it; a record with another key is a dead letter
 * @param inputs turns a record into inputs
 * @param refusals writes a refusal of the first input where everybody can read it
 * @param isCommand whether somebody may await a reply; else a record without value says nothing, and nobody is answered
 */
public record Feed<V extends SpecificRecord, A, I>(
        Topic<V> topic,
        Function<V, String> id,
        Inputs<V, A, I> inputs,
        Refusals<V, A, SpecificRecord> refusals,
        boolean isCommand) {

    /** Turns a record into inputs. */
    @FunctionalInterface
    public interface Inputs<V, A, I> {
        /**
         * Returns the inputs in order; the reply is the decision about the first of them. None is decided if the record is a dead letter.
         *
         * @param number larger than that of every earlier record of the topic with the same key, and no other record's
         * @throws InvalidRecordException where the record makes no sense: it is a dead letter
         */
        List<I> of(A aggregate, V message, long number) throws InvalidRecordException;
    }

    /** Writes refusals. @param <R> the aggregate's record of a refusal */
    @FunctionalInterface
    public interface Refusals<V, A, R> {
        /** Writes the refusal of a command. */
        void refused(A aggregate, V command, R refusal, Requester requester, Instant now);
    }

    /**
     * Returns a feed of commands: each has a value, and is answered where its requester awaits a reply.
     *
     * @param refused the record by which the aggregate's decider refuses
     */
    public static <V extends SpecificRecord, A, I, R extends SpecificRecord> Feed<V, A, I> commands(
            Topic<V> topic,
            Function<V, String> id,
            Inputs<V, A, I> inputs,
            Class<R> refused,
            Refusals<V, A, R> refusals) {
        return new Feed<>(
                topic,
                id,
                inputs,
                (aggregate, command, refusal, requester, now) ->
                        refusals.refused(aggregate, command, refused.cast(refusal), requester, now),
                true);
    }

    /** Returns a feed of commands whose refusals their requesters alone are answered. */
    public static <V extends SpecificRecord, A, I> Feed<V, A, I> commands(
            Topic<V> topic, Function<V, String> id, Inputs<V, A, I> inputs) {
        return new Feed<>(topic, id, inputs, (_, _, _, _, _) -> {}, true);
    }

    /** Returns a feed of observations, which nobody is answered. */
    public static <V extends SpecificRecord, A, I> Feed<V, A, I> observations(
            Topic<V> topic, Function<V, String> id, Inputs<V, A, I> inputs) {
        return new Feed<>(topic, id, inputs, (_, _, _, _, _) -> {}, false);
    }

    /** Returns the topics of feeds. */
    public static List<Topic<?>> topics(List<? extends Feed<?, ?, ?>> feeds) {
        List<Topic<?>> topics = new ArrayList<>();
        feeds.forEach(feed -> topics.add(feed.topic()));
        return topics;
    }
}
