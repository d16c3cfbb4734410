package io.muster.api.surface.batch;

import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.JobManager;
import io.muster.records.ResourceFile;
import io.muster.service.endpoint.EndpointAccess;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says from where tasks may have files fetched for them: what calls of schedules may reach, as far as the address alone decides. Contract: batch, 3.2.
 *
 * @param endpoints that may be reached
 */
public record BatchReach(EndpointAccess endpoints) {
    /** Refuses a job whose manager fetches what may not be reached. @param path of the job in its document, with a dot behind it; empty for the root */
    BatchJobDefinition check(BatchJobDefinition job, String path) {
        @Nullable JobManager manager = job.getManager();
        if (manager != null) {
            check(manager.getTask().getFiles(), path + "jobManagerTask.");
        }
        return job;
    }

    /** Refuses a task that fetches what may not be reached. */
    BatchTaskDefinition check(BatchTaskDefinition task) {
        check(task.getFiles(), "");
        return task;
    }

    private void check(List<ResourceFile> files, String path) {
        for (int i = 0; i < files.size(); i++) {
            String member = path + "resourceFiles[" + i + "].httpUrl";
            refused(files.get(i).getUrl()).ifPresent(why -> {
                throw Part.invalid(member, null, why);
            });
        }
    }

    private Optional<String> refused(String url) {
        try {
            return endpoints.refuses(URI.create(url));
        } catch (IllegalArgumentException e) {
            return Optional.of("It is no address.");
        }
    }
}
