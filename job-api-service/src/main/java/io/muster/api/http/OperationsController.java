package io.muster.api.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.muster.api.job.JobView;
import io.muster.api.json.Jobs;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.function.BooleanSupplier;

/** Health, metrics, the description of the API, and the page of live numbers. */
@Controller
final class OperationsController {
    private static final int SHOWN = 50;
    private static final String TEXT = "text/plain; charset=utf-8";

    private final PrometheusMeterRegistry meters;
    private final JobView jobs;
    private final Readiness readiness;

    OperationsController(PrometheusMeterRegistry meters, JobView jobs, Readiness readiness) {
        this.meters = meters;
        this.jobs = jobs;
        this.readiness = readiness;
    }

    /** Whether the API knows all jobs and can be answered. */
    record Readiness(BooleanSupplier ready) {}

    @Get("/health/live")
    HttpResponse<String> live() {
        return HttpResponse.ok("live\n").header("Content-Type", TEXT);
    }

    @Get("/health/ready")
    HttpResponse<String> ready() {
        boolean ready = readiness.ready().getAsBoolean();
        return HttpResponse.<String>status(ready ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
                .body(ready ? "ready\n" : "starting\n")
                .header("Content-Type", TEXT);
    }

    @Get("/metrics")
    HttpResponse<String> metrics() {
        return HttpResponse.ok(meters.scrape()).header("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    }

    @Get("/openapi.yaml")
    HttpResponse<String> openApi() throws IOException {
        return HttpResponse.ok(resource("/openapi.yaml")).header("Content-Type", "application/yaml; charset=utf-8");
    }

    @Get("/")
    HttpResponse<String> page() throws IOException {
        return HttpResponse.ok(resource("/page/index.html"))
                .header("Content-Type", "text/html; charset=utf-8")
                .header("Content-Security-Policy", "default-src 'self'; style-src 'unsafe-inline'; script-src 'self'");
    }

    @Get("/live/page.js")
    HttpResponse<String> script() throws IOException {
        return HttpResponse.ok(resource("/page/page.js")).header("Content-Type", "text/javascript; charset=utf-8");
    }

    /** The latest jobs, the newest first. */
    @Get("/live/jobs")
    HttpResponse<String> liveJobs() {
        ArrayNode body = JsonNodeFactory.instance.arrayNode();
        jobs.page(null, Integer.MAX_VALUE, _ -> true).stream()
                .sorted(Comparator.comparing(
                                (JobView.Entry entry) -> entry.job().getCreatedAt())
                        .reversed())
                .limit(SHOWN)
                .forEach(entry -> body.add(Jobs.document(entry.job(), entry.statistics())));
        return Answers.ok(body).header("Cache-Control", "no-store");
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = OperationsController.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("the program lacks its resource " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
