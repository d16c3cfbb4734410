package io.muster.api.kafka;

import io.muster.api.job.Views;
import io.muster.codec.Codecs;
import io.muster.codec.UndecodableRecordException;
import io.muster.records.PoolEvents;
import io.muster.records.Site;
import io.muster.service.LogFollower;
import io.muster.topics.Topics;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Reads sites, the index of artifacts and the events of pools from their beginning. Its readiness is that of {@link Listener}. */
public final class SiteListener implements AutoCloseable {
    private static final Set<String> VIEWED =
            Set.of(Topics.SITES.name(), Topics.ARTIFACT_INDEX.name(), Topics.POOL_EVENTS.name());

    private final LogFollower follower;

    /** Makes one. */
    public SiteListener(LogFollower.Source source, Codecs codecs, Views views, KafkaArtifacts artifacts) {
        this.follower = LogFollower.of("sites", source, VIEWED, record -> take(record, codecs, views, artifacts));
    }

    public void start() {
        follower.start();
    }

    public boolean ready() {
        return follower.ready();
    }

    /** Takes a record of a topic that is viewed. */
    static void take(ConsumerRecord<String, byte[]> record, Codecs codecs, Views views, KafkaArtifacts artifacts) {
        boolean ofSites = record.topic().equals(Topics.SITES.name());
        if (record.value() == null) {
            forget(record, views, artifacts);
        } else if (ofSites) {
            try {
                views.sites().put(site(record, codecs));
            } catch (UndecodableRecordException e) {
                views.sites().unreadable(record.key());
                throw e;
            }
        } else if (record.topic().equals(Topics.POOL_EVENTS.name())) {
            PoolEvents events = codecs.of(Topics.POOL_EVENTS).decode(record.value());
            views.pools().read(events);
            views.nodes().read(events);
        } else {
            artifacts.read(codecs.of(Topics.ARTIFACT_INDEX).decode(record.value()));
        }
    }

    private static void forget(ConsumerRecord<String, byte[]> record, Views views, KafkaArtifacts artifacts) {
        if (record.topic().equals(Topics.SITES.name())) {
            views.sites().forget(record.key());
        } else if (record.topic().equals(Topics.ARTIFACT_INDEX.name())) {
            artifacts.forget(record.key());
        }
    }

    private static Site site(ConsumerRecord<String, byte[]> record, Codecs codecs) {
        Site site = codecs.of(Topics.SITES).decode(record.value());
        if (!site.getSite().equals(record.key())) {
            throw new UndecodableRecordException("The site is not its key, site=" + site.getSite());
        }
        return site;
    }

    @Override
    public void close() {
        follower.close();
    }
}
