package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.api.job.JobView;
import io.muster.api.job.StreamJobView;
import io.muster.api.job.Views;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobStatus;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamJobStatus;
import io.muster.records.TwinPatch;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Keeps the latest of jobs, whichever of a reply and the topic brings it first. */
class ViewTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:25:15Z");

    private final Views views = Views.empty();
    private final JobView jobs = views.jobs();
    private final StreamJobView streamJobs = views.streamJobs();

    private static Job job(long number, long revision) {
        return Job.newBuilder()
                .setDefinition(new JobDefinition("j", new TwinPatch(null, "{}", null), "*", null, 60, null))
                .setJobNumber(number)
                .setStatus(JobStatus.QUEUED)
                .setCreatedAt(NOW)
                .setRevision(revision)
                .build();
    }

    private static StreamJob streamJob(Instant createdAt, long revision) {
        return StreamJob.newBuilder()
                .setStreamJobId("s")
                .setDefinition(StreamJobDefinition.newBuilder().build())
                .setRevision(revision)
                .setCreatedAt(createdAt)
                .setStatus(StreamJobStatus.CREATED)
                .build();
    }

    @Test
    void keepsANewJobBehindALateTombstoneOfAnOldOne() {
        jobs.read(job(1, 5));
        jobs.put(job(2, 1));
        jobs.forgetJob("j");
        assertThat(jobs.get("j").orElseThrow().job().getJobNumber()).isEqualTo(2);
        jobs.read(job(2, 1));
        jobs.read(job(2, 3));
        jobs.forgetJob("j");
        assertThat(jobs.get("j")).isEmpty();
    }

    @Test
    void keepsAJobThatOnlyAReplyBroughtBehindATombstone() {
        jobs.put(job(2, 1));
        jobs.forgetJob("j");
        assertThat(jobs.get("j")).isPresent();
        jobs.forgetJob("unknown");
    }

    @Test
    void keepsTheLaterRevision() {
        jobs.read(job(1, 5));
        jobs.put(job(1, 4));
        assertThat(jobs.get("j").orElseThrow().job().getRevision()).isEqualTo(5);
        jobs.put(job(1, 6));
        jobs.read(job(1, 5));
        assertThat(jobs.get("j").orElseThrow().job().getRevision()).isEqualTo(6);
    }

    @Test
    void keepsANewStreamJobBehindALateTombstoneOfAnOldOne() {
        streamJobs.read(streamJob(NOW, 5));
        streamJobs.forget("s");
        streamJobs.put(streamJob(NOW.plusSeconds(1), 1));
        streamJobs.readTombstone("s");
        assertThat(streamJobs.get("s")).isPresent();
        streamJobs.read(streamJob(NOW.plusSeconds(1), 1));
        streamJobs.readTombstone("s");
        assertThat(streamJobs.get("s")).isEmpty();
    }
}
