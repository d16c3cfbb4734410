package io.muster.api.job;

import io.muster.records.ScheduleCollection;
import java.util.Comparator;

/** Shows collections of schedules. Thread-safe. */
public final class CollectionView extends DocumentView<ScheduleCollection> {
    /** Makes an empty one. */
    public CollectionView() {
        super(
                ScheduleCollection::getCollectionId,
                ScheduleCollection::getCreatedAt,
                Comparator.comparing(ScheduleCollection::getUpdatedAt));
    }
}
