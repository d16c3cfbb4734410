package io.muster.node.program;

import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Keeps all that is heard of a program. */
class Heard implements ProgramListener {
    static final Duration LIMIT = Duration.ofSeconds(60);

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    volatile boolean coordinated;
    final Queue<Exit> exits = new ConcurrentLinkedQueue<>();

    @Override
    public void output(Stream stream, ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        (stream == Stream.OUT ? out : err).writeBytes(copy);
    }

    @Override
    public void coordinated() {
        coordinated = true;
    }

    @Override
    public void exited(Exit exit) {
        exits.add(exit);
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    int size() {
        return out.size();
    }

    Exit exit() {
        await().atMost(LIMIT).until(() -> !exits.isEmpty());
        return exits.element();
    }
}
