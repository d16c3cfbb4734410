package io.muster.planner.schedule.topology;

import io.muster.records.CollectionCommand;
import io.muster.records.CollectionDeleted;
import io.muster.records.CollectionEvent;
import io.muster.records.CollectionSaved;
import io.muster.records.DeleteCollection;
import io.muster.records.SaveCollection;
import io.muster.records.ScheduleCollection;
import io.muster.records.ScheduleRefusalReason;
import io.muster.records.ScheduleRefused;
import io.muster.service.coordinator.Aggregate;
import io.muster.service.coordinator.CoordinatorSpec;
import io.muster.service.coordinator.Feed;
import io.muster.service.decider.Decision;
import io.muster.service.state.StoreSpec;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Keeps collections of schedules: names that schedules are grouped under. Each schedule says itself whether it is enabled. For one task. */
public final class CollectionAggregate implements Aggregate<ScheduleCollection, Object, CollectionEvent> {
    private static final StoreSpec.OfTopic<ScheduleCollection> COLLECTIONS =
            new StoreSpec.OfTopic<>("schedule-collections", Topics.COLLECTIONS);

    private static final StoreSpec.OfNumbers NUMBERS =
            new StoreSpec.OfNumbers("schedule-collection-numbers", Topics.COLLECTIONS.partitioning());

    private static final List<Feed<?, CollectionAggregate, Object>> FEEDS = List.of(Feed.commands(
            Topics.COLLECTION_COMMANDS,
            CollectionCommand::getCollectionId,
            (_, command, _) -> List.of(command.getCommand())));

    /** Declares the coordinator of collections. */
    public static final CoordinatorSpec<ScheduleCollection, Object, CollectionEvent, CollectionAggregate> COORDINATOR =
            new CoordinatorSpec<>(
                    "schedule-collection",
                    COLLECTIONS,
                    NUMBERS,
                    List.of(),
                    Topics.COLLECTION_EVENTS,
                    List.of(),
                    FEEDS,
                    _ -> new CollectionAggregate());

    private CollectionAggregate() {}

    /** Returns the topics that they read. */
    public static List<Topic<?>> reads() {
        return Feed.topics(FEEDS);
    }

    @Override
    public Decision<CollectionEvent> decide(
            String id, @Nullable ScheduleCollection collection, Object command, Instant now) {
        return switch (command) {
            case SaveCollection save ->
                new Decision.Happened<>(
                        new CollectionEvent(id, now, new CollectionSaved(save.getEnabled(), save.getSource())));
            case DeleteCollection _ ->
                collection == null
                        ? new Decision.Refused<>(
                                new ScheduleRefused(ScheduleRefusalReason.NOT_FOUND, "There is no such collection."))
                        : new Decision.Happened<>(new CollectionEvent(id, now, new CollectionDeleted()));
            default -> throw new IllegalStateException("not a command, class=" + command.getClass());
        };
    }

    @Override
    public @Nullable ScheduleCollection evolve(@Nullable ScheduleCollection collection, CollectionEvent event) {
        return switch (event.getEvent()) {
            case CollectionSaved saved ->
                new ScheduleCollection(
                        event.getCollectionId(),
                        saved.getEnabled(),
                        saved.getSource(),
                        collection == null ? event.getAt() : collection.getCreatedAt(),
                        event.getAt());
            case CollectionDeleted _ -> null;
            case Object unknown -> throw new IllegalStateException("not an event, class=" + unknown.getClass());
        };
    }

    @Override
    public Optional<Object> removed() {
        return Optional.of(new CollectionDeleted());
    }
}
