package io.muster.benchmarks;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures how long after the POST of a run its client has read the first line that the script printed, beside the same script started by this
 * program. The client asks for the part of the log that it has not read, and again 5 ms after it got nothing.
 */
final class RunLatency {
    private static final String JOB = "latency";
    private static final String LINE = "first-line";
    private static final String SCRIPT = "echo " + LINE + "\n";
    private static final int PAUSE_MS = 5;
    private static final int WARM = 20;
    private static final int RUNS = 50;

    private final SiteClient site;

    RunLatency(SiteClient site) {
        this.site = site;
    }

    void measure() throws IOException, InterruptedException {
        site.upload(JOB, "run.sh", "application/octet-stream", BodyPublishers.ofString(SCRIPT));
        Path script = Files.writeString(Files.createTempFile("run", ".sh"), SCRIPT);
        List<Double> answered = new ArrayList<>();
        List<Double> read = new ArrayList<>();
        List<Double> floor = new ArrayList<>();
        for (int run = -WARM; run < RUNS; run++) {
            long start = System.nanoTime();
            String id = site.run(JOB);
            double answer = millisSince(start);
            awaitLine(id);
            double line = millisSince(start);
            site.await(JOB, id, "Success");
            double local = local(script);
            if (run >= 0) {
                answered.add(answer);
                read.add(line);
                floor.add(local);
            }
        }
        Files.delete(script);
        System.out.println("POST of a run to the first line of its output: " + percentiles(read)
                + "; to the answer of the POST: " + percentiles(answered) + "; the script started by this program: "
                + percentiles(floor));
    }

    private void awaitLine(String run) throws IOException, InterruptedException {
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        while (!log.toString(StandardCharsets.UTF_8).contains("INFO] " + LINE)) {
            HttpResponse<byte[]> answer = site.send(
                    "GET",
                    "/vfs/data/jobs/triggered/" + JOB + "/" + run + "/output_log.txt",
                    BodyPublishers.noBody(),
                    "Range",
                    "bytes=" + log.size() + "-");
            if (answer.statusCode() == 206) {
                log.writeBytes(answer.body());
            } else {
                Thread.sleep(PAUSE_MS);
            }
        }
    }

    private static double local(Path script) throws IOException {
        long start = System.nanoTime();
        Process process = new ProcessBuilder("bash", script.toString()).start();
        try (var out = process.getInputStream()) {
            if (out.read() < 0) {
                throw new IllegalStateException("the script printed nothing");
            }
            return millisSince(start);
        }
    }

    private static double millisSince(long start) {
        return (System.nanoTime() - start) / 1e6;
    }

    private static String percentiles(List<Double> millis) {
        millis.sort(null);
        return "median %.0f ms, p90 %.0f ms"
                .formatted(millis.get(millis.size() / 2), millis.get(millis.size() * 9 / 10));
    }
}
