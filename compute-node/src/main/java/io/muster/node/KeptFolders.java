package io.muster.node;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.node.files.Folders;
import io.muster.node.work.AttemptKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SequencedMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the folders of tasks behind their attempts: a task's next attempt here finds its own, and its user what the task has left, until its time is over, its node is of another pool, or too much is kept; then
 * those of tasks that are over go first, the oldest one before others. What is kept outlives the node's program. Where a folder has a note, the note says until when it is kept; one without had an attempt when the
 * program ended. Thread-safe; nothing is deleted before {@link #evict}, but of {@link #drop}.
 */
final class KeptFolders {
    private static final Logger LOG = LoggerFactory.getLogger(KeptFolders.class);
    /** Is for how long a folder waits for the next attempt of its task at least. */
    static final Duration LONGEST_WAIT = Duration.ofDays(7);

    /** Bounds the folders, since each takes some of the file system's inodes. */
    static final int MOST = 10_000;

    private static final String GONE = "gone-";
    private static final int POOL_LETTERS = 16;
    private static final int TASK_LETTERS = 32;
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Is what a note says.
     *
     * @param until in milliseconds of the epoch
     * @param bytes that it takes
     * @param isOver whether its task is over
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Note(long until, long bytes, boolean isOver) {}

    private final Path home;
    private final Path notes;
    private final long mostBytes;
    private final InstantSource clock;
    /** Holds those that no attempt uses, by name, the one that was left first before others. */
    private final SequencedMap<String, Note> kept = new LinkedHashMap<>();

    private final Queue<Path> gone = new ArrayDeque<>();
    private long bytes;
    private Optional<String> pool = Optional.empty();

    private KeptFolders(Path home, Path notes, long mostBytes, InstantSource clock) {
        this.home = home;
        this.notes = notes;
        this.mostBytes = mostBytes;
        this.clock = clock;
    }

    /**
     * Finds what an earlier run has kept, of any pool.
     *
     * @param home where folders are
     * @param notes where the notes about them are
     * @param mostBytes bounds what they take together
     */
    static KeptFolders open(Path home, Path notes, long mostBytes, InstantSource clock) throws IOException {
        KeptFolders found = new KeptFolders(home, notes, mostBytes, clock);
        List<Map.Entry<String, Note>> all = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(home)) {
            for (Path folder : folders) {
                String name = folder.getFileName().toString();
                Optional<Note> note = name.startsWith(GONE) ? Optional.empty() : found.noteOf(name);
                note.ifPresentOrElse(said -> all.add(Map.entry(name, said)), () -> found.gone.add(folder));
            }
        }
        all.sort(Map.Entry.comparingByValue(Comparator.comparingLong(Note::until)));
        all.forEach(each -> found.put(each.getKey(), each.getValue()));
        found.deleteNotesOfNothing();
        return found;
    }

    /** Returns what is noted of a folder; of one that was in use, that it waits for an attempt. Empty where it can't be read whole. */
    private Optional<Note> noteOf(String name) {
        try {
            return Optional.of(JSON.readValue(notes.resolve(name).toFile(), Note.class));
        } catch (IOException e) {
            long until = clock.instant().plus(LONGEST_WAIT).toEpochMilli();
            return Folders.size(home.resolve(name)).map(size -> new Note(until, size, false));
        }
    }

    private void deleteNotesOfNothing() throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(notes)) {
            for (Path note : all) {
                if (!kept.containsKey(note.getFileName().toString())) {
                    Files.deleteIfExists(note);
                }
            }
        }
    }

    private static String hash(String text, int letters) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, letters);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String poolPart(String poolId) {
        return hash(poolId, POOL_LETTERS) + "-";
    }

    private static String name(AttemptKey key) {
        return poolPart(key.poolId()) + hash(key.token().taskId(), TASK_LETTERS);
    }

    /** Returns where the folder of an attempt's task is, or would be. */
    Path folder(AttemptKey key) {
        return home.resolve(name(key));
    }

    /** Gives the folder of an attempt's task to that attempt. @return whether there is one */
    synchronized boolean take(AttemptKey key) {
        String name = name(key);
        if (remove(name)) {
            return true;
        }
        moveAway(name);
        return false;
    }

    /** Has a folder be that of an attempt's task, which {@link #take} has not found. */
    void add(AttemptKey key, Path made) throws IOException {
        Files.move(made, folder(key), StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * Keeps the folder of an attempt that is over.
     *
     * @param retention for how long, where the task is over; else it is kept for {@link #LONGEST_WAIT} at least
     */
    void keep(AttemptKey key, Duration retention, boolean isOver) throws IOException {
        String name = name(key);
        Optional<Long> size = Folders.size(home.resolve(name));
        if (size.isEmpty() || size.get() > mostBytes) {
            LOG.warn(
                    "A task's folder is not kept: it is larger than kept.mib allows, or can't be read whole,"
                            + " poolId={} taskId={} bytes={}",
                    key.poolId(),
                    key.token().taskId(),
                    size.map(String::valueOf).orElse("unknown"));
            drop(key);
            return;
        }
        Duration time = isOver || retention.compareTo(LONGEST_WAIT) > 0 ? retention : LONGEST_WAIT;
        Note note = new Note(clock.instant().plus(time).toEpochMilli(), size.get(), isOver);
        try {
            Path next = notes.resolve(name + ".new");
            Files.write(next, JSON.writeValueAsBytes(note));
            Files.move(next, notes.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            drop(key);
            throw e;
        }
        synchronized (this) {
            put(name, note);
            if (pool.isEmpty() || !pool.get().equals(key.poolId())) {
                discard(name);
            }
        }
    }

    /** Deletes the folder of an attempt's task. */
    void drop(AttemptKey key) throws IOException {
        synchronized (this) {
            moveAway(name(key));
        }
        deleteGone();
    }

    /** Keeps nothing of tasks of other pools than this; empty where the node is in none. */
    synchronized void keepOnly(Optional<String> poolId) {
        pool = poolId;
        String own = poolId.map(KeptFolders::poolPart).orElse("");
        kept.keySet().stream()
                .filter(name -> own.isEmpty() || !name.startsWith(own))
                .toList()
                .forEach(this::discard);
    }

    /** Returns whether {@link #evict} has something to delete. */
    synchronized boolean isEvictionDue() {
        long now = clock.millis();
        return !gone.isEmpty() || isTooMuch() || kept.values().stream().anyMatch(note -> note.until() <= now);
    }

    /** Deletes what is kept no more: what has been kept for its time, and what is beyond the bounds. */
    void evict() {
        synchronized (this) {
            long now = clock.millis();
            kept.entrySet().stream()
                    .filter(each -> each.getValue().until() <= now)
                    .map(Map.Entry::getKey)
                    .toList()
                    .forEach(this::discard);
            while (isTooMuch()) {
                discard(first());
            }
        }
        try {
            deleteGone();
        } catch (IOException e) {
            LOG.warn("A task's folder can't be deleted, reason={}", e.toString());
        }
    }

    private boolean isTooMuch() {
        return kept.size() > MOST || bytes > mostBytes;
    }

    /** Returns the one that goes next. */
    private String first() {
        return kept.entrySet().stream()
                .filter(each -> each.getValue().isOver())
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseGet(() -> kept.firstEntry().getKey());
    }

    private void put(String name, Note note) {
        kept.put(name, note);
        bytes += note.bytes();
    }

    /** Holds a folder as kept no more. @return whether it was */
    private boolean remove(String name) {
        Note note = kept.remove(name);
        if (note == null) {
            return false;
        }
        bytes -= note.bytes();
        try {
            Files.deleteIfExists(notes.resolve(name));
        } catch (IOException e) {
            LOG.warn("The note about a task's folder can't be deleted, folder={} reason={}", name, e.toString());
        }
        return true;
    }

    private void discard(String name) {
        remove(name);
        moveAway(name);
    }

    /** Has a folder be nobody's, so that the task can have another one while it is deleted. */
    private void moveAway(String name) {
        if (Files.notExists(home.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Path away = home.resolve(GONE + UUID.randomUUID());
        try {
            Files.move(home.resolve(name), away, StandardCopyOption.ATOMIC_MOVE);
            gone.add(away);
        } catch (IOException e) {
            LOG.warn("A task's folder can't be taken away, folder={} reason={}", name, e.toString());
        }
    }

    private void deleteGone() throws IOException {
        for (Optional<Path> next = nextGone(); next.isPresent(); next = nextGone()) {
            Folders.delete(next.get());
        }
    }

    private synchronized Optional<Path> nextGone() {
        return Optional.ofNullable(gone.poll());
    }
}
