package io.muster.benchmarks;

import io.muster.access.SharedAccessSignature;
import io.muster.standalone.RestClient;
import io.muster.standalone.Standalone;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Prints how fast an archive is uploaded over Kudu's surface, and fetched as a node fetches it, beside the same bytes by a plain producer and
 * consumer in chunks of the same size. Arguments: the folder standalone/target/muster, MiB of the archive, rounds.
 */
public final class UploadDriver {
    private static final String NODE = "node-1";
    private static final String JOB = "large";
    private static final String FLOOR = "floor-artifacts";
    private static final int CHUNK = 512 * 1024;
    /** Leaves room for the archive's own records below the largest upload. */
    private static final int ROOM = 4096;

    private static final String SCRIPT = "sleep 600\n";

    private final Standalone muster;
    private final SiteClient site;

    private UploadDriver(Standalone muster) throws Exception {
        this.muster = muster;
        this.site = SiteClient.of(muster, "uploads");
    }

    public static void main(String[] args) throws Exception {
        int bytes = Integer.parseInt(args[1]) << 20;
        int rounds = Integer.parseInt(args[2]);
        try (Standalone muster = Trial.start(args[0], 1)) {
            muster.startNodes(System.err::println);
            new UploadDriver(muster).measure(bytes, rounds);
        }
    }

    private void measure(int bytes, int rounds) throws Exception {
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", muster.options().kafka()))) {
            admin.createTopics(List.of(new NewTopic(FLOOR, 1, (short) 1))).all().get();
        }
        Path archive = Files.createTempFile("archive", ".zip");
        List<Double> uploads = new ArrayList<>();
        List<Double> written = new ArrayList<>();
        for (int round = 0; round <= rounds; round++) {
            write(archive, bytes - ROOM, round);
            double floor = seconds(() -> produce(archive));
            double upload =
                    seconds(() -> site.upload(JOB, "large.zip", "application/zip", BodyPublishers.ofFile(archive)));
            print("upload", round, Files.size(archive), upload, floor);
            if (round > 0) {
                uploads.add(upload);
                written.add(floor);
            }
        }
        String sha256 = sha256(archive);
        site.await(JOB, site.run(JOB), "Running");
        String token = SharedAccessSignature.sign(
                "localhost/devices/" + NODE, key(), null, Instant.now().plus(Duration.ofHours(1)));
        List<Double> fetches = new ArrayList<>();
        List<Double> read = new ArrayList<>();
        for (int round = 0; round <= rounds; round++) {
            long size = Files.size(archive);
            double floor = seconds(() -> consume(size));
            double fetch = seconds(() -> fetch(sha256, token, size));
            print("fetch", round, size, fetch, floor);
            if (round > 0) {
                fetches.add(fetch);
                read.add(floor);
            }
        }
        summary("upload", Files.size(archive), uploads, written);
        summary("fetch", Files.size(archive), fetches, read);
        Files.delete(archive);
    }

    /** Does something that may fail. */
    private interface Work {
        void run() throws Exception;
    }

    private static double seconds(Work work) throws Exception {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }

    private static void print(String name, int round, long bytes, double seconds, double floor) {
        System.out.printf(
                "%s %d%s: %.0f MiB/s; floor %.0f MiB/s; %.2f of it%n",
                name, round, round == 0 ? " (cold)" : "", mib(bytes) / seconds, mib(bytes) / floor, floor / seconds);
    }

    private static void summary(String name, long bytes, List<Double> seconds, List<Double> floors) {
        System.out.printf(
                "%s, medians of %d: %.0f MiB/s; floor %.0f MiB/s; ratio %.2f%n",
                name,
                seconds.size(),
                mib(bytes) / median(seconds),
                mib(bytes) / median(floors),
                median(floors) / median(seconds));
    }

    private static double mib(long bytes) {
        return bytes / (double) (1 << 20);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    /** Writes an archive of a script and of bytes that can't be compressed. @param seed of another content */
    private static void write(Path archive, int bytes, int seed) throws IOException {
        byte[] content = new byte[bytes];
        SplittableRandom random = new SplittableRandom(seed);
        random.nextBytes(content);
        try (OutputStream out = Files.newOutputStream(archive);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            store(zip, "run.sh", SCRIPT.getBytes(StandardCharsets.UTF_8));
            store(zip, "content.bin", content);
        }
    }

    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 sum = new CRC32();
        sum.update(content);
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    private static String sha256(Path file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }

    private String key() throws Exception {
        return new RestClient(muster.options().rest(), muster.caFile(), muster.policies())
                .send("GET", "/devices/" + NODE, null)
                .join()
                .body()
                .at("/authentication/symmetricKey/primaryKey")
                .asText();
    }

    private void produce(Path file) throws IOException {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", muster.options().kafka(), "acks", "all", "buffer.memory", 16 << 20),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
                var in = Files.newInputStream(file)) {
            for (byte[] chunk = in.readNBytes(CHUNK); chunk.length > 0; chunk = in.readNBytes(CHUNK)) {
                producer.send(new ProducerRecord<>(FLOOR, 0, null, chunk));
            }
        }
    }

    /** Reads the last bytes that were produced. */
    private void consume(long bytes) {
        TopicPartition partition = new TopicPartition(FLOOR, 0);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", muster.options().kafka(), "fetch.max.bytes", 2 << 20),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToEnd(List.of(partition));
            consumer.seek(partition, consumer.position(partition) - (bytes + CHUNK - 1) / CHUNK);
            long left = bytes;
            while (left > 0) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    left -= record.serializedValueSize();
                }
            }
        }
    }

    private void fetch(String sha256, String token, long bytes) throws IOException, InterruptedException {
        HttpResponse<Path> answer = site.http()
                .send(
                        HttpRequest.newBuilder(URI.create(muster.options().rest() + "/compute/artifacts/" + sha256))
                                .header("Authorization", token)
                                .header("x-muster-device", NODE)
                                .build(),
                        HttpResponse.BodyHandlers.ofFile(Files.createTempFile("fetched", ".zip")));
        if (answer.statusCode() != 200 || Files.size(answer.body()) != bytes) {
            throw new IllegalStateException("the archive was not fetched: " + answer);
        }
        Files.delete(answer.body());
    }
}
