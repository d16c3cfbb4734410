package io.muster.api.kafka;

import static org.awaitility.Awaitility.await;

import io.muster.api.job.Views;
import io.muster.codec.Codecs;
import io.muster.records.Artifact;
import io.muster.records.NodeJoined;
import io.muster.records.NodeLost;
import io.muster.records.PoolEvents;
import io.muster.records.Site;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.registry.SchemaRegistry;
import io.muster.service.trouble.Faults;
import io.muster.service.trouble.MemoryLog;
import io.muster.service.trouble.Trial;
import io.muster.service.trouble.Trouble;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reads sites, artifacts and the events of pools, good and bad records, from brokers and a registry that fail at each call in turn. */
class SiteListenerTest {
    private static final Instant NOW = Instant.parse("2026-11-30T04:00:00Z");
    private static final String SITES = Topics.SITES.name();
    private static final String POOLS = Topics.POOL_EVENTS.name();
    private static final String ARTIFACTS = Topics.ARTIFACT_INDEX.name();
    private static final String POOL = "default";
    private static final String HASH = "ab".repeat(32);
    private static final String GONE = "cd".repeat(32);

    private static final int CALLS = 40;
    private static final Set<Trouble> ENDING =
            EnumSet.of(Trouble.INTERRUPTED, Trouble.CLIENT_ODD, Trouble.OUT_OF_STACK);
    /** Exceeds the calls of the registry: at most two for each topic. */
    private static final int REGISTRY_CALLS = 7;

    private final InMemorySchemaRegistry registry = new InMemorySchemaRegistry();
    private final Codecs codecs = new Codecs(registry);

    private byte[] site(String name, long revision) {
        return codecs.of(Topics.SITES)
                .encode(Site.newBuilder().setSite(name).setRevision(revision).build());
    }

    private byte[] events(Object... events) {
        return codecs.of(Topics.POOL_EVENTS).encode(new PoolEvents(POOL, NOW, List.of(events)));
    }

    private static Artifact artifact(String sha256) {
        return new Artifact(sha256, 3L, 0, List.of(0L), KafkaArtifacts.CHUNK, "", false);
    }

    private static NodeJoined joined(String nodeId, String capability) {
        return new NodeJoined(nodeId, 0, 1L, "boot", 2, List.of(capability), "");
    }

    /** Fills the topics so that a record that is passed over, or taken again behind a later one, shows in the views. */
    private MemoryLog<String> log() {
        MemoryLog<String> log = new MemoryLog<>(SITES, POOLS, ARTIFACTS);
        log.add(SITES, "plant", site("plant", 1));
        log.add(SITES, "left", site("left", 1));
        log.add(SITES, "odd", new byte[] {1});
        log.add(SITES, "hidden", site("plant", 9));
        log.add(SITES, "left", null);
        log.add(SITES, "plant", site("plant", 2));
        log.add(POOLS, POOL, events(joined("node-1", "bash"), joined("node-2", "java")));
        log.add(POOLS, POOL, new byte[] {1});
        log.add(POOLS, POOL, events(new NodeLost("node-2")));
        log.add(ARTIFACTS, "odd", null);
        log.add(ARTIFACTS, GONE, codecs.of(Topics.ARTIFACT_INDEX).encode(artifact(GONE)));
        log.add(ARTIFACTS, GONE, null);
        log.add(ARTIFACTS, HASH, codecs.of(Topics.ARTIFACT_INDEX).encode(artifact(HASH)));
        return log;
    }

    @Test
    void showsSitesAndNodesAndArtifactsOrEndsWhicheverCallFails() {
        new Trial(CALLS, ENDING).run((faults, fatal) -> loop(codecs, faults, fatal));
    }

    @ParameterizedTest
    @EnumSource(names = {"REGISTRY_AWAY", "SCHEMA_UNKNOWN"})
    void showsSitesAndNodesAndArtifactsWheneverTheRegistryHasBeenAway(Trouble trouble) {
        for (int failing = 1; failing <= REGISTRY_CALLS; failing++) {
            Faults faults = new Faults(failing, trouble::make);
            Codecs away = new Codecs(faults.of(SchemaRegistry.class, registry));
            try (Trial.Loop loop = loop(away, new Faults(0, AssertionError::new), Assertions::fail)) {
                await().until(() -> loop.isReady() && loop.isDone());
            }
        }
    }

    private Trial.Loop loop(Codecs reading, Faults faults, Consumer<String> fatal) {
        Views views = Views.empty();
        KafkaArtifacts artifacts = new KafkaArtifacts(
                new MockProducer<>(true, null, new StringSerializer(), new ByteArraySerializer()),
                () -> {
                    throw new AssertionError("no chunk is read");
                },
                codecs,
                Long.MAX_VALUE,
                () -> NOW);
        SiteListener listener = new SiteListener(faults.source(log(), fatal), reading, views, artifacts);
        listener.start();
        return new Trial.Loop() {
            @Override
            public boolean isReady() {
                return listener.ready();
            }

            @Override
            public boolean isDone() {
                return views.sites().get("plant").map(Site::getRevision).equals(Optional.of(2L))
                        && views.sites().get("left").isEmpty()
                        && views.sites().get("hidden").isEmpty()
                        && views.nodes().capabilities(POOL).equals(Set.of("bash"))
                        && views.sites().files().isEmpty()
                        && artifacts.find(GONE).isEmpty()
                        && artifacts.find(HASH).isPresent();
            }

            @Override
            public void close() {
                listener.close();
                artifacts.close();
            }
        };
    }
}
