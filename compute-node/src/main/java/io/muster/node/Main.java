package io.muster.node;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/** Runs a compute node as a process. Ends on SIGTERM, with its programs. */
public final class Main {
    private static final int FAILED = 1;
    private static final int UNUSABLE = 2;
    private static final String LOGGING = "logback.configurationFile";

    private Main() {}

    public static void main(String[] args) throws InterruptedException {
        if (System.getProperty(LOGGING) == null) {
            System.setProperty(LOGGING, "io/muster/node/logback.xml");
        }
        CountDownLatch ends = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        AtomicBoolean failed = new AtomicBoolean();
        ComputeNode node;
        try {
            node = ComputeNode.start(NodeSettings.of(args, System.getenv()), () -> {
                failed.set(true);
                ends.countDown();
            });
        } catch (IllegalArgumentException | IOException e) {
            System.err.println("compute-node: " + e.getMessage());
            System.err.println(NodeSettings.USAGE);
            System.exit(UNUSABLE);
            return;
        }
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            ends.countDown();
            try {
                ended.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        ends.await();
        node.close();
        ended.countDown();
        if (failed.get()) {
            System.exit(FAILED);
        }
    }
}
