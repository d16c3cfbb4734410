package io.muster.api.surface.webjobs;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.records.Site;
import io.muster.records.WebJob;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;

/**
 * Writes jobs and runs as resources: members have the names of Kudu, and those that the resource manager's clients read too. Contract:
 * webjobs-and-schedules, 2.8.
 *
 * @param path of the site
 */
record ArmDocuments(String path, String site, WebJobDocuments kudu) {
    private static final String TYPE = "Microsoft.Web/sites/";

    /** Returns a job. @param list in which it stands: of its kind, or of all */
    ObjectNode job(Site known, WebJob job, String list) {
        ObjectNode properties = kudu.job(known, job);
        properties.put("web_job_type", WebJobDocuments.type(job.getKind()));
        properties.put("web_job_name", job.getName());
        if (properties.get("latest_run") instanceof ObjectNode run) {
            properties.set("latest_run", both(run));
        }
        return resource(list + "/" + job.getName(), job.getName(), list, properties);
    }

    /** Returns a run, alone in a history of its own. */
    ObjectNode run(WebJob job, WebJobRun run) {
        ObjectNode properties = both(kudu.run(job, run));
        properties.putArray("runs").add(both(kudu.run(job, run)));
        return resource(
                "triggeredwebjobs/" + job.getName() + "/history/" + run.getId(),
                job.getName() + "/" + run.getId(),
                "triggeredwebjobs/history",
                properties);
    }

    private static ObjectNode both(ObjectNode run) {
        ObjectNode both = run.deepCopy();
        both.set("web_job_id", run.get("id"));
        both.set("web_job_name", run.get("name"));
        return both;
    }

    /** Returns a resource of the site. @param type below that of sites */
    ObjectNode resource(String below, String name, String type, ObjectNode properties) {
        ObjectNode resource = JsonNodeFactory.instance
                .objectNode()
                .put("id", path + "/" + below)
                .put("name", site + "/" + name)
                .put("type", TYPE + type);
        resource.set("properties", properties);
        return resource;
    }

    static String list(WebJobKind kind) {
        return WebJobDocuments.type(kind) + "webjobs";
    }
}
