package io.muster.api.job;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Shows the documents of a kind of aggregate as this instance knows them, from their topic and from replies. The later change wins. Thread-safe. */
public abstract sealed class DocumentView<D>
        permits ScheduleView, CollectionView, CatalogView, BatchJobView, BatchPoolView {
    /** Holds the latest that is known of an id. @param read when the document was made that was read from the topic last; null before one was */
    private record Known<D>(D document, @Nullable Instant read) {}

    private final Function<D, String> id;
    private final Function<D, Instant> createdAt;
    private final Comparator<D> order;
    private final ConcurrentNavigableMap<String, Known<D>> documents = new ConcurrentSkipListMap<>();
    private final AtomicLong changes = new AtomicLong();

    /** Makes an empty one. @param order of the changes of a document, the later one behind the earlier */
    DocumentView(Function<D, String> id, Function<D, Instant> createdAt, Comparator<D> order) {
        this.id = id;
        this.createdAt = createdAt;
        this.order = order;
    }

    /** Returns whether a document is about to go: a reply that has it may come behind its tombstone. */
    boolean isEnding(D document) {
        return false;
    }

    /** Takes a document from a reply; one that is about to go only where it is known, since it would stay for ever where it is gone already. */
    public void put(D document) {
        if (isEnding(document)) {
            documents.computeIfPresent(
                    id.apply(document), (_, known) -> new Known<>(later(known.document(), document), known.read()));
        } else {
            documents.merge(
                    id.apply(document),
                    new Known<>(document, null),
                    (known, _) -> new Known<>(later(known.document(), document), known.read()));
        }
        changes.incrementAndGet();
    }

    /** Takes a document from the topic. */
    public void read(D document) {
        documents.compute(
                id.apply(document),
                (_, known) -> new Known<>(
                        known == null ? document : later(known.document(), document), createdAt.apply(document)));
        changes.incrementAndGet();
    }

    private D later(D known, D other) {
        return order.compare(other, known) < 0 ? known : other;
    }

    /** Takes a deletion from a reply. */
    public void forget(String key) {
        documents.remove(key);
        changes.incrementAndGet();
    }

    /** Takes a tombstone from the topic: it removes the document that was read from the topic last, and not a later one that came by a reply. */
    public void readTombstone(String key) {
        documents.computeIfPresent(
                key, (_, known) -> createdAt.apply(known.document()).equals(known.read()) ? null : known);
        changes.incrementAndGet();
    }

    /** Returns a number that is another one after each change. */
    public long changes() {
        return changes.get();
    }

    /** Returns a document. */
    public Optional<D> get(String key) {
        return Optional.ofNullable(documents.get(key)).map(Known::document);
    }

    /**
     * Returns a page of documents in order of their ids.
     *
     * @param prefix of their ids
     * @param after the id behind which to begin; null for the first
     */
    public List<D> page(String prefix, @Nullable String after, int limit) {
        return behind(prefix, after).limit(limit).toList();
    }

    /** Returns all documents behind a place, in order of their ids. Parameters: see {@link #page}. */
    public Stream<D> behind(String prefix, @Nullable String after) {
        return documents.tailMap(after == null ? prefix : after, after == null).values().stream()
                .map(Known::document)
                .takeWhile(document -> id.apply(document).startsWith(prefix));
    }
}
