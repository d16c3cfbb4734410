package io.muster.api.surface.webjobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.muster.api.http.Answers;
import io.muster.records.Site;
import io.muster.records.WebJob;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Holds a request to a site's Kudu: where documents point to, and whether the resource manager sent it. Contract: webjobs-and-schedules, 2.1.
 *
 * @param site in lower case
 */
record SiteRequest(HttpRequest<?> request, String site, Instant now) {
    private static final String OF_ARM = "x-ms-geo-location";

    /** Returns where this site's Kudu is, as the caller reached it. */
    String base() {
        String host = Optional.ofNullable(request.getHeaders().get("Host")).orElse("localhost");
        String origin = (request.isSecure() ? "https://" : "http://") + host;
        return origin + prefix();
    }

    /** Returns how this site's paths begin: empty where the host names it. */
    String prefix() {
        String host = Optional.ofNullable(request.getHeaders().get("Host")).orElse("localhost");
        return KuduPath.siteOfHost(host.toLowerCase(Locale.ROOT)).isPresent() ? "" : KuduPath.prefix(site);
    }

    WebJobDocuments documents() {
        return new WebJobDocuments(base(), now);
    }

    boolean isOfArm() {
        return request.getHeaders().contains(OF_ARM);
    }

    /** Returns a document, in an envelope where the resource manager wants it. @param name below the site @param type below that of sites */
    ObjectNode wrapped(String name, String type, ObjectNode document) {
        if (!isOfArm()) {
            return document;
        }
        ObjectNode envelope = JsonNodeFactory.instance
                .objectNode()
                .put("id", "/sites/" + site + "/" + type + "/" + name)
                .put("name", site + "/" + name)
                .put("type", "Microsoft.Web/sites/" + type)
                .put("location", request.getHeaders().get(OF_ARM));
        envelope.set("properties", document);
        return envelope;
    }

    /** Returns a job's document. */
    ObjectNode job(Site known, WebJob job) {
        return wrapped(
                job.getName(),
                WebJobDocuments.type(job.getKind()) + "webjobs",
                documents().job(known, job));
    }

    /** Returns a list, in an envelope where the resource manager wants it. */
    JsonNode list(ArrayNode list) {
        return isOfArm() ? JsonNodeFactory.instance.objectNode().set("value", list) : list;
    }

    /** Answers with what a site's document shows; or that nothing changed since the caller saw it. */
    MutableHttpResponse<String> tagged(Optional<Site> known, JsonNode body) {
        String tag = "\"" + known.map(Site::getRevision).orElse(0L) + "\"";
        boolean isSeen = request.getHeaders().getAll("If-None-Match").stream()
                .flatMap(header -> Arrays.stream(header.split(",")))
                .map(String::strip)
                .anyMatch(seen -> seen.equals(tag) || seen.equals("W/" + tag) || seen.equals("*"));
        MutableHttpResponse<String> answer =
                isSeen ? HttpResponse.<String>status(HttpStatus.NOT_MODIFIED) : Answers.ok(body);
        return answer.header("ETag", tag);
    }
}
