package io.muster.node.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class AttemptOutputTest {
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().factory());
    private final OutputBudget budget = new OutputBudget(8 << 20);
    private final AtomicInteger delivered = new AtomicInteger();
    private final AttemptOutput output = new AttemptOutput(budget, timer, delivered::incrementAndGet);

    @AfterEach
    void stop() {
        timer.shutdownNow();
    }

    /** Is a hub that keeps what it is sent, and acknowledges when it is asked to. */
    private static final class Hub {
        private final List<Chunk> chunks = new ArrayList<>();
        private final Queue<CompletableFuture<Void>> waiting = new ArrayDeque<>();
        private boolean acknowledges;
        private int acknowledgedBytes;

        Hub(boolean acknowledges) {
            this.acknowledges = acknowledges;
        }

        synchronized CompletableFuture<Void> send(Chunk chunk) {
            chunks.add(chunk);
            CompletableFuture<Void> answer = new CompletableFuture<>();
            if (acknowledges) {
                answer.complete(null);
            } else {
                waiting.add(answer);
            }
            return answer;
        }

        Optional<OutputLink> link() {
            return Optional.of(new OutputWindow(200, 1 << 20).link(this::send));
        }

        synchronized List<String> heard() {
            return chunks.stream()
                    .map(chunk -> chunk.offset() + " " + chunk.stream() + " "
                            + new String(chunk.bytes(), StandardCharsets.UTF_8))
                    .toList();
        }

        synchronized int bytes() {
            return chunks.stream().mapToInt(chunk -> chunk.bytes().length).sum();
        }

        boolean acknowledgeOne() {
            CompletableFuture<Void> next;
            synchronized (this) {
                next = waiting.poll();
                if (next != null) {
                    acknowledgedBytes +=
                            chunks.get(chunks.size() - waiting.size() - 1).bytes().length;
                }
            }
            return next != null && next.complete(null);
        }

        void acknowledgeAll() {
            synchronized (this) {
                acknowledges = true;
            }
            while (acknowledgeOne()) {
                continue;
            }
        }

        void lose() {
            List<CompletableFuture<Void>> lost;
            synchronized (this) {
                lost = List.copyOf(waiting);
                waiting.clear();
            }
            lost.forEach(answer -> answer.completeExceptionally(new IllegalStateException("lost")));
        }
    }

    private void write(Stream stream, String text) {
        output.write(stream, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void sendsTheFirstOutputAtOnceAndWhatFollowsTogether() {
        Hub hub = new Hub(true);
        output.use(hub.link());
        write(Stream.OUT, "first");
        assertThat(hub.heard()).containsExactly("0 OUT first");
        write(Stream.OUT, "a");
        write(Stream.OUT, "b");
        write(Stream.ERR, "c");
        write(Stream.OUT, "d");
        await().until(() -> hub.heard().size() == 4);
        assertThat(hub.heard()).containsExactly("0 OUT first", "5 OUT ab", "7 ERR c", "8 OUT d");
    }

    @Test
    void keepsFewChunksOfStreamsThatAlternate() {
        Hub hub = new Hub(true);
        output.use(hub.link());
        write(Stream.OUT, "-");
        for (int i = 0; i < 1000; i++) {
            write(Stream.OUT, "o");
            write(Stream.ERR, "e");
        }
        output.end();
        assertThat(delivered).hasValue(1);
        assertThat(hub.bytes()).isEqualTo(2001);
        assertThat(hub.heard().size()).isLessThan(100);
    }

    @Test
    void saysOnceThatTheHubHasAll() {
        Hub hub = new Hub(false);
        output.use(hub.link());
        write(Stream.OUT, "x");
        output.end();
        assertThat(delivered).hasValue(0);
        hub.acknowledgeAll();
        assertThat(delivered).hasValue(1);
        output.drop();
        assertThat(delivered).hasValue(1);
    }

    @Test
    void isDeliveredWhereNothingWasWritten() {
        output.end();
        assertThat(delivered).hasValue(1);
    }

    @Test
    void sendsAgainFromTheFirstThatIsNotAcknowledged() {
        Hub first = new Hub(false);
        output.use(first.link());
        String full = "x".repeat(AttemptOutput.CHUNK);
        for (int i = 0; i < 3; i++) {
            write(Stream.OUT, full);
        }
        assertThat(first.chunks).extracting(Chunk::offset).containsExactly(0L, 65536L, 131072L);
        first.acknowledgeOne();
        first.lose();
        output.use(Optional.empty());
        write(Stream.ERR, "meanwhile");
        output.end();
        Hub second = new Hub(true);
        output.use(second.link());
        assertThat(second.chunks).extracting(Chunk::offset).containsExactly(65536L, 131072L, 196608L);
        assertThat(delivered).hasValue(1);
    }

    /** Loses chunks of a connection that lives on: nothing else would have them sent again, and the exit would be withheld for ever. */
    @Test
    void sendsAgainOverAConnectionThatLivesOn() {
        Hub hub = new Hub(false);
        output.use(hub.link());
        String full = "x".repeat(AttemptOutput.CHUNK);
        for (int i = 0; i < 3; i++) {
            write(Stream.OUT, full);
        }
        output.end();
        hub.acknowledgeOne();
        hub.lose();
        await().until(() -> hub.heard().size() == 5);
        assertThat(delivered).hasValue(0);
        assertThat(hub.chunks)
                .extracting(Chunk::offset)
                .as("from the first that is missing on, in order")
                .containsExactly(0L, 65536L, 131072L, 65536L, 131072L);
        hub.acknowledgeAll();
        assertThat(delivered).hasValue(1);
    }

    /** Fails each chunk at once, as a connection does that is about to end. */
    @Test
    void waitsBeforeItSendsAgainWhatFailsAtOnce() {
        AtomicInteger sent = new AtomicInteger();
        output.use(Optional.of(new OutputWindow(200, 1 << 20).link(_ -> {
            sent.incrementAndGet();
            return CompletableFuture.failedFuture(new IllegalStateException("not connected"));
        })));
        write(Stream.OUT, "x".repeat(3 * AttemptOutput.CHUNK));
        output.end();
        await().until(() -> sent.get() > 5);
        assertThat(sent.get()).as("each round tries one chunk").isLessThan(50);
        Hub hub = new Hub(true);
        output.use(hub.link());
        assertThat(delivered).hasValue(1);
        assertThat(hub.bytes()).isEqualTo(3 * AttemptOutput.CHUNK);
    }

    @Test
    void hasAWriterWaitForTheHub() {
        Hub hub = new Hub(false);
        output.use(hub.link());
        AtomicInteger written = new AtomicInteger();
        Thread writer = Thread.ofVirtual().start(() -> {
            for (int i = 0; i < 50; i++) {
                write(Stream.OUT, "x".repeat(AttemptOutput.CHUNK / 2));
                written.incrementAndGet();
            }
        });
        await().until(() -> writer.getState() == Thread.State.WAITING);
        assertThat(written.get() * AttemptOutput.CHUNK / 2).isLessThanOrEqualTo(AttemptOutput.MOST_BYTES);
        hub.acknowledgeAll();
        await().until(() -> written.get() == 50);
        output.end();
        assertThat(hub.bytes()).isEqualTo(25 * AttemptOutput.CHUNK);
    }

    @Test
    void letsAWriterGoOnThatIsDropped() throws InterruptedException {
        output.use(new Hub(false).link());
        Thread writer = Thread.ofVirtual().start(() -> write(Stream.OUT, "x".repeat(1_000_000)));
        await().until(() -> writer.getState() == Thread.State.WAITING);
        output.drop();
        writer.join();
        output.end();
        assertThat(delivered).hasValue(1);
    }

    /** Shares a window of one chunk among several attempts: each has its turn, and each one's chunks come in order. */
    @Test
    void givesEachAttemptItsTurn() {
        OutputWindow window = new OutputWindow(1, 1 << 20);
        Hub hub = new Hub(false);
        List<AttemptOutput> outputs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            AttemptOutput one = new AttemptOutput(budget, timer, delivered::incrementAndGet);
            one.use(Optional.of(window.link(hub::send)));
            outputs.add(one);
        }
        for (AttemptOutput one : outputs) {
            for (int i = 0; i < 3; i++) {
                one.write(
                        Stream.OUT,
                        ByteBuffer.wrap(("x" + outputs.indexOf(one))
                                .repeat(AttemptOutput.CHUNK / 2)
                                .getBytes(StandardCharsets.UTF_8)));
            }
            one.end();
        }
        List<String> turns = new ArrayList<>();
        while (delivered.get() < 3) {
            assertThat(hub.acknowledgeOne()).isTrue();
        }
        hub.chunks.forEach(chunk -> turns.add((char) chunk.bytes()[1] + "@" + chunk.offset()));
        assertThat(turns)
                .containsExactly(
                        "0@0", "0@65536", "1@0", "2@0", "0@131072", "1@65536", "2@65536", "1@131072", "2@131072");
    }

    /** Loses connections at moments that chance chooses: a reader that orders chunks by their offset has what was written, without a gap. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void losesNothing(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        List<Chunk> read = new ArrayList<>();
        long acknowledged = 0;
        Hub hub = new Hub(false);
        output.use(hub.link());
        for (int step = 0; step < 400; step++) {
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    if (written.size() - acknowledged - hub.acknowledgedBytes + 70_000 < AttemptOutput.MOST_BYTES) {
                        byte[] bytes = new byte[random.nextInt(1, 70_000)];
                        for (int i = 0; i < bytes.length; i++) {
                            bytes[i] = (byte) random.nextInt();
                        }
                        written.writeBytes(bytes);
                        output.write(random.nextInt(4) == 0 ? Stream.ERR : Stream.OUT, ByteBuffer.wrap(bytes));
                    }
                }
                case 2, 3 -> hub.acknowledgeOne();
                default -> {
                    // Of what was not acknowledged the reader may have any beginning.
                    int until = random.nextInt(hub.chunks.size() + 1);
                    read.addAll(hub.chunks.subList(0, Math.max(until, hub.chunks.size() - hub.waiting.size())));
                    acknowledged += hub.acknowledgedBytes;
                    hub.lose();
                    output.use(Optional.empty());
                    hub = new Hub(false);
                    output.use(hub.link());
                }
            }
        }
        output.end();
        hub.acknowledgeAll();
        await().until(() -> delivered.get() == 1);
        read.addAll(hub.chunks);
        byte[] bytes = new byte[written.size()];
        long end = 0;
        for (Chunk chunk : read) {
            assertThat(chunk.offset()).as("no gap, seed %s", seed).isLessThanOrEqualTo(end);
            System.arraycopy(chunk.bytes(), 0, bytes, Math.toIntExact(chunk.offset()), chunk.bytes().length);
            end = Math.max(end, chunk.offset() + chunk.bytes().length);
        }
        assertThat(end).isEqualTo(written.size());
        assertThat(bytes).isEqualTo(written.toByteArray());
    }
}
