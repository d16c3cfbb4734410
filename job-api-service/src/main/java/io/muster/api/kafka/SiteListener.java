package io.muster.api.kafka;

import io.muster.api.job.SiteView;
import io.muster.codec.Codecs;
import io.muster.codec.UndecodableRecordException;
import io.muster.records.Site;
import io.muster.service.LogFollower;
import io.muster.topics.Topics;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Reads sites and the index of artifacts from their beginning. Its readiness is that of {@link Listener}. */
public final class SiteListener implements AutoCloseable {
    private static final Set<String> VIEWED = Set.of(Topics.SITES.name(), Topics.ARTIFACT_INDEX.name());

    private final LogFollower views;

    /** Makes one. */
    public SiteListener(LogFollower.Source source, Codecs codecs, SiteView sites, KafkaArtifacts artifacts) {
        this.views = LogFollower.of("sites", source, VIEWED, record -> take(record, codecs, sites, artifacts));
    }

    public void start() {
        views.start();
    }

    public boolean ready() {
        return views.ready();
    }

    /** Takes a record of a topic that is viewed. */
    static void take(ConsumerRecord<String, byte[]> record, Codecs codecs, SiteView sites, KafkaArtifacts artifacts) {
        boolean ofSites = record.topic().equals(Topics.SITES.name());
        if (record.value() == null) {
            if (ofSites) {
                sites.forget(record.key());
            }
        } else if (ofSites) {
            Site site = codecs.of(Topics.SITES).decode(record.value());
            if (!site.getSite().equals(record.key())) {
                throw new UndecodableRecordException("The site is not its key, site=" + site.getSite());
            }
            sites.put(site);
        } else {
            artifacts.read(codecs.of(Topics.ARTIFACT_INDEX).decode(record.value()));
        }
    }

    @Override
    public void close() {
        views.close();
    }
}
