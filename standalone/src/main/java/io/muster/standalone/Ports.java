package io.muster.standalone;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** Finds ports of this machine that no program listens on. */
public final class Ports {
    /**
     * Avoids the ports that Linux (32768 on) and macOS (49152 on) give to outgoing connections: such a connection would take the port while
     * the process that it was chosen for starts, or is started again.
     */
    private static final int FIRST = 20_000;

    private static final int COUNT = 12_000;

    /** Begins anywhere, since other builds of this machine take some too, and goes up: nobody listens on a port until a while after it was given. */
    private static final AtomicInteger NEXT =
            new AtomicInteger(ThreadLocalRandom.current().nextInt(COUNT));

    private Ports() {}

    /** Returns one on loopback that was not returned before, until all were. Thread-safe. */
    public static int free() {
        for (int i = 0; i < COUNT; i++) {
            int port = FIRST + Math.floorMod(NEXT.getAndIncrement(), COUNT);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException e) {
                // Somebody has it: try another.
            }
        }
        throw new IllegalStateException("no port from " + FIRST + " to " + (FIRST + COUNT - 1) + " is free");
    }
}
