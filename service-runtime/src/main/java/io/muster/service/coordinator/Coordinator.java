package io.muster.service.coordinator;

import io.muster.codec.Codecs;
import io.muster.service.InvalidRecordException;
import io.muster.service.LogText;
import io.muster.service.Outbox;
import io.muster.service.RecordFailure;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.decider.Decision;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one kind of aggregate: decodes a record, checks its key, numbers it, loads the state, decides, evolves, keeps the state, writes events,
 * documents and the reply, and wakes aggregates whose time has come. All inputs of a record are decided before anything of them is kept or
 * written: a record that becomes a dead letter changed nothing. The order and the outcomes of failures: ADR 31.
 */
public final class Coordinator<S extends SpecificRecord, I, E extends SpecificRecord, A extends Aggregate<S, I, E>>
        implements Processor<String, byte[], Route, byte[]> {
    private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);
    private static final Duration TICK = Duration.ofMillis(20);
    /** Bounds what a tick takes: others on the same thread wait for it. */
    private static final int DUE_PER_TICK = 400;

    private final CoordinatorSpec<S, I, E, A> spec;
    private final String service;
    private final Codecs codecs;
    private final int partitions;
    private final int replyPartitions;
    private final Map<String, Feed<?, A, I>> feeds = new HashMap<>();
    private final DueTimes dueTimes = new DueTimes();

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<Route, byte[]> context;

    @SuppressWarnings("NullAway.Init")
    private Outbox outbox;

    @SuppressWarnings("NullAway.Init")
    private RecordGuard guard;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, S> states;

    @SuppressWarnings("NullAway.Init")
    private RecordNumbers numbers;

    @SuppressWarnings("NullAway.Init")
    private A aggregate;

    @SuppressWarnings("NullAway.Init")
    private CommitBatching commits;

    /** Runs the aggregate of a specification, for one task. @param service that names itself in dead letters */
    public Coordinator(CoordinatorSpec<S, I, E, A> spec, String service, Codecs codecs, PartitionCounts counts) {
        this.spec = spec;
        this.service = service;
        this.codecs = codecs;
        this.partitions = counts.of(spec.documents().partitioning());
        this.replyPartitions = counts.apiInstances();
        spec.feeds().forEach(feed -> feeds.put(feed.topic().name(), feed));
    }

    @Override
    public void init(ProcessorContext<Route, byte[]> context) {
        this.context = context;
        this.outbox = new Outbox(context, codecs, service);
        this.guard = new RecordGuard(context, outbox, Outbox.sink(Topics.DEAD_LETTERS, spec.name()));
        CoordinatorTask task = new CoordinatorTask(context, outbox);
        this.states = task.store(spec.documents());
        this.numbers = new RecordNumbers(task.store(spec.numbers()), partitions);
        this.aggregate = spec.aggregate().apply(task);
        Instant now = Instant.ofEpochMilli(context.currentSystemTimeMs());
        try (KeyValueIterator<String, S> all = states.all()) {
            while (all.hasNext()) {
                KeyValue<String, S> known = all.next();
                isolated(known.key, () -> setDue(known.key, known.value, now));
            }
        }
        this.commits = CommitBatching.of(context);
        context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, this::tick);
    }

    @Override
    public void process(Record<String, byte[]> record) {
        guard.handle(record, (position, now) -> {
            @Nullable Feed<?, A, I> feed = feeds.get(position.topic());
            if (feed == null) {
                throw new IllegalStateException("nothing here reads the topic " + position.topic());
            }
            take(feed, record, position, now);
        });
        commits.worked();
    }

    private <V extends SpecificRecord> void take(
            Feed<V, A, I> feed, Record<String, byte[]> record, RecordMetadata position, Instant now)
            throws InvalidRecordException {
        if (record.value() == null) {
            if (feed.isCommand()) {
                throw new InvalidRecordException("a command has a value");
            }
            return;
        }
        V message = codecs.of(feed.topic()).decode(record.value());
        String id = feed.id().apply(message);
        KeyPartition.require(id, record.key(), spec.documents().topic().key(), position, partitions);
        Requester requester = feed.isCommand() ? Requester.of(record, replyPartitions) : Requester.NOBODY;
        List<I> inputs = feed.inputs().of(aggregate, message, numbers.of(position));
        Decisions decisions = decide(id, inputs, requester, now);
        keep(id, decisions, now);
        if (feed.isCommand()) {
            answer(feed, message, id, inputs, decisions, requester, now);
        }
    }

    /** Holds the decisions about some inputs of one aggregate, one after the other. */
    private final class Decisions {
        private final List<Change<S, E>> changes = new ArrayList<>();

        /** Holds the decision about the first input; null where there was none. */
        private @Nullable Decision<E> first;

        /** Holds the state after the first input. */
        private @Nullable S afterFirst;

        /** Holds the state after all inputs. */
        private @Nullable S last;
    }

    private Decisions decide(String id, List<I> inputs, Requester requester, Instant now) {
        Decisions decisions = new Decisions();
        decisions.last = states.get(id);
        for (I input : inputs) {
            boolean isFirst = decisions.first == null;
            Decision<E> decision = aggregate.decide(id, decisions.last, input, now);
            if (decision instanceof Decision.Happened<E> happened) {
                @Nullable S before = decisions.last;
                decisions.last = aggregate.evolve(before, happened.event());
                decisions.changes.add(new Change<>(
                        id, before, happened.event(), decisions.last, isFirst ? requester : Requester.NOBODY, now));
            }
            if (isFirst) {
                decisions.first = decision;
                decisions.afterFirst = decisions.last;
            }
        }
        return decisions;
    }

    private void keep(String id, Decisions decisions, Instant now) {
        boolean isChanged =
                !decisions.changes.isEmpty() && decisions.changes.getFirst().before() != decisions.last;
        if (isChanged) {
            states.put(id, decisions.last);
        }
        decisions.changes.forEach(this::write);
        if (isChanged) {
            writeDocument(id, decisions.changes.getFirst().before(), decisions.last, now);
        }
        @Nullable S state = decisions.last;
        if (state == null) {
            dueTimes.clear(id);
        } else {
            setDue(id, state, now);
        }
    }

    private void write(Change<S, E> change) {
        Route route = Route.byKey(change.id());
        outbox.send(
                Outbox.sink(spec.events()),
                spec.events(),
                route,
                change.event(),
                change.at(),
                change.requester().requestId());
        aggregate.happened(change);
    }

    /** Writes the document once behind all changes of a record: many small ones don't write a large document as many times. */
    private void writeDocument(String id, @Nullable S before, @Nullable S after, Instant now) {
        Route route = Route.byKey(id);
        if (after != null) {
            outbox.send(Outbox.sink(spec.documents().topic()), spec.documents().topic(), route, after, now);
        } else if (before != null) {
            outbox.sendEncoded(Outbox.sink(spec.documents().topic()), route, null, now, null);
        }
    }

    private <V extends SpecificRecord> void answer(
            Feed<V, A, I> feed,
            V message,
            String id,
            List<I> inputs,
            Decisions decisions,
            Requester requester,
            Instant now) {
        @Nullable Decision<E> first = decisions.first;
        if (first == null) {
            return;
        }
        if (first instanceof Decision.Refused<E> refused) {
            feed.refusals().refused(aggregate, message, refused.refusal(), requester, now);
        }
        aggregate
                .reply(id, inputs.getFirst(), first, decisions.afterFirst)
                .ifPresent(outcome -> reply(outcome, requester, now));
    }

    private void reply(Object outcome, Requester requester, Instant now) {
        outbox.reply(Outbox.sink(Topics.REPLIES, spec.name()), requester, outcome, now);
    }

    private void tick(long timestamp) {
        Instant now = Instant.ofEpochMilli(timestamp);
        for (String id : dueTimes.take(now, DUE_PER_TICK)) {
            isolated(id, () -> due(id, now));
            commits.worked();
        }
    }

    private void due(String id, Instant now) {
        @Nullable S state = states.get(id);
        if (state != null) {
            keep(id, decide(id, aggregate.whenDue(id, state), Requester.NOBODY, now), now);
        }
    }

    private void setDue(String id, S state, Instant now) {
        Optional<Instant> at = aggregate.due(id, state, now);
        if (at.isPresent()) {
            dueTimes.set(id, at.get());
        } else {
            dueTimes.clear(id);
        }
    }

    /** Decides the due inputs of one aggregate. An aggregate whose document makes no sense stands still, and the others go on. */
    private static void isolated(String id, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            if (!RecordFailure.isOfRecord(e)) {
                throw e;
            }
            LOG.error(
                    "Nothing is done for an aggregate when its time comes, since that failed, id={}",
                    LogText.of(id),
                    e);
        }
    }
}
