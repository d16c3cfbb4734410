package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.job.JobView;
import io.muster.api.job.ScheduleView;
import io.muster.records.JobDefinition;
import io.muster.records.Schedule;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Lists jobs in order of their ids, those that are made again and again among them.
 *
 * @param documents of jobs, as many as were asked for at most; fewer where their texts are long
 * @param next the id behind which the next page begins; empty where this is the last
 */
record JobPage(List<ObjectNode> documents, Optional<String> next) {
    /** Bounds the texts of the schedules of a page, beside those of its jobs ({@link JobView#page}). */
    private static final int MOST_CHARACTERS = 1 << 20;

    /** Returns a page. @param after the id behind which to begin; null for the first */
    static JobPage of(JobView jobs, ScheduleView schedules, Jobs.Filter filter, @Nullable String after, int limit) {
        JobView.Page found = jobs.page(after, limit, filter::selects);
        TreeMap<String, ObjectNode> byId = new TreeMap<>();
        for (JobView.Entry entry : found.entries()) {
            byId.put(entry.job().getDefinition().getJobId(), Jobs.document(entry.job(), entry.statistics()));
        }
        boolean more = found.more();
        @Nullable String last = more ? byId.lastKey() : null;
        Iterator<Schedule> all = schedules.behind("", after).iterator();
        int characters = 0;
        for (int count = 0; all.hasNext(); ) {
            Schedule schedule = all.next();
            String id = schedule.getScheduleId();
            if (last != null && id.compareTo(last) > 0) {
                break;
            }
            Optional<JobDefinition> job =
                    ScheduledJobs.ofJob(schedule).filter(definition -> filter.selects(schedule, definition));
            if (job.isEmpty()) {
                continue;
            }
            if (count == limit || characters > MOST_CHARACTERS) {
                byId.tailMap(id).clear();
                more = true;
                break;
            }
            ObjectNode document = Jobs.document(schedule, job.get());
            count++;
            characters += document.toString().length();
            byId.putIfAbsent(id, document);
        }
        while (byId.size() > limit) {
            byId.pollLastEntry();
            more = true;
        }
        return new JobPage(List.copyOf(byId.values()), more ? Optional.of(byId.lastKey()) : Optional.empty());
    }
}
