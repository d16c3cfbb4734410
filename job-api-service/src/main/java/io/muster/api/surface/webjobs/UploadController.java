package io.muster.api.surface.webjobs;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Put;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.muster.api.artifact.Artifacts;
import io.muster.api.artifact.Unreferenced;
import io.muster.api.compute.NodeView;
import io.muster.api.http.Answers;
import io.muster.api.http.Time;
import io.muster.api.job.RefusedException;
import io.muster.api.job.Requests;
import io.muster.api.job.SiteView;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.ScriptHosts;
import io.muster.records.DeleteWebJob;
import io.muster.records.PutWebJob;
import io.muster.records.ScriptHost;
import io.muster.records.Site;
import io.muster.records.WebJobKind;
import java.io.IOException;
import java.io.InputStream;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Takes uploads, on threads that may wait. Contract: webjobs-and-schedules, 2.1 and 2.4; addresses, "Rulings". */
@Controller(Kudu.MOUNT)
@Consumes(MediaType.ALL)
@ExecuteOn(TaskExecutors.BLOCKING)
final class UploadController {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");
    private static final Pattern FILE_NAME =
            Pattern.compile("(?i)(?:^|;)\\s*filename\\s*=\\s*(?:\"([^\"]*)\"|([^;]*))");
    private static final int AT_ONCE = 16;
    private static final String USUAL_POOL = "default";

    private final Requests requests;
    private final SiteView sites;
    private final NodeView nodes;
    private final Artifacts artifacts;
    private final UploadLimits limits;
    private final Time time;
    /** Bounds uploads that are under way: each takes room on the disk of this machine. */
    private final Semaphore uploads = new Semaphore(AT_ONCE);

    UploadController(
            Requests requests, SiteView sites, NodeView nodes, Artifacts artifacts, UploadLimits limits, Time time) {
        this.requests = requests;
        this.sites = sites;
        this.nodes = nodes;
        this.artifacts = artifacts;
        this.limits = limits;
        this.time = time;
    }

    @Put(Kudu.SITE + "/api/triggeredwebjobs/{name}")
    HttpResponse<String> putTriggered(
            HttpRequest<?> request, String site, String name, @Body @Nullable InputStream body) throws IOException {
        return put(request, site, WebJobKind.TRIGGERED, name, body);
    }

    @Put(Kudu.SITE + "/api/continuouswebjobs/{name}")
    HttpResponse<String> putContinuous(
            HttpRequest<?> request, String site, String name, @Body @Nullable InputStream body) throws IOException {
        return put(request, site, WebJobKind.CONTINUOUS, name, body);
    }

    private HttpResponse<String> put(
            HttpRequest<?> request, String site, WebJobKind kind, String name, @Nullable InputStream body)
            throws IOException {
        if (!NAME.matcher(name).matches()) {
            throw WebJobController.bad(
                    "A WebJob's name begins with a letter or a digit, and has up to 64 letters, digits,"
                            + " hyphens and underscores.");
        }
        String fileName = fileName(request);
        if (!uploads.tryAcquire()) {
            throw new ProblemException(Problem.throttled("Too many uploads are under way: try again in a moment."));
        }
        try (InputStream in = body == null ? InputStream.nullInputStream() : body;
                Upload upload = Upload.read(in, limits).orElseThrow(this::tooLarge)) {
            Site known = keep(site, kind, name, content(request, site, fileName, upload), upload);
            return Answers.ok(new SiteRequest(request, site, time.now())
                    .job(known, WebJobController.job(Optional.of(known), kind, name)));
        } finally {
            uploads.release();
        }
    }

    private static String fileName(HttpRequest<?> request) {
        String header = request.getHeaders().findFirst("Content-Disposition").orElse("");
        Matcher matcher = FILE_NAME.matcher(header);
        String name = matcher.find()
                ? Optional.ofNullable(matcher.group(1))
                        .orElseGet(() -> matcher.group(2).strip())
                : "";
        String last = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
        if (last.isEmpty()
                || last.equals(".")
                || last.equals("..")
                || last.chars().anyMatch(Character::isISOControl)) {
            throw WebJobController.bad(
                    "The header Content-Disposition is missing, or names no file: send attachment; filename=NAME.");
        }
        return last;
    }

    private Upload.Content content(HttpRequest<?> request, String site, String fileName, Upload upload)
            throws IOException {
        boolean isArchive = request.getContentType()
                .map(type -> type.getName().equalsIgnoreCase("application/zip"))
                .orElse(false);
        try {
            return isArchive ? upload.asArchive(hosts(site), limits) : upload.asFile(fileName, hosts(site));
        } catch (UploadException e) {
            throw WebJobController.bad(String.valueOf(e.getMessage()));
        }
    }

    /** Returns the hosts whose interpreter a node of the site's pool has; all that nodes may have, where no node is known. */
    private Set<ScriptHost> hosts(String site) {
        boolean ownPool = sites.get(site).map(Site::getOwnPool).orElse(false);
        Set<String> known = nodes.capabilities(ownPool ? site : USUAL_POOL);
        Set<ScriptHost> hosts = EnumSet.allOf(ScriptHost.class);
        hosts.removeIf(
                host -> known.isEmpty() ? host == ScriptHost.CMD : !known.contains(ScriptHosts.interpreter(host)));
        return hosts;
    }

    private Site keep(String site, WebJobKind kind, String name, Upload.Content content, Upload upload)
            throws IOException {
        if (content.files().isEmpty()) {
            // The files of before are replaced all the same: there is no such job any more.
            requests.site(site, new DeleteWebJob(kind, name))
                    .<Optional<Site>>thenApply(Optional::of)
                    .exceptionally(error -> {
                        if (RefusedException.isMissing(error)) {
                            return Optional.empty();
                        }
                        throw new CompletionException(error);
                    })
                    .join();
            throw WebJobController.bad(
                    "There is no runnable script among the files: name one run, with an extension of "
                            + List.of(".ps1", ".sh", ".py", ".php", ".js", ".fsx", ".jar")
                            + " whose interpreter the nodes have.");
        }
        artifacts.keep(upload.file(), upload.sha256());
        return requests.site(
                        site,
                        new PutWebJob(
                                kind,
                                name,
                                content.files().get(),
                                content.settings().text(),
                                content.disabled(),
                                time.now().plus(Unreferenced.GRACE.dividedBy(2)),
                                content.settings().fault()))
                .join();
    }

    private ProblemException tooLarge() {
        return new ProblemException(Problem.tooLarge("An upload has at most " + limits.bytes() + " bytes."));
    }
}
