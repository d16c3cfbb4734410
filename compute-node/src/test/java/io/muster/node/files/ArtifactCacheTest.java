package io.muster.node.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArtifactCacheTest {
    @TempDir
    private Path folder;

    private final Map<String, byte[]> artifacts = new ConcurrentHashMap<>();
    private final AtomicInteger fetched = new AtomicInteger();

    private InputStream fetch(String sha256) throws IOException {
        fetched.incrementAndGet();
        byte[] bytes = artifacts.get(sha256);
        if (bytes == null) {
            throw new ArtifactSource.MissingArtifactException("no " + sha256);
        }
        return new ByteArrayInputStream(bytes);
    }

    private ArtifactCache cache(long mostBytes) throws IOException {
        return ArtifactCache.open(folder, mostBytes, this::fetch);
    }

    private String artifact(String text) throws Exception {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        String sha256 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        artifacts.put(sha256, bytes);
        return sha256;
    }

    private static String read(ArtifactCache cache, String sha256, int bytes) throws Exception {
        String[] text = new String[1];
        cache.use(sha256, bytes, file -> text[0] = Files.readString(file));
        return text[0];
    }

    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Test
    void fetchesAnArtifactOnce() throws Exception {
        String sha256 = artifact("hello");
        ArtifactCache cache = cache(1000);
        assertThat(read(cache, sha256, 5)).isEqualTo("hello");
        assertThat(read(cache, sha256, 5)).isEqualTo("hello");
        assertThat(read(cache(1000), sha256, 5)).as("after a restart").isEqualTo("hello");
        assertThat(fetched).hasValue(1);
    }

    @Test
    void fetchesAnArtifactOnceForAllThatWantItAtOnce() throws Exception {
        String sha256 = artifact("hello");
        ArtifactCache cache = cache(1000);
        CountDownLatch go = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> all = IntStream.range(0, 20)
                    .mapToObj(_ -> threads.submit(() -> {
                        go.await();
                        return read(cache, sha256, 5);
                    }))
                    .toList();
            go.countDown();
            for (Future<String> one : all) {
                assertThat(one.get()).isEqualTo("hello");
            }
        }
        assertThat(fetched).hasValue(1);
    }

    @Test
    void refusesBytesOfAnotherHashOrLength() throws Exception {
        String sha256 = artifact("hello");
        artifacts.put(sha256, "HELLO".getBytes(StandardCharsets.UTF_8));
        ArtifactCache cache = cache(1000);
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> read(cache, sha256, 5))
                .withMessageContaining("another hash");
        artifacts.put(sha256, "hello, and more".getBytes(StandardCharsets.UTF_8));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> read(cache, sha256, 5))
                .withMessageContaining("more than its 5 bytes");
        assertThat(files()).isEmpty();
    }

    @Test
    void fetchesAgainWhatWasDamagedOnDisk() throws Exception {
        String sha256 = artifact("hello");
        read(cache(1000), sha256, 5);
        Files.writeString(folder.resolve(sha256), "HELLO");
        assertThat(read(cache(1000), sha256, 5)).isEqualTo("hello");
        assertThat(fetched).hasValue(2);
    }

    @Test
    void triesAgainWhereAConnectionEndsEarlyOrAnArtifactComesLate() throws Exception {
        String sha256 = artifact("hello");
        byte[] whole = artifacts.remove(sha256);
        AtomicInteger tries = new AtomicInteger();
        ArtifactCache cache = ArtifactCache.open(folder, 1000, wanted -> switch (tries.incrementAndGet()) {
            case 1 -> throw new ArtifactSource.MissingArtifactException("not yet");
            case 2 -> throw new IOException("away");
            case 3 -> new ByteArrayInputStream(whole, 0, 3);
            default -> new ByteArrayInputStream(whole);
        });
        assertThat(read(cache, sha256, 5)).isEqualTo("hello");
        assertThat(tries).hasValue(4);
    }

    @Test
    void endsAtOnceWhereNobodyWantsItAnyMore() throws Exception {
        ArtifactCache cache = ArtifactCache.open(folder, 1000, _ -> {
            throw new IOException("away");
        });
        String sha256 = artifact("hello");
        AtomicInteger interrupted = new AtomicInteger();
        Thread thread = Thread.ofVirtual().start(() -> {
            try {
                read(cache, sha256, 5);
            } catch (InterruptedException e) {
                interrupted.incrementAndGet();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        thread.interrupt();
        thread.join();
        assertThat(interrupted).hasValue(1);
    }

    @Test
    void keepsThoseThatWereUsedLast() throws Exception {
        ArtifactCache cache = cache(10);
        String a = artifact("aaaa");
        String b = artifact("bbbb");
        String c = artifact("cccc");
        read(cache, a, 4);
        read(cache, b, 4);
        read(cache, a, 4);
        read(cache, c, 4);
        assertThat(files()).containsExactlyInAnyOrder(a, c);
        assertThat(read(cache, b, 4)).isEqualTo("bbbb");
    }

    @Test
    void keepsWhatIsInUse() throws Exception {
        ArtifactCache cache = cache(3);
        String a = artifact("aaaa");
        String b = artifact("bbbb");
        cache.use(a, 4, file -> {
            try {
                read(cache, b, 4);
            } catch (Exception e) {
                throw new IOException(e);
            }
            assertThat(file).hasContent("aaaa");
        });
        assertThat(files()).isEmpty();
    }
}
