package io.muster.benchmarks;

import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.records.CreateDevice;
import io.muster.records.Credentials;
import io.muster.records.DeviceCommand;
import io.muster.records.DeviceSettings;
import io.muster.standalone.RestClient;
import io.muster.topics.Topics;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Registers many devices by writing their commands itself. */
record Registrar(String kafka, Codecs codecs, RestClient rest) {
    /**
     * Returns when all are there.
     *
     * @param tags of a device id, as JSON
     */
    void register(List<String> deviceIds, UnaryOperator<String> tags) throws InterruptedException {
        String key = Base64.getEncoder().encodeToString(new byte[32]);
        DeviceSettings settings = DeviceSettings.newBuilder()
                .setCredentials(Credentials.newBuilder()
                        .setPrimaryKey(key)
                        .setSecondaryKey(key)
                        .build())
                .build();
        RecordCodec<DeviceCommand> codec = codecs.of(Topics.DEVICE_COMMANDS);
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka, "linger.ms", 5),
                new StringSerializer(),
                new ByteArraySerializer())) {
            for (String id : deviceIds) {
                CreateDevice create = new CreateDevice(settings, tags.apply(id), "{\"rate\":1,\"mode\":\"auto\"}");
                producer.send(new ProducerRecord<>(
                        Topics.DEVICE_COMMANDS.name(), id, codec.encode(new DeviceCommand(id, create))));
            }
        }
        // Commands of a partition are taken in order: a request of all of them is answered once the last are there.
        while (rest.send("GET", "/devices/" + deviceIds.getLast(), null).join().status() != 200
                || rest.send("GET", "/statistics/devices", null).join().status() != 200) {
            Thread.sleep(100);
        }
    }
}
