package io.muster.topics;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;

/**
 * Bounds on the bytes of a record, in an order that nobody who asks can get over: what we are asked for in a record of Kafka's default, 1 MiB,
 * has its answer, its document and its state in {@link #LARGEST}, and any of them has its dead letter in {@link #LARGEST_LETTER}.
 */
public final class RecordSizes {
    /** A document, an event, an answer or an entry of state: several times what a request may hold. */
    public static final int LARGEST = 8 << 20;

    /** A dead letter, which holds a record. */
    public static final int LARGEST_LETTER = 9 << 20;

    /** A producer's largest request, for all of them. */
    public static final int LARGEST_REQUEST = 10 << 20;

    private static final String SETTING = TopicConfig.MAX_MESSAGE_BYTES_CONFIG;

    private RecordSizes() {}

    /**
     * Raises the size of records of topics that take less; others are left as they are.
     *
     * @param sizes bytes by the name of a topic that is there
     * @throws ExecutionException when the broker refuses or can't be reached
     */
    public static void raise(Admin admin, Map<String, Integer> sizes) throws ExecutionException, InterruptedException {
        Map<ConfigResource, Config> found = admin.describeConfigs(sizes.keySet().stream()
                        .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic))
                        .toList())
                .all()
                .get();
        Map<ConfigResource, Collection<AlterConfigOp>> raised = new HashMap<>();
        found.forEach((topic, config) -> {
            int size = sizes.getOrDefault(topic.name(), 0);
            @Nullable ConfigEntry is = config.get(SETTING);
            if (is != null && Long.parseLong(is.value()) < size) {
                raised.put(
                        topic,
                        List.of(new AlterConfigOp(
                                new ConfigEntry(SETTING, Integer.toString(size)), AlterConfigOp.OpType.SET)));
            }
        });
        if (!raised.isEmpty()) {
            admin.incrementalAlterConfigs(raised).all().get();
        }
    }
}
