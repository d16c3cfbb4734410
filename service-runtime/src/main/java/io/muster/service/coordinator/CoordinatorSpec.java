package io.muster.service.coordinator;

import io.muster.service.state.StoreSpec;
import io.muster.topics.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;

/**
 * Declares the coordinator of one kind of aggregate, for {@code ServiceTopology.coordinator} to run it.
 *
 * @param name of the processor, and of its sinks for topics that others write too
 * @param documents the store of states, by the aggregate's id, and the topic of the same documents
 * @param numbers from where the numbers of records go on
 * @param moreStores that the aggregate reads and writes itself
 * @param events the topic of events
 * @param moreTopics that the aggregate writes itself, through sinks that are named {@code Outbox.sink(topic)}
 * @param aggregate makes the aggregate of a task
 */
public record CoordinatorSpec<S extends SpecificRecord, I, E extends SpecificRecord, A extends Aggregate<S, I, E>>(
        String name,
        StoreSpec.OfTopic<S> documents,
        StoreSpec.OfNumbers numbers,
        List<StoreSpec<?>> moreStores,
        Topic<E> events,
        List<Topic<?>> moreTopics,
        List<Feed<?, A, I>> feeds,
        Function<CoordinatorTask, A> aggregate) {

    public CoordinatorSpec {
        moreStores = List.copyOf(moreStores);
        moreTopics = List.copyOf(moreTopics);
        feeds = List.copyOf(feeds);
    }

    /** Returns the stores of its tasks. */
    public List<StoreSpec<?>> stores() {
        List<StoreSpec<?>> stores = new ArrayList<>(List.of(documents, numbers));
        stores.addAll(moreStores);
        return stores;
    }
}
