package io.muster.api.surface.console;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.muster.api.access.Gate;
import io.muster.api.http.Callers;
import io.muster.api.http.SecurityHeaders;
import io.muster.api.http.Time;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Serves the description of the API, and the page of live numbers. */
@Controller(Console.MOUNT)
final class PageController {
    private static final String LINK = "sign-in";
    private static final String POLICY =
            "default-src 'self'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
                    + " form-action 'none'; frame-ancestors 'none'";

    private final Gate gate;
    private final Time time;

    PageController(Gate gate, Time time) {
        this.gate = gate;
        this.time = time;
    }

    /** Returns the token of a sign-in link; null where the request is not one. */
    static @Nullable String link(HttpRequest<?> request, String path) {
        @Nullable String link = request.getParameters().get(LINK);
        if (link == null || !path.equals("/") || !request.getMethodName().equals("GET")) {
            return null;
        }
        try {
            return new String(Base64.getUrlDecoder().decode(link), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    /** Returns whether a browser asks, and not a program. */
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

    @Get(Console.DESCRIPTION)
    HttpResponse<String> openApi() {
        return HttpResponse.ok(resource("/openapi.yaml")).header("Content-Type", "application/yaml; charset=utf-8");
    }

    /** Returns the page; a sign-in link is redirected to it, so that it does not stay in the address bar. */
    @Get("/")
    HttpResponse<String> page(HttpRequest<?> request) {
        return link(request, "/") == null
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
        String session = gate.session(Callers.of(request), time.now());
        return answer.header("Cache-Control", "no-store")
                .header(
                        "Set-Cookie",
                        Console.COOKIE + "=" + session + "; Path=/; Max-Age=" + Gate.SESSION_LIFE.toSeconds()
                                + "; HttpOnly; Secure; SameSite=Strict");
    }

    @Get(Console.SIGN_IN_SCRIPT)
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
