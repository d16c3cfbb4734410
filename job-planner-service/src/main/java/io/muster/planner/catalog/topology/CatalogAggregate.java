package io.muster.planner.catalog.topology;

import io.muster.planner.catalog.CatalogDecider;
import io.muster.records.CatalogCommand;
import io.muster.records.CatalogEvent;
import io.muster.records.CatalogItem;
import io.muster.records.CatalogItemDeleted;
import io.muster.records.DeleteCatalogItem;
import io.muster.records.SaveCatalogItem;
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

/** Keeps the catalog: device groups, device templates and API tokens. For one task. */
public final class CatalogAggregate implements Aggregate<CatalogItem, Object, CatalogEvent> {
    private static final StoreSpec.OfTopic<CatalogItem> ITEMS = new StoreSpec.OfTopic<>("catalog", Topics.CATALOG);

    private static final StoreSpec.OfNumbers NUMBERS =
            new StoreSpec.OfNumbers("catalog-numbers", Topics.CATALOG.partitioning());

    private static final List<Feed<?, CatalogAggregate, Object>> FEEDS = List.of(Feed.commands(
            Topics.CATALOG_COMMANDS, CatalogCommand::getItemId, (_, command, _) -> List.of(command.getCommand())));

    /** Declares the coordinator of the catalog. */
    public static final CoordinatorSpec<CatalogItem, Object, CatalogEvent, CatalogAggregate> COORDINATOR =
            new CoordinatorSpec<>(
                    "catalog",
                    ITEMS,
                    NUMBERS,
                    List.of(),
                    Topics.CATALOG_EVENTS,
                    List.of(),
                    FEEDS,
                    _ -> new CatalogAggregate());

    private CatalogAggregate() {}

    /** Returns the topics that it reads. */
    public static List<Topic<?>> reads() {
        return Feed.topics(FEEDS);
    }

    @Override
    public Decision<CatalogEvent> decide(String id, @Nullable CatalogItem item, Object command, Instant now) {
        return switch (command) {
            case SaveCatalogItem save -> CatalogDecider.decide(id, item, save, now);
            case DeleteCatalogItem delete -> CatalogDecider.decide(id, item, delete, now);
            default -> throw new IllegalStateException("not a command, class=" + command.getClass());
        };
    }

    @Override
    public @Nullable CatalogItem evolve(@Nullable CatalogItem item, CatalogEvent event) {
        return CatalogDecider.evolve(item, event);
    }

    @Override
    public Optional<Object> removed() {
        return Optional.of(new CatalogItemDeleted());
    }
}
