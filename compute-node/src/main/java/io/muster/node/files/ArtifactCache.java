package io.muster.node.files;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps artifacts in a folder under their hash, those that were used last, up to a number of bytes. An artifact is fetched once, however many want it,
 * and its hash is checked when it is fetched and when it is first used by this process. Thread-safe; calls wait for the network.
 */
public final class ArtifactCache {
    private static final Logger LOG = LoggerFactory.getLogger(ArtifactCache.class);
    /** Says how long an artifact that is missing may still appear: the API may read its log later than the pool. */
    private static final Duration PATIENCE_IF_MISSING = Duration.ofSeconds(10);

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
    private static final int CHUNK = 64 * 1024;

    private final Path folder;
    private final long mostBytes;
    private final ArtifactSource source;
    /** Holds the bytes of each artifact that was checked; the one that was used last is the last. */
    private final LinkedHashMap<String, Long> checked = new LinkedHashMap<>(16, 0.75f, true);

    private final Map<String, Integer> inUse = new HashMap<>();
    private final Map<String, ReentrantLock> locks = new HashMap<>();

    private ArtifactCache(Path folder, long mostBytes, ArtifactSource source) {
        this.folder = folder;
        this.mostBytes = mostBytes;
        this.source = source;
    }

    /** Does something with the file of an artifact, which must not be changed. */
    @FunctionalInterface
    public interface Use {
        void with(Path file) throws IOException;
    }

    /** Opens the folder, or makes it. @param mostBytes kept beside what is in use */
    public static ArtifactCache open(Path folder, long mostBytes, ArtifactSource source) throws IOException {
        Files.createDirectories(folder);
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.sorted(Comparator.comparing(ArtifactCache::modified)).toList();
        }
        ArtifactCache cache = new ArtifactCache(folder, mostBytes, source);
        long bytes = 0;
        for (Path file : files.reversed()) {
            bytes += Files.size(file);
            if (bytes > mostBytes || !file.getFileName().toString().matches("[0-9a-f]{64}")) {
                Files.delete(file);
            }
        }
        return cache;
    }

    private static long modified(Path file) {
        return file.toFile().lastModified();
    }

    /**
     * Fetches an artifact where it is not there, and has it used.
     *
     * @param bytes how many it has
     * @throws IOException where it can't be had, or has other bytes or another hash
     * @throws InterruptedException where nobody wants it any more
     */
    public void use(String sha256, long bytes, Use use) throws IOException, InterruptedException {
        hold(sha256);
        try {
            Path file = folder.resolve(sha256);
            ReentrantLock lock = lock(sha256);
            lock.lockInterruptibly();
            try {
                if (!isChecked(sha256, bytes) && !isIntact(file, sha256, bytes)) {
                    fetch(file, sha256, bytes);
                }
                note(sha256, bytes);
            } finally {
                lock.unlock();
            }
            use.with(file);
        } finally {
            release(sha256);
        }
    }

    private synchronized void hold(String sha256) {
        inUse.merge(sha256, 1, Integer::sum);
    }

    private synchronized void release(String sha256) {
        if (inUse.merge(sha256, -1, Integer::sum) == 0) {
            inUse.remove(sha256);
            locks.remove(sha256);
        }
        evict();
    }

    private synchronized ReentrantLock lock(String sha256) {
        return locks.computeIfAbsent(sha256, _ -> new ReentrantLock());
    }

    private synchronized boolean isChecked(String sha256, long bytes) {
        Long known = checked.get(sha256);
        return known != null && known == bytes;
    }

    private synchronized void note(String sha256, long bytes) {
        checked.put(sha256, bytes);
    }

    private void evict() {
        long bytes = checked.values().stream().mapToLong(Long::longValue).sum();
        var eldest = checked.entrySet().iterator();
        while (bytes > mostBytes && eldest.hasNext()) {
            Map.Entry<String, Long> entry = eldest.next();
            if (!inUse.containsKey(entry.getKey())) {
                bytes -= entry.getValue();
                eldest.remove();
                delete(folder.resolve(entry.getKey()));
            }
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("An artifact can't be deleted, file={} reason={}", file, e.toString());
        }
    }

    private static boolean isIntact(Path file, String sha256, long bytes) throws IOException {
        if (!Files.exists(file)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            copy(in, OutputStream.nullOutputStream(), sha256, bytes);
            return true;
        } catch (IOException e) {
            LOG.warn("A kept artifact is damaged and is fetched again, sha256={} reason={}", sha256, e.toString());
            return false;
        }
    }

    /** Tries for a while: the API may be on its way up. */
    private void fetch(Path file, String sha256, long bytes) throws IOException, InterruptedException {
        long begun = System.nanoTime();
        Duration pause = SHORTEST_PAUSE;
        while (true) {
            Path part = folder.resolve(sha256 + ".part");
            IOException failure;
            Duration patience = PATIENCE;
            try (InputStream in = source.open(sha256);
                    OutputStream out = Files.newOutputStream(part)) {
                copy(in, out, sha256, bytes);
                Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                return;
            } catch (ArtifactSource.MissingArtifactException e) {
                failure = e;
                patience = PATIENCE_IF_MISSING;
            } catch (OtherBytesException e) {
                delete(part);
                throw e;
            } catch (IOException e) {
                failure = e;
            }
            delete(part);
            if (System.nanoTime() - begun > patience.toNanos()) {
                throw failure;
            }
            Thread.sleep(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    /** Says that an artifact is not what its name says. */
    private static final class OtherBytesException extends IOException {
        private static final long serialVersionUID = 1;

        OtherBytesException(String message) {
            super(message);
        }
    }

    private static void copy(InputStream in, OutputStream out, String sha256, long bytes) throws IOException {
        MessageDigest digest = digest();
        byte[] chunk = new byte[CHUNK];
        long count = 0;
        for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
            count += n;
            if (count > bytes) {
                throw new OtherBytesException("The file " + sha256 + " has more than its " + bytes + " bytes.");
            }
            digest.update(chunk, 0, n);
            out.write(chunk, 0, n);
        }
        if (count < bytes) {
            // The connection may have ended early.
            throw new IOException("The file " + sha256 + " has " + count + " bytes in place of " + bytes + ".");
        }
        if (!HexFormat.of().formatHex(digest.digest()).equals(sha256)) {
            throw new OtherBytesException("The file " + sha256 + " has another hash.");
        }
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
