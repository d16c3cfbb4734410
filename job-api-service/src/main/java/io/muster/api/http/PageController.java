package io.muster.api.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.muster.api.job.JobView;
import io.muster.api.json.Jobs;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;

/** The description of the API, and the page of live numbers. */
@Controller
final class PageController {
    private static final int SHOWN = 50;

    private final JobView jobs;

    PageController(JobView jobs) {
        this.jobs = jobs;
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
        try (InputStream in = PageController.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("the program lacks its resource " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
