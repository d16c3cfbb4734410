package io.muster.node;

import io.muster.node.ComputeNode.End;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;

/** Runs a compute node as a process. Ends on SIGTERM, with its programs. */
public final class Main {
    private static final int FAILED = 1;
    private static final int UNUSABLE = 2;
    private static final String LOGGING = "logback.configurationFile";

    /** Says why a run of the node is over. */
    private enum Over {
        TOLD,
        FAILED,
        RESTARTED
    }

    private Main() {}

    /** Returns whether a process runs a node on a data folder. @throws IOException when that can't be read */
    public static boolean isRunning(Path data) throws IOException {
        return ComputeNode.isRunning(data);
    }

    /** Runs the node until it is told to end, fails, or can't begin. */
    public static void main(String[] args) throws InterruptedException {
        if (System.getProperty(LOGGING) == null) {
            System.setProperty(LOGGING, "io/muster/node/logback.xml");
        }
        BlockingQueue<Over> over = new LinkedBlockingQueue<>();
        CountDownLatch ended = new CountDownLatch(1);
        Over last = Over.RESTARTED;
        boolean isHooked = false;
        while (last == Over.RESTARTED) {
            ComputeNode node;
            try {
                node = ComputeNode.start(NodeSettings.of(args, System.getenv()), end -> over.add(of(end)));
            } catch (IllegalArgumentException | IOException e) {
                System.err.println("compute-node: " + e.getMessage());
                System.err.println(NodeSettings.USAGE);
                ended.countDown();
                System.exit(UNUSABLE);
                return;
            }
            if (!isHooked) {
                hook(over, ended);
                isHooked = true;
            }
            last = over.take();
            node.close();
            // It says nothing about the next run.
            over.removeIf(each -> each != Over.TOLD);
        }
        ended.countDown();
        if (last == Over.FAILED) {
            System.exit(FAILED);
        }
    }

    private static Over of(End end) {
        return switch (end) {
            case FAILED -> Over.FAILED;
            case RESTARTED -> Over.RESTARTED;
        };
    }

    /** Has the node end before the process does. */
    private static void hook(BlockingQueue<Over> over, CountDownLatch ended) {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            over.add(Over.TOLD);
            try {
                ended.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
    }
}
