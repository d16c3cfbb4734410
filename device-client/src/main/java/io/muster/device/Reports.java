package io.muster.device;

import io.muster.device.journal.Journal;
import io.muster.device.journal.JournalFullException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends events that must not be lost: each is in a {@link Journal} before it is sent, and is sent again over every connection until the hub has
 * acknowledged it, in their order. The hub may get one more than once. Thread-safe.
 */
public final class Reports implements AutoCloseable {
    private static final int IN_FLIGHT = 32;

    private final Journal journal;
    private final Consumer<IOException> failed;
    private final ExecutorService worker = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("reports").factory());
    private final Set<Long> inFlight = new HashSet<>();
    private @Nullable DeviceClient device;
    private long sentUntil;

    /** Sends what is appended to a journal, and what an earlier process left in it. @param failed is called once when the journal can't be written any more */
    public Reports(Journal journal, Consumer<IOException> failed) {
        this.journal = journal;
        this.failed = failed;
    }

    /**
     * Keeps an event on disk and has it sent. Waits for the disk, so no device's thread may call it.
     *
     * @return its number
     * @throws JournalFullException when too many wait: make no more reports for now
     */
    public long add(Telemetry event) throws IOException {
        long number = journal.append(encode(event));
        execute(this::send);
        return number;
    }

    /** Sends all again that is not acknowledged. A program calls it when its device is {@link DeviceProgram#connected}. */
    public void connected(DeviceClient connected) {
        execute(() -> {
            device = connected;
            inFlight.clear();
            sentUntil = 0;
            send();
        });
    }

    /** Returns how many are not acknowledged. */
    public int waiting() {
        return journal.size();
    }

    private void execute(Runnable task) {
        try {
            worker.execute(task);
        } catch (RejectedExecutionException e) {
            // It was closed: the journal has it.
            device = null;
        }
    }

    private void send() {
        @Nullable DeviceClient over = device;
        if (over == null) {
            return;
        }
        while (inFlight.size() < IN_FLIGHT) {
            Optional<Journal.Entry> next = journal.after(sentUntil);
            if (next.isEmpty()) {
                return;
            }
            long number = next.get().number();
            sentUntil = number;
            inFlight.add(number);
            over.sendReport(decode(next.get().body()))
                    .whenComplete((_, error) -> execute(() -> answered(number, error == null)));
        }
    }

    /** Sends an event that was not acknowledged over the next connection. */
    private void answered(long number, boolean acknowledged) {
        if (acknowledged) {
            try {
                journal.acknowledge(number);
            } catch (IOException e) {
                failed.accept(e);
            }
            inFlight.remove(number);
            send();
        }
    }

    /** Writes how many properties there are, each with its lengths, and the body. */
    private static byte[] encode(Telemetry event) {
        int length = Integer.BYTES + event.body().length;
        for (Map.Entry<String, String> property : event.properties().entrySet()) {
            length += 2 * Integer.BYTES + bytes(property.getKey()).length + bytes(property.getValue()).length;
        }
        ByteBuffer out = ByteBuffer.allocate(length).putInt(event.properties().size());
        event.properties().forEach((name, value) -> {
            out.putInt(bytes(name).length).put(bytes(name));
            out.putInt(bytes(value).length).put(bytes(value));
        });
        return out.put(event.body()).array();
    }

    private static Telemetry decode(byte[] entry) {
        ByteBuffer in = ByteBuffer.wrap(entry);
        Map<String, String> properties = new LinkedHashMap<>();
        int count = in.getInt();
        for (int i = 0; i < count; i++) {
            properties.put(text(in), text(in));
        }
        byte[] body = new byte[in.remaining()];
        in.get(body);
        return new Telemetry(properties, body);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(ByteBuffer in) {
        byte[] bytes = new byte[in.getInt()];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Sends no more; the journal stays open. */
    @Override
    public void close() {
        worker.shutdown();
    }
}
