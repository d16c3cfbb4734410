package io.muster.api.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.muster.api.access.Gate;
import io.muster.api.job.JobView;
import io.muster.api.json.Jobs;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The description of the API, and the page of live numbers. */
@Controller
final class PageController {
    static final String COOKIE = "muster-session";
    static final String SIGN_IN_SCRIPT = "/live/sign-in.js";

    private static final String LINK = "sign-in";
    private static final String POLICY =
            "default-src 'self'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
                    + " form-action 'none'; frame-ancestors 'none'";
    private static final int SHOWN = 50;

    private final JobView jobs;
    private final Gate gate;
    private final Time time;
    private final Workers workers;

    PageController(JobView jobs, Gate gate, Time time, Workers workers) {
        this.workers = workers;
        this.jobs = jobs;
        this.gate = gate;
        this.time = time;
    }

    /** The token of a link that signs in, as it is written into the link; null where the request is none. */
    static @Nullable String link(HttpRequest<?> request) {
        @Nullable String link = request.getParameters().get(LINK);
        if (link == null
                || !request.getPath().equals("/")
                || !request.getMethodName().equals("GET")) {
            return null;
        }
        try {
            return new String(Base64.getUrlDecoder().decode(link), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    /** Whether a person looks at the answer, and not a program. */
    static boolean isBrowser(HttpRequest<?> request) {
        return request.getHeaders().getAll("Accept").stream().anyMatch(accept -> accept.contains("text/html"));
    }

    static MutableHttpResponse<String> signInPage() {
        return html("/page/sign-in.html").status(HttpStatus.UNAUTHORIZED);
    }

    private static MutableHttpResponse<String> html(String name) {
        return HttpResponse.ok(resource(name))
                .header("Content-Type", "text/html; charset=utf-8")
                .header("Cache-Control", "no-store")
                .header(SecurityHeaders.POLICY, POLICY);
    }

    @Get("/openapi.yaml")
    HttpResponse<String> openApi() {
        return HttpResponse.ok(resource("/openapi.yaml")).header("Content-Type", "application/yaml; charset=utf-8");
    }

    /** The page; by a link that signs in, the way to it: the link does not stay in the address bar. */
    @Get("/")
    HttpResponse<String> page(HttpRequest<?> request) {
        return link(request) == null
                ? html("/page/index.html")
                : signedIn(
                        request,
                        HttpResponse.<String>status(HttpStatus.SEE_OTHER).header("Location", "/"));
    }

    /** Signs in whoever shows a token. */
    @Post("/live/session")
    HttpResponse<String> signIn(HttpRequest<?> request) {
        return signedIn(request, HttpResponse.status(HttpStatus.NO_CONTENT));
    }

    private HttpResponse<String> signedIn(HttpRequest<?> request, MutableHttpResponse<String> answer) {
        String session = gate.session(GateFilter.caller(request), time.now());
        return answer.header("Cache-Control", "no-store")
                .header(
                        "Set-Cookie",
                        COOKIE + "=" + session + "; Path=/; Max-Age=" + Gate.SESSION_LIFE.toSeconds()
                                + "; HttpOnly; Secure; SameSite=Strict");
    }

    @Get(SIGN_IN_SCRIPT)
    HttpResponse<String> signInScript() {
        return script("/page/sign-in.js");
    }

    @Get("/live/page.js")
    HttpResponse<String> script() {
        return script("/page/page.js");
    }

    private static HttpResponse<String> script(String name) {
        return HttpResponse.ok(resource(name)).header("Content-Type", "text/javascript; charset=utf-8");
    }

    /** The latest jobs, the newest first. */
    @Get("/live/jobs")
    CompletionStage<MutableHttpResponse<String>> liveJobs() {
        return workers.get(() -> {
            ArrayNode body = JsonNodeFactory.instance.arrayNode();
            jobs.latest(SHOWN).forEach(entry -> body.add(Jobs.document(entry.job(), entry.statistics())));
            return Answers.ok(body).header("Cache-Control", "no-store");
        });
    }

    private static String resource(String name) {
        try (InputStream in = PageController.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the program lacks its resource " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the program's resource " + name + " can't be read", e);
        }
    }
}
