package io.muster.planner.fleet.topology;

import io.muster.codec.RecordCodec;
import io.muster.document.IdentityId;
import io.muster.planner.fleet.Identities;
import io.muster.planner.fleet.TagIndex;
import io.muster.query.device.Condition;
import io.muster.query.device.Source;
import io.muster.records.Device;
import io.muster.service.Outbox;
import io.muster.service.state.Healer;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the partition's devices and their modules, and an index of their tags (ADR 0008). A module is kept as a device is, under its id. Each is
 * encoded once, for the store and for the topic. For one task.
 */
final class DeviceTable {
    /** Marks in the index that all devices are indexed, and not only those that changed since there is an index. */
    private static final String INDEXED = "\0indexed";

    /** Sorts behind every character of a device id. */
    private static final String LAST = "\u007f";

    private static final byte[] NOTHING = {};

    private final KeyValueStore<String, byte[]> store;
    private final KeyValueStore<String, byte[]> tags;
    private final RecordCodec<Device> codec;
    private final Healer<Device> healer;
    private final Outbox outbox;
    private Census counted = new Census(0, 0);
    private @Nullable String countedUntil;
    private boolean allCounted;
    private Changed changed = (_, _, _) -> {};
    private @Nullable String indexedUntil;

    DeviceTable(
            KeyValueStore<String, byte[]> store,
            KeyValueStore<String, byte[]> tags,
            RecordCodec<Device> codec,
            Healer<Device> healer,
            Outbox outbox) {
        this.healer = healer;
        this.store = store;
        this.tags = tags;
        this.codec = codec;
        this.outbox = outbox;
    }

    /** Hears of a device that was made, changed or deleted. */
    @FunctionalInterface
    interface Changed {
        /** Takes a change of a device after it is in the table. @param before and after null for none; one of them is there */
        void changed(@Nullable Device before, @Nullable Device after, Instant now);
    }

    /** Has somebody hear of each change of a device whose tags are others than before. */
    void onChange(Changed listener) {
        changed = listener;
    }

    /** Counts devices, and those of them that may connect. */
    record Census(long total, long enabled) {
        private Census with(Device device, long change) {
            return new Census(total + change, enabled + (Identities.isEnabled(device) ? change : 0));
        }
    }

    /** Counts the devices: walks the table the first time, in turns; from then on the count is kept. @return empty while it is not known */
    Optional<Census> census(Budget budget) {
        if (!allCounted) {
            countedUntil = scan(Source.DEVICES, countedUntil, budget, device -> {
                        counted = counted.with(device, 1);
                        return true;
                    })
                    .orElse(null);
            allCounted = countedUntil == null;
        }
        return allCounted ? Optional.of(counted) : Optional.empty();
    }

    /** Corrects the census by the change of a device that it has counted. @param before and after null for none */
    private void recount(String id, @Nullable Device before, @Nullable Device after) {
        boolean wasCounted = allCounted || (countedUntil != null && id.compareTo(countedUntil) <= 0);
        if (wasCounted && !IdentityId.isModule(id)) {
            counted = before == null ? counted : counted.with(before, -1);
            counted = after == null ? counted : counted.with(after, 1);
        }
    }

    @Nullable
    Device get(String deviceId) {
        return healer.decoded(deviceId, store.get(deviceId));
    }

    /** Saves a device, indexes its tags and publishes it. @param before as it stands in the table; null when it is new */
    void put(@Nullable Device before, Device device, Instant now) {
        recount(device.getDeviceId(), before, device);
        byte[] bytes = codec.encode(device);
        store.put(device.getDeviceId(), bytes);
        outbox.sendEncoded(Outbox.sink(Topics.DEVICES), outbox.routeOf(device.getDeviceId()), bytes, now, null);
        changed(before, device, now);
    }

    void delete(Device device, Instant now) {
        String deviceId = device.getDeviceId();
        recount(deviceId, device, null);
        store.delete(deviceId);
        outbox.sendEncoded(Outbox.sink(Topics.DEVICES), outbox.routeOf(deviceId), null, now, null);
        changed(device, null, now);
    }

    private static String tags(@Nullable Device device) {
        return device == null ? "{}" : device.getTwin().getTags();
    }

    private void changed(@Nullable Device before, @Nullable Device after, Instant now) {
        if (!tags(before).equals(tags(after))) {
            index(before, after);
            changed.changed(before, after, now);
        }
    }

    /** Replaces the index entries of a device's old tags by those of its new ones. @param before and after null for none */
    private void index(@Nullable Device before, @Nullable Device after) {
        String oldTags = tags(before);
        String newTags = tags(after);
        String deviceId = Objects.requireNonNull(after == null ? before : after, "one of them is")
                .getDeviceId();
        Set<String> gone = TagIndex.terms(oldTags);
        Set<String> come = TagIndex.terms(newTags);
        for (String term : gone) {
            if (!come.contains(term)) {
                tags.delete(TagIndex.entry(term, deviceId));
            }
        }
        for (String term : come) {
            if (!gone.contains(term)) {
                tags.put(TagIndex.entry(term, deviceId), NOTHING);
            }
        }
    }

    /**
     * Indexes devices that were there before there was an index, in turns. Until it is done, conditions are answered without.
     *
     * @return whether all are indexed
     */
    boolean indexMore(Budget budget) {
        if (tags.get(INDEXED) != null) {
            return true;
        }
        indexedUntil = scan(null, indexedUntil, budget, device -> {
                    budget.spend(Budget.BEGIN);
                    index(null, device);
                    return true;
                })
                .orElse(null);
        if (indexedUntil == null) {
            tags.put(INDEXED, NOTHING);
        }
        return indexedUntil == null;
    }

    /**
     * Visits, in the order of their ids, at least those of the condition's source that it can match: the visitor evaluates it.
     * Looks them up where the condition names devices or the value of a tag.
     *
     * @param after the id behind which to begin; null for the first
     * @param budget spent on each row, also on those that are passed over
     * @param visitor says whether to go on
     * @return the id behind which to go on; empty when none is left
     */
    Optional<String> candidates(Condition condition, @Nullable String after, Budget budget, Predicate<Device> visitor) {
        Source source = condition.source();
        Optional<Set<String>> named = condition.deviceIds();
        if (named.isPresent()) {
            NavigableSet<String> ids = new TreeSet<>();
            for (String deviceId : named.get()) {
                ids.addAll(source == Source.MODULES ? modulesOf(deviceId) : Set.of(deviceId));
            }
            Iterator<String> rest = (after == null ? ids : ids.tailSet(after, false)).iterator();
            return lookUp(source, rest, budget, visitor);
        }
        Optional<String> term = TagIndex.term(condition).filter(_ -> tags.get(INDEXED) != null);
        if (term.isPresent()) {
            String from = TagIndex.entry(term.get(), after == null ? "" : after + '\0');
            try (KeyValueIterator<String, byte[]> entries = tags.range(from, TagIndex.entry(term.get(), LAST))) {
                return lookUp(source, new EntryIds(entries), budget, visitor);
            }
        }
        return scan(source, after, budget, visitor);
    }

    /** Returns the ids of the device's modules, in order. */
    List<String> modulesOf(String deviceId) {
        List<String> ids = new ArrayList<>();
        try (KeyValueIterator<String, byte[]> found =
                store.prefixScan(new IdentityId(deviceId, "").text(), new StringSerializer())) {
            found.forEachRemaining(entry -> ids.add(entry.key));
        }
        return ids;
    }

    private record EntryIds(KeyValueIterator<String, byte[]> entries) implements Iterator<String> {
        @Override
        public boolean hasNext() {
            return entries.hasNext();
        }

        @Override
        public String next() {
            return TagIndex.deviceId(entries.next().key);
        }
    }

    private Optional<String> lookUp(Source source, Iterator<String> ids, Budget budget, Predicate<Device> visitor) {
        while (ids.hasNext()) {
            String id = ids.next();
            byte @Nullable [] row = isOf(source, id) ? store.get(id) : null;
            budget.spend(Budget.visit(row == null ? 0 : row.length));
            @Nullable Device device = healer.decoded(id, row);
            boolean goOn = device == null || visitor.test(device);
            if ((!goOn || budget.isSpent()) && ids.hasNext()) {
                return Optional.of(id);
            }
        }
        return Optional.empty();
    }

    /**
     * Visits devices in the order of their ids.
     *
     * @param source devices or modules; null for both
     * @param after the id behind which to begin; null for the first
     * @param budget spent on each row, also on those that are passed over
     * @param visitor says whether to go on
     * @return the id behind which to go on; empty when none is left
     */
    Optional<String> scan(@Nullable Source source, @Nullable String after, Budget budget, Predicate<Device> visitor) {
        @Nullable String from = after == null ? null : after + '\0';
        try (KeyValueIterator<String, byte[]> found = store.range(from, null)) {
            while (found.hasNext()) {
                KeyValue<String, byte[]> entry = found.next();
                boolean isOf = source == null || isOf(source, entry.key);
                budget.spend(Budget.visit(isOf ? entry.value.length : 0));
                @Nullable Device device = isOf ? healer.decoded(entry.key, entry.value) : null;
                boolean goOn = device == null || visitor.test(device);
                if ((!goOn || budget.isSpent()) && found.hasNext()) {
                    return Optional.of(entry.key);
                }
            }
            return Optional.empty();
        }
    }

    private static boolean isOf(Source source, String id) {
        return IdentityId.isModule(id) == (source == Source.MODULES);
    }
}
